"""The nouns of keeping a base right, as frozen values. Times are unix seconds as float."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from myna_knowledge.vectors import Vectors


class GapState(StrEnum):
    """What became of a gap. New questions open one again that was resolved, never one that was dismissed."""

    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class FindingKind(StrEnum):
    """What may be wrong with what a base says."""

    CONTRADICTION = "contradiction"
    """Two passages say different numbers, or yes and no, of the same thing."""
    STALE = "stale"
    """A source that is out of date, or may be."""
    UNUSED = "unused"
    """A source that no answer rested on for a long time."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that an agent took up, as the platform keeps it."""

    turn: int
    agent: int
    conversation: int
    seq: int
    text: str
    at: float
    answered: bool
    sources: tuple[int, ...] = ()
    """What the answer cited."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was asked, with personal data masked; unanswered ones have a vector and a gap once sorted in."""

    turn: int
    conversation: int
    seq: int
    text: str
    lang: str
    at: float
    answered: bool
    gap: int | None = None
    vector: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Unanswered questions about one thing. `question` is the most typical of them."""

    id: int
    base: int
    question: str
    lang: str
    state: GapState
    questions: int
    conversations: int
    first_at: float
    last_at: float
    source: int | None = None
    """What resolved it."""


@dataclass(frozen=True, slots=True)
class HumanAnswer:
    """What a person of the team answered to a question, with personal data masked."""

    conversation: int
    seq: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """A FAQ entry proposed for a gap. Nothing of it is stored until somebody accepts it."""

    question: str
    answer: str
    """Empty when nobody has answered these questions yet."""
    variants: tuple[str, ...]
    lang: str
    replaces: int | None = None
    """The FAQ source that is about the same already: accepting changes it instead of adding another."""
    was: str | None = None
    """That source's present answer."""


@dataclass(frozen=True, slots=True)
class GapReport:
    """A gap with what is known of it."""

    gap: Gap
    questions: tuple[Question, ...]
    answers: tuple[HumanAnswer, ...]
    draft: EntryDraft


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at. `key` is the same for the same finding of another day."""

    kind: FindingKind
    key: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    id: int = 0
    dismissed: bool = False
    found_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would do to the questions of some days."""

    days: int
    questions: int
    """Unanswered questions that were tried."""
    answered: int
    """How many of them would be answered."""
    conversations: int
    """In how many conversations."""
    examples: tuple[Question, ...]
    changed: tuple[Question, ...]
    """Questions that are answered today and would be answered from the change instead."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How many answers of some days cited a source, in how many conversations: what deleting it would take away."""

    days: int
    answers: int
    conversations: int


@dataclass(frozen=True, slots=True)
class Handled:
    """A message of a conversation that was handled by the team."""

    seq: int
    role: str
    """`visitor`, `human` or `bot`."""
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class HandledConversation:
    """A resolved conversation with a customer, and the names of those in it."""

    id: int
    messages: tuple[Handled, ...]
    names: tuple[str, ...]
    resolved_at: float
    unhelpful: bool = False
    """Whether the customer said that it did not help."""
