"""Versions of an agent: prompt, model, tools, policies and knowledge in one value, and the evaluation set that guards them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Expect = Literal["answer", "not_answer", "hand_off"]
"""What must come of a question: an answer with a citation, anything but that, or a person."""
MAX_CASES = 500
MAX_BUNDLES = 1_000


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version of an agent. Once published its body never changes."""

    id: int
    workspace: int
    agent: int
    number: int
    """1, 2, … per agent."""
    body: Mapping[str, Any]
    note: str
    made_by: int
    created_at: float
    gate: Mapping[str, Any] | None = None
    """What the evaluation found the last time."""
    published_by: int | None = None
    published_at: float | None = None
    """When it was first made live."""


@dataclass(frozen=True, slots=True)
class EvalCase:
    """A question with what must come of it."""

    id: int
    workspace: int
    agent: int
    question: str
    expect: Expect
    holds: tuple[str, ...]
    """Texts that the answer must hold, whatever their case."""
    created_at: float


class Bundles(Protocol):
    """Keeps versions and evaluation sets. Every write is durable when the call returns."""

    async def bundles(self, agent: int) -> list[Bundle]:
        """All versions, newest first."""
        ...

    async def bundle(self, agent: int, number: int) -> Bundle | None:
        """One version."""
        ...

    async def add(self, bundle: Bundle) -> Bundle:
        """Store a new version; it gets the next number.

        Raises:
            Conflict: there are too many; nothing was stored.
        """
        ...

    async def change(self, bundle: Bundle) -> bool:
        """Replace the body and note of a version that never answered customers; whether there was one."""
        ...

    async def judged(self, agent: int, number: int, gate: Mapping[str, Any]) -> None:
        """Keep what the evaluation found."""
        ...

    async def publish(self, agent: int, number: int, by: int, at: float) -> None:
        """Make a version the agent's live one: its settings and knowledge bases, in one transaction; a comparison that runs
        ends with it."""
        ...

    async def cases(self, agent: int) -> list[EvalCase]:
        """The evaluation set, oldest first."""
        ...

    async def add_case(self, case: EvalCase) -> None:
        """Add a question.

        Raises:
            Conflict: there are too many; nothing was stored.
        """
        ...

    async def remove_case(self, agent: int, case: int) -> bool:
        """Remove a question; whether there was one."""
        ...
