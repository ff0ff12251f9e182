"""A turn of an agent outside of any conversation: the messages that a client sent are its history, nothing is stored.

The agents' own logic runs over this stage: what it looks up, cites, refuses and guards is what it does in a conversation.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from myna.errors import MynaError
from myna.ids import new_id
from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Turn, TurnDecision
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.turns.turn import give_up, take_turn
from myna_agents.turns.world import World

ASKER = 1
"""The user id of whoever asks: no real user has it."""
TURN_S = 120.0
MAX_PIECES = 1_000
"""Pieces that wait for a slow reader. Overflow rule: the agent waits."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a client's history."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """How the turn ended: the whole text, with its citations, and why."""

    text: str
    body: Mapping[str, Any]
    decision: TurnDecision | None


class _Stage:
    """Turns, log and people of one made-up direct conversation."""

    def __init__(self, profile: AgentProfile, workspace: int, lines: Sequence[Line]) -> None:
        self._profile, self._workspace = profile, workspace
        self.pieces: asyncio.Queue[str | Spoken | MynaError] = asyncio.Queue(MAX_PIECES)
        now = time.time()
        self._log = [
            Message(
                ASKER,
                seq,
                profile.user if line.role == "assistant" else ASKER,
                f"line-{seq}",
                MessageKind.TEXT,
                MessageState.SENT,
                {"text": line.text},
                now,
            )
            for seq, line in enumerate(lines, 1)
        ]

    @property
    def turn(self) -> Turn:
        """The turn that answers the last line."""
        kind = ConversationKind.DIRECT
        return Turn(new_id(), self._workspace, ASKER, kind, self._profile.user, len(self._log), 0, 1)

    async def messages(self, conversation: int, **_: Any) -> list[Message]:
        """The log."""
        return list(self._log)

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """The asker and the agent."""
        profile = self._profile
        return [
            User(ASKER, workspace, UserKind.HUMAN, "You"),
            User(profile.user, workspace, UserKind.BOT, profile.name, profile.handle, agent=True),
        ]

    async def lease(self, worker: str, wait_s: float) -> Turn | None:
        """There is one turn, and it is taken."""
        return None

    async def renew(self, turn: Turn) -> None:
        """Nobody else wants it."""

    async def typing(self, turn: Turn, on: bool) -> None:
        """Nobody sees it."""

    async def open_stream(self, turn: Turn, body: Mapping[str, Any] | None = None) -> int:
        """The answer's seq."""
        return len(self._log) + 1

    async def delta(self, turn: Turn, piece: str) -> None:
        """A piece for the reader."""
        await self.pieces.put(piece)

    async def finish(self, turn: Turn, body: Mapping[str, Any], decision: TurnDecision) -> None:
        """The end."""
        await self.pieces.put(Spoken(str(body.get("text", "")), body, decision))

    async def hand_off(
        self,
        turn: Turn,
        reason: str,
        summary: str | None,
        body: Mapping[str, Any] | None,
        decision: TurnDecision,
    ) -> None:
        """Nobody can be brought in here; what the agent says about it stands."""
        await self.finish(turn, body or {"text": ""}, decision)

    async def skip(self, turn: Turn, decision: TurnDecision) -> None:
        """Silence."""
        await self.finish(turn, {"text": ""}, decision)

    async def pass_on(
        self, turn: Turn, agent: User, decision: TurnDecision, notice: Mapping[str, Any]
    ) -> None:
        """Whoever asks over this surface has chosen the agent; nothing is passed on."""
        await self.finish(turn, {"text": str(notice.get("text", ""))}, decision)

    async def defer(self, turn: Turn, until: float) -> None:
        """Whoever asks over this surface has said everything."""
        await self.finish(turn, {"text": ""}, TurnDecision("wait", "deferred", ""))


async def converse(
    world: World, profile: AgentProfile, workspace: int, lines: Sequence[Line]
) -> AsyncGenerator[str | Spoken, None]:
    """The agent's answer to the last line: pieces of text, then how it ended. Closing it early stops the agent.

    Raises:
        MynaError: the agent failed.
    """
    stage = _Stage(profile, workspace, lines)
    turn = stage.turn

    async def profiles(agent: int) -> AgentProfile | None:
        return profile if agent == profile.user else None

    here = replace(world, turns=stage, history=stage, people=stage, profiles=profiles)
    running = asyncio.get_running_loop().create_task(_run(here, turn, stage))
    try:
        while True:
            item = await stage.pieces.get()
            if isinstance(item, MynaError):
                raise item
            yield item
            if isinstance(item, Spoken):
                return
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _run(world: World, turn: Turn, stage: _Stage) -> None:
    try:
        async with asyncio.timeout(TURN_S):
            try:
                await take_turn(world, turn)
            except MynaError:
                await give_up(world, turn)
    except MynaError as failed:
        await stage.pieces.put(failed)
    except TimeoutError:
        await stage.pieces.put(MynaError("The agent took too long.", status=504, code="timeout"))
    except Exception as failed:
        await stage.pieces.put(MynaError("The agent failed; it was logged.", code="agent_failed"))
        raise failed
