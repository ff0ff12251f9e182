"""Uses of tools that an operator must agree to: asked for by a turn, decided by a person, done once, told by the agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

LAPSES_S = 24 * 3600.0
"""How long an operator can agree to a use; the customer's wish may be another one a day later."""
RUN_S = 300.0
"""After which a use that was begun and did not end, because its server died, may be begun again, under the same key."""
MAX_LISTED = 200


class ApprovalState(StrEnum):
    """Where a use stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Approval:
    """One use of a tool that waits for an operator, or what became of it."""

    id: int
    workspace: int
    conversation: int
    agent: int
    customer: int
    tool: str
    arguments: Mapping[str, Any]
    key: str
    """Makes one use one use: of the message with which the customer agreed, or of the turn."""
    asked_at: float
    state: ApprovalState = ApprovalState.WAITING
    decided_by: int | None = None
    decided_at: float | None = None
    note: str = ""
    """What the operator said to it, for colleagues."""
    result: str = ""
    """What the tool gave, or why it was not done."""


class Approvals(Protocol):
    """Keeps uses that wait for an operator. Every write is durable when the call returns."""

    async def ask(self, approval: Approval) -> None:
        """Keep one that waits; the same key again changes nothing."""
        ...

    async def one(self, workspace: int, approval: int) -> Approval | None:
        """One of a workspace."""
        ...

    async def listed(self, workspace: int, conversation: int | None, *, waiting: bool) -> list[Approval]:
        """The newest of a workspace or a conversation, at most `MAX_LISTED`; only those that wait, oldest first, or all."""
        ...

    async def begin(self, approval: int, by: int, note: str, now: float) -> bool:
        """Take one to do it: a waiting one, or one that was begun `RUN_S` ago. One caller gets it."""
        ...

    async def refuse(self, approval: int, by: int, note: str, now: float) -> bool:
        """End one that waits; whether it still did."""
        ...

    async def end(self, approval: int, state: ApprovalState, result: str) -> None:
        """Keep what came of one that was begun."""
        ...

    async def untold(self, conversation: int, turn: int) -> Approval | None:
        """The oldest ended one that the customer was not told of. It is this turn's to tell from now on, and no other's."""
        ...
