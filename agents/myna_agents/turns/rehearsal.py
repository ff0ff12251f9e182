"""A turn without consequences: what an agent would do with a conversation, for evaluation, playground and replay.

The very code of a real turn runs, over a platform that stores nothing and tells nobody.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Turn, TurnDecision
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.answers.engine import Engine
from myna_agents.ports import Knowledge
from myna_agents.turns.turn import take_turn
from myna_agents.turns.world import World

ANSWER_S = 120.0
ASKER = 1
"""The user id of whoever asks in a made-up conversation."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the agent would have done."""

    decision: TurnDecision
    body: Mapping[str, Any] | None = None
    """The message that it would have sent, None for silence."""
    handed_off: str | None = None
    """The reason of a hand-off."""
    summary: str | None = None
    shown: str = ""
    """What readers would have seen while it was written."""
    took_ms: float = 0.0

    @property
    def text(self) -> str:
        """The message's text, empty for silence."""
        return "" if self.body is None else str(self.body.get("text", ""))

    @property
    def citations(self) -> Sequence[Mapping[str, Any]]:
        """The citations of the message as wire objects."""
        return () if self.body is None else tuple(self.body.get("citations", ()))


@dataclass(frozen=True, slots=True)
class Stage:
    """A conversation to rehearse in: the agent, its engine and knowledge, and who the others are."""

    profile: AgentProfile
    knowledge: Knowledge
    engine: Engine
    fallback: Engine
    kind: ConversationKind = ConversationKind.SUPPORT
    users: Mapping[int, User] = field(default_factory=dict[int, User])
    """Users whose kind matters; whoever is not here is a human, the agent a bot."""
    answer_s: float = ANSWER_S


async def rehearse(stage: Stage, messages: Sequence[Message]) -> Rehearsed:
    """What the agent would do about the last of these messages.

    Nothing is stored. Raises whatever `take_turn` raises, never `StaleTurn`.
    """
    platform = _Platform(stage, messages)

    async def profiles(agent: int) -> AgentProfile | None:
        return stage.profile if agent == stage.profile.user else None

    world = World(
        turns=platform,
        history=platform,
        people=platform,
        knowledge=stage.knowledge,
        profiles=profiles,
        engine=stage.engine,
        fallback=stage.fallback,
        answer_s=stage.answer_s,
    )
    last = messages[-1]
    turn = Turn(1, 1, last.conversation, stage.kind, stage.profile.user, last.seq, 1, 1)
    started = time.perf_counter()
    await take_turn(world, turn)
    took_ms = (time.perf_counter() - started) * 1000
    assert platform.ended is not None
    return replace(platform.ended, shown="".join(platform.shown), took_ms=took_ms)


def said(
    seq: int, sender: int, text: str, *, reply_to: int | None = None, at: float = 0.0, **body: Any
) -> Message:
    """A message of a made-up conversation."""
    content = {"text": text, **body}
    return Message(
        1, seq, sender, f"m{seq}", MessageKind.TEXT, MessageState.SENT, content, at, reply_to=reply_to
    )


class _Platform:
    """Turns, history and people of one rehearsal."""

    def __init__(self, stage: Stage, messages: Sequence[Message]) -> None:
        self._stage, self._messages = stage, messages
        self.shown: list[str] = []
        self.ended: Rehearsed | None = None

    async def lease(self, worker: str, wait_s: float) -> Turn | None:
        """There is only the one turn, and it is given."""
        return None

    async def renew(self, turn: Turn) -> None:
        """Nobody else wants it."""

    async def typing(self, turn: Turn, on: bool) -> None:
        """Nobody looks."""

    async def open_stream(self, turn: Turn, body: Mapping[str, Any] | None = None) -> int:
        """The seq that the message would have had."""
        return self._messages[-1].seq + 1

    async def delta(self, turn: Turn, piece: str) -> None:
        """Keep what would have been shown."""
        self.shown.append(piece)

    async def finish(self, turn: Turn, body: Mapping[str, Any], decision: TurnDecision) -> None:
        """Keep the message."""
        self.ended = Rehearsed(decision, body)

    async def hand_off(
        self,
        turn: Turn,
        reason: str,
        summary: str | None,
        body: Mapping[str, Any] | None,
        decision: TurnDecision,
    ) -> None:
        """Keep the hand-off."""
        self.ended = Rehearsed(decision, body, reason, summary)

    async def pass_on(
        self, turn: Turn, agent: User, decision: TurnDecision, notice: Mapping[str, Any]
    ) -> None:
        """Keep whom it was passed on to."""
        self.ended = Rehearsed(decision, None, f"passed_on:{agent.id}")

    async def defer(self, turn: Turn, due_at: float) -> None:
        """It would have waited."""
        self.ended = Rehearsed(TurnDecision("wait", "quiet_time", ""))

    async def skip(self, turn: Turn, decision: TurnDecision) -> None:
        """Keep the silence."""
        self.ended = Rehearsed(decision)

    async def messages(
        self, conversation: int, *, floor: int, before: int | None, after: int | None, limit: int
    ) -> list[Message]:
        """The given conversation."""
        return list(self._messages[-limit:])

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """Who they are said to be."""
        agent = self._stage.profile
        known: dict[int, User] = {
            agent.user: User(agent.user, workspace, UserKind.BOT, agent.name, agent.handle, agent=True),
            **self._stage.users,
        }
        return [known.get(user) or User(user, workspace, UserKind.HUMAN, str(user)) for user in users]
