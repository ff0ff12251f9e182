"""What the agents need from outside. The platform's `Turns`, `Log` and `Accounts` and the knowledge base's `Library` fit."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from myna.model.message import Message
from myna.model.ticket import Turn, TurnDecision
from myna.model.workspace import User
from myna_agents.agent import AgentProfile
from myna_knowledge.model import Retrieval


class Turns(Protocol):
    """Leases of turns, and the one way to end each.

    Every call on a turn raises `myna.errors.StaleTurn` when the lease was lost or the conversation has another owner;
    nothing is stored then, and the worker drops the turn without a word.
    """

    async def lease(self, worker: str, wait_s: float) -> Turn | None:
        """The next due turn, or None when none came within `wait_s` seconds."""
        ...

    async def renew(self, turn: Turn) -> None:
        """Keep the lease."""
        ...

    async def typing(self, turn: Turn, on: bool) -> None:
        """Show that the agent is at work."""
        ...

    async def open_stream(self, turn: Turn, body: Mapping[str, Any] | None = None) -> int:
        """Put the unfinished message into the log; its seq."""
        ...

    async def delta(self, turn: Turn, piece: str) -> None:
        """Add a piece of text; pieces are merged on their way to the readers."""
        ...

    async def finish(self, turn: Turn, body: Mapping[str, Any], decision: TurnDecision) -> None:
        """End the turn with its final message, streamed before or not."""
        ...

    async def hand_off(
        self,
        turn: Turn,
        reason: str,
        summary: str | None,
        body: Mapping[str, Any] | None,
        decision: TurnDecision,
    ) -> None:
        """End the turn and put the conversation into the queue, all or nothing."""
        ...

    async def pass_on(
        self, turn: Turn, agent: User, decision: TurnDecision, notice: Mapping[str, Any]
    ) -> None:
        """End the turn and let another agent answer the same message, all or nothing."""
        ...

    async def defer(self, turn: Turn, due_at: float) -> None:
        """Give the turn back, to be looked at again at `due_at` (unix seconds)."""
        ...

    async def skip(self, turn: Turn, decision: TurnDecision) -> None:
        """End the turn in silence; the reason is kept."""
        ...


class History(Protocol):
    """The log, as far as a turn reads it."""

    async def messages(
        self, conversation: int, *, floor: int, before: int | None, after: int | None, limit: int
    ) -> list[Message]:
        """The newest messages in ascending order."""
        ...


class People(Protocol):
    """Who is who."""

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """Those of the users that belong to the workspace."""
        ...


class Knowledge(Protocol):
    """The knowledge base."""

    async def retrieve(
        self, bases: Sequence[int], query: str, *, k: int = 6, lang: str | None = None
    ) -> Retrieval:
        """The best passages, and how sure it is that the first one answers."""
        ...


Profiles = Callable[[int], Awaitable[AgentProfile | None]]
"""Finds an agent's profile by its user id; None when there is no such agent any more."""
