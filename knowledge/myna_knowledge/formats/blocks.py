"""What every reader makes of a source: a document of blocks or of FAQ entries."""

from dataclasses import dataclass, field
from enum import StrEnum

from myna.errors import MynaError
from myna_knowledge.model import FaqEntry


class BlockKind(StrEnum):
    """Paragraphs may be cut between sentences; lists, tables and code are kept whole."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of plain text; `level` is 1..6 for headings."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A source in plain text, before it is cut."""

    title: str
    lang: str
    blocks: tuple[Block, ...] = ()
    faqs: tuple[FaqEntry, ...] = ()
    url: str | None = None
    tags: tuple[str, ...] = ()
    errors: tuple[str, ...] = field(default=())
    """What could not be read though the rest could, one message per entry."""


class Unreadable(MynaError):
    """The source cannot be read as what it says it is; nothing of it was stored."""

    status, code = 422, "unreadable_source"
