"""What keeping a base right needs from outside: what was asked and answered, and a durable store for its own notes."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from myna_knowledge.care.model import (
    Exchange,
    Finding,
    FindingKind,
    Gap,
    GapState,
    HandledConversation,
    HumanAnswer,
    Question,
    Usage,
)
from myna_knowledge.vectors import Vectors


class Conversations(Protocol):
    """Reads what the platform keeps. Nothing is changed."""

    async def agents_of(self, base: int) -> list[int]:
        """The agents whose first base this is: what they cannot answer is a gap of it."""
        ...

    async def exchanges(self, agents: Sequence[int], after: int, limit: int) -> list[Exchange]:
        """Turns of these agents with an id above `after` that answered or could not, by id."""
        ...

    async def answer_to(self, conversation: int, seq: int) -> HumanAnswer | None:
        """What the first person of the team said after a message, up to the visitor's next; None for nothing."""
        ...

    async def alive(self, questions: Sequence[Question]) -> set[int]:
        """Turns of those questions whose message still stands."""
        ...

    def handled(self, workspace: int, since: float) -> AsyncIterator[HandledConversation]:
        """Resolved support conversations in which a person of the team wrote, changed since a moment."""
        ...


class CareStore(Protocol):
    """Keeps questions, gaps and findings. Every write is durable when the call returns."""

    async def bases(self) -> list[int]:
        """Every knowledge base of every workspace."""
        ...

    async def newest(self, base: int) -> int:
        """The greatest turn kept for a base, 0 for none."""
        ...

    async def keep(self, base: int, exchanges: Sequence[tuple[Exchange, str, str]], oldest: float) -> None:
        """Keep exchanges with their masked text and language, each turn once, and forget those before `oldest`."""
        ...

    async def unsorted(self, base: int, limit: int) -> list[Question]:
        """Unanswered questions that belong to no gap yet, oldest first."""
        ...

    async def questions(
        self,
        base: int,
        *,
        since: float = 0.0,
        gap: int | None = None,
        answered: bool = False,
        limit: int = 500,
    ) -> list[Question]:
        """Questions of a base, newest first: all unanswered or all answered ones, or those of a gap."""
        ...

    async def sort_in(
        self, base: int, question: Question, vector: Vectors | None, embedder: str, gap: int | None
    ) -> int:
        """Put a question into a gap, a new one if None; the gap's id. A gap that was resolved is open again. A question that
        is in a gap already stays there."""
        ...

    async def name(self, gap: int, question: str, lang: str) -> None:
        """Change the question that stands for a gap."""
        ...

    async def forget(self, base: int, turns: Sequence[int]) -> None:
        """Forget questions, and gaps that have none left."""
        ...

    async def gaps(self, base: int, state: GapState | None) -> list[Gap]:
        """Gaps of a base, those asked most in front."""
        ...

    async def gap(self, base: int, gap: int) -> Gap | None:
        """One gap."""
        ...

    async def end(self, base: int, gap: int, state: GapState, source: int | None = None) -> bool:
        """Set a gap's state; whether there is such a gap."""
        ...

    async def members(self, base: int) -> list[Question]:
        """The questions of all gaps, also of those that are resolved or dismissed, oldest first."""
        ...

    async def usage(self, base: int, source: int, days: int, since: float) -> Usage:
        """How often a source was cited since a moment."""
        ...

    async def cited(self, base: int, since: float) -> tuple[int, set[int]]:
        """How many answers were given since a moment, and the sources they cited."""
        ...

    async def examined(self, base: int) -> tuple[int, float]:
        """The version at which findings were last made and when; (-1, 0.0) for never."""
        ...

    async def found(self, base: int, version: int, findings: Sequence[Finding]) -> None:
        """Replace the findings of a base by these; those that were dismissed before stay so."""
        ...

    async def findings(self, base: int, kind: FindingKind | None, *, dismissed: bool) -> list[Finding]:
        """Findings, newest first."""
        ...

    async def dismiss(self, base: int, finding: int, dismissed: bool) -> bool:
        """Hide a finding, or show it again; whether there is such a finding."""
        ...
