"""Answers that operators marked as wrong: what the list of gaps and the next version's evaluation set are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mark:
    """An agent's answer that was wrong. One for each message; marking it again replaces what was said."""

    id: int
    workspace: int
    conversation: int
    seq: int
    agent: int
    question: str
    answer: str
    sources: tuple[int, ...]
    """Sources that the answer cited: where the mistake may stand."""
    note: str
    right: str
    """What would have been right, if that was said."""
    made_by: int
    at: float
    settled_at: float | None = None
    """When somebody saw to it."""


class Marks(Protocol):
    """Keeps marks. Every write is durable when the call returns."""

    async def put(self, mark: Mark) -> Mark:
        """Store a mark, replacing the message's earlier one; gives what is stored."""
        ...

    async def marks(
        self, workspace: int, *, settled: bool | None, before: int | None, limit: int
    ) -> Sequence[Mark]:
        """Marks, newest first, in pages."""
        ...

    async def settle(self, workspace: int, mark: int, at: float) -> bool:
        """Say that somebody saw to it; whether there was one."""
        ...
