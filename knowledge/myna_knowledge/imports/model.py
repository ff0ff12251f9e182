"""The nouns of an import as frozen values: what a file holds, and what became of each record. Times are unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Origin(StrEnum):
    """Where an export comes from; it decides how its files are read."""

    CHATWOOT = "chatwoot"
    INTERCOM = "intercom"
    DOCS = "docs"


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What a record is."""

    CONTACT = "contact"
    CONVERSATION = "conversation"
    REPLY = "reply"
    ARTICLE = "article"
    FILE = "file"


class Outcome(StrEnum):
    """What became of a record."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """There is no place for it here; the detail says why."""
    FAILED = "failed"
    REMOVED = "removed"
    """It is no longer in the documentation, so it was taken out of the knowledge base."""


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way in."""

    id: int
    workspace: int
    origin: Origin
    name: str
    """The file's name as it was handed in."""
    by: int
    """Who asked for it."""
    inbox: int | None
    """Where conversations go."""
    base: int | None
    """The knowledge base of articles and documentation."""
    state: ImportState
    done: int
    total: int
    counts: Mapping[str, int]
    """Number of records by outcome."""
    error: str | None
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class ImportLease:
    """An import that a worker may go on with."""

    job: Import
    worker: str


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one record. `kind` and `key` name it within the export."""

    kind: Kind
    key: str
    title: str
    outcome: Outcome
    detail: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer of the other system."""

    key: str
    name: str = ""
    email: str | None = None
    phone: str | None = None
    subject: str | None = None
    """The site's own id of the person, by which it signs who they are."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody of the team, or a bot of the other system."""

    key: str
    name: str
    email: str | None = None
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A message, or with `private` a note of the team. Without a speaker the customer said it."""

    key: str
    text: str
    at: float
    speaker: Speaker | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with a customer, oldest message first."""

    key: str
    contact: Contact | None
    said: tuple[Said, ...]
    resolved: bool = True
    labels: tuple[str, ...] = ()
    score: int | None = None
    """What the customer thought of it, 1 to 5."""
    comment: str = ""
    left_out: int = 0
    """How many attachments are named with their address only."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that operators insert by its shortcut."""

    key: str
    shortcut: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """A page of a help centre or of documentation."""

    key: str
    title: str
    content: bytes
    filename: str
    """Its ending says how the content is read."""
    lang: str | None = None
    url: str | None = None
    published: bool = True


@dataclass(slots=True)
class Export:
    """Everything that was found in a file."""

    contacts: dict[str, Contact] = field(default_factory=dict[str, Contact])
    replies: dict[str, Prepared] = field(default_factory=dict[str, Prepared])
    articles: dict[str, Article] = field(default_factory=dict[str, Article])
    talks: dict[str, Talk] = field(default_factory=dict[str, Talk])
    troubles: list[Row] = field(default_factory=list[Row])
    whole: bool = True
    """Whether all of it could be read: only then does what is missing count as gone."""

    def trouble(self, name: str, why: str, outcome: Outcome = Outcome.FAILED) -> None:
        """Write down a file or record that cannot be brought in."""
        self.troubles.append(Row(Kind.FILE, name, name, outcome, why))
        self.whole = self.whole and outcome is not Outcome.FAILED

    @property
    def size(self) -> int:
        """How many records there are."""
        named = len(self.contacts) + len(self.replies) + len(self.articles) + len(self.talks)
        return named + len({each.key for each in self.troubles})
