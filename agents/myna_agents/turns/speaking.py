"""How an answer reaches people: shown while it is made, and as the message that ends the turn."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from myna.errors import Forbidden
from myna.model.ticket import Turn, TurnDecision
from myna_agents.hearing.scene import WHISPERED, Scene
from myna_agents.ports import Turns
from myna_agents.turns.decision import Kind
from myna_agents.turns.remembering import asking_consent
from myna_agents.turns.world import World


class Speech:
    """What the customer sees of an answer in the making. The stream opens with the first sentence that may be shown; a `silent`
    one shows nothing, for what is whispered is not shown here."""

    def __init__(self, turns: Turns, turn: Turn, *, silent: bool) -> None:
        self._turns, self._turn = turns, turn
        self._open, self._silent = False, silent

    async def show(self, text: str) -> None:
        """Add a piece."""
        if self._silent:
            return
        if not self._open:
            await self._turns.open_stream(self._turn)
            self._open = True
        await self._turns.delta(self._turn, text)


async def say_last(
    world: World, turn: Turn, scene: Scene, body: Mapping[str, Any], trace: TurnDecision
) -> None:
    """End a turn with its message: here, or to the asker alone in a group where the agent whispers.

    Nobody is whispered to who blocked the agent; the turn ends in silence then.
    """
    if not scene.whispers or scene.asker is None:
        await world.turns.finish(turn, asking_consent(scene, body), trace)
        return
    about = {"conversation": str(turn.conversation), "seq": scene.newest_seq}
    whispered = True
    try:
        await world.whisper(turn, scene.asker.id, {**body, WHISPERED: about})
    except Forbidden:
        trace, whispered = replace(trace, decision=Kind.SILENT.value, reason="not_welcome"), False
    await world.turns.skip(turn, replace(trace, trace={**trace.trace, "whispered": whispered}))
