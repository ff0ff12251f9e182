"""The nouns of the knowledge base as frozen values. Times are unix seconds as float; spans count Unicode code points."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SourceKind(StrEnum):
    """How a source came in."""

    FILE = "file"
    TEXT = "text"
    FAQ = "faq"
    URL = "url"
    """One page of the web, fetched anew each time it is handed in."""
    SITE = "site"
    """A website or sitemap, each page of which becomes a source of its own."""
    CONVERSATIONS = "conversations"
    """What the team answered in resolved support conversations, each of which becomes a source of its own."""
    PLUGIN = "plugin"
    """What a plugin reads, each document of which becomes a source of its own."""


class SourceState(StrEnum):
    """How far a source is: `indexing` sources already answer by their words, `ready` ones by their meaning too."""

    QUEUED = "queued"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Where an ingestion is. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What a job does next: every source is read (and found by its words) before any is embedded."""

    READ = "read"
    EMBED = "embed"


class BaseState(StrEnum):
    """What a knowledge base is doing; it answers in every state."""

    READY = "ready"
    INDEXING = "indexing"
    REBUILDING = "rebuilding"


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """What is known on one subject, and who may be told. `version` grows with every change of what it holds."""

    id: int
    workspace: int
    name: str
    audience: str
    """`public`: every member of the workspace, visitors too. `internal`: its humans only."""
    version: int
    created_at: float


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """A question with other ways to ask it, and the answer to all of them."""

    question: str
    answer: str
    variants: tuple[str, ...] = ()
    lang: str | None = None
    title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A source as it is handed in: a file's bytes, a pasted text, or one FAQ entry.

    `key` names the source within its base: handing in the same key again replaces what was there. Without one, the
    file name or the title serves.
    """

    kind: SourceKind
    title: str = ""
    filename: str = ""
    """Its ending chooses the reader, see `reading.SUFFIXES`. Empty for text and FAQ; of a plugin's source, which one reads."""
    content: bytes = b""
    """Of a site: how many pages at most, of conversations: of how many days, as digits. Of a page: empty."""
    faq: FaqEntry | None = None
    lang: str | None = None
    key: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where knowledge came from, without its content."""

    id: int
    base: int
    key: str
    kind: SourceKind
    title: str
    lang: str | None
    url: str | None
    filename: str
    version: int
    state: SourceState
    error: str | None
    chunks: int
    changed_at: float


@dataclass(frozen=True, slots=True)
class SectionDraft:
    """A piece of a source that is shown, cited and handed to a model as one; never cut inside a table, list or FAQ."""

    heading: str
    """Path of headings below the title, joined by ' › '; empty at the top of a page."""
    text: str
    lang: str
    kind: str
    """`text` or `faq`."""
    pieces: tuple["PieceDraft", ...]
    title: str = ""
    question: str | None = None
    answer: str | None = None
    variants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PieceDraft:
    """What is embedded: `text[start:end]` of its section with the title path before it, or one wording of a FAQ."""

    start: int
    end: int
    embedded: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A source that was read and cut."""

    title: str
    lang: str
    url: str | None
    sections: tuple[SectionDraft, ...]
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A stored section. Rows are never changed: another text is another section with another id."""

    id: int
    base: int
    source: int
    version: int
    ordinal: int
    title: str
    heading: str
    text: str
    lang: str
    kind: str
    question: str | None
    answer: str | None
    variants: tuple[str, ...]
    tags: tuple[str, ...]
    url: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored piece: where it stands in its section. Its vector is fetched apart."""

    id: int
    section: int
    source: int
    version: int
    start: int
    end: int
    embedded: str
    lang: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A section that was found, with the piece that matched: `text[start:end]`."""

    chunk: int
    version: int
    source: int
    base: int
    title: str
    heading: str
    text: str
    start: int
    end: int
    lang: str
    kind: str
    question: str | None = None
    answer: str | None = None
    score: float = 0.0
    """Fused score; it orders the passages of one retrieval and means nothing across retrievals."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The best passages and how sure it is that the first one answers."""

    passages: tuple[Passage, ...]
    confidence: float
    """Calibrated probability 0..1 that the first passage answers the question."""
    threshold: float
    """Least confidence at which the operator's bound on wrong answers holds."""
    answerable: bool
    features: Mapping[str, float] = field(default_factory=dict[str, float])
    reading: bool = False
    """Nothing answers, and much of what is to be known is still being read: asked later, it may be answered."""


@dataclass(frozen=True, slots=True)
class Job:
    """A durable ingestion. `done` and `total` count pieces to embed; `errors` is per document."""

    id: int
    base: int
    source: int | None
    state: JobState
    stage: Stage
    done: int
    total: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker to run one job until the lease expires or the job is cancelled."""

    job: Job
    worker: str


@dataclass(frozen=True, slots=True)
class BaseSummary:
    """A knowledge base with what it holds now."""

    base: KnowledgeBase
    sources: int
    chunks: int
    open_jobs: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns features into a probability: logistic(weights · scaled features + bias), and the threshold to answer at."""

    embedder: str
    weights: Mapping[str, float]
    bias: float
    threshold: float
    alpha: float
    """Bound on the share of unanswerable questions that get answered all the same."""
    sample: int
    """How many questions it was fitted on; 0 is the shipped prior."""
    curve: tuple[Mapping[str, float], ...] = ()
    """Points {threshold, answered, wrong} for the operator's choice."""
    unanswerable: tuple[float, ...] = ()
    """Held-out confidences of questions made of the base that nothing in it answers …"""
    answerable: tuple[float, ...] = ()
    """… and of those that it answers rightly: another bound is another place between these."""
    words: float = 0.2
    """What words count in the ranking beside meaning, 0..1."""
    right: float = 1.0
    """Share of the base's own questions, asked with the answer in place, whose first section answers."""

    def as_json(self) -> dict[str, Any]:
        """Plain values for storage and HTTP."""
        return {
            "weights": dict(self.weights),
            "bias": self.bias,
            "threshold": self.threshold,
            "alpha": self.alpha,
            "sample": self.sample,
            "curve": [dict(point) for point in self.curve],
            "unanswerable": list(self.unanswerable),
            "answerable": list(self.answerable),
            "words": self.words,
            "right": self.right,
        }
