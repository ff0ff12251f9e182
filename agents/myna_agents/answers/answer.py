"""An answer with its citations, and how it looks on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from myna_agents.hearing.scene import COVERS
from myna_knowledge.model import Passage


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement comes from: `quote == passage.text[start:end]`, counted in code points."""

    n: int
    chunk: int
    version: int
    source: int
    title: str
    heading: str
    quote: str
    start: int
    end: int
    tool: bool = False
    """Whether a tool said it: there is no page to open then."""

    def as_json(self) -> dict[str, Any]:
        """The wire object; ids are strings."""
        made: dict[str, Any] = {"tool": True} if self.tool else {}
        return made | {
            "n": self.n,
            "chunk": str(self.chunk),
            "version": self.version,
            "source": str(self.source),
            "title": self.title,
            "heading": self.heading,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A composed answer. In `text` the mark `[n]` stands where citation n belongs."""

    text: str
    lang: str
    citations: tuple[Citation, ...]
    cited: tuple[Passage, ...]
    """The cited passages in the order of the citations: what the guard checks the text against."""
    engine: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A button under a message: `ask` sends `text` as the visitor's message, `hand_off` brings a human in."""

    action: str
    label: str
    text: str | None = None

    def as_json(self) -> dict[str, str]:
        """The wire object."""
        made = {"action": self.action, "label": self.label}
        return made if self.text is None else {**made, "text": self.text}


def cite(n: int, passage: Passage, start: int, end: int) -> Citation:
    """Citation n of `passage.text[start:end]`."""
    return Citation(
        n=n,
        chunk=passage.chunk,
        version=passage.version,
        source=passage.source,
        title=passage.title,
        heading=passage.heading,
        quote=passage.text[start:end],
        start=start,
        end=end,
        tool=passage.kind == "tool",
    )


def message_body(
    text: str, lang: str, covers: int, citations: Sequence[Citation] = (), offers: Sequence[Offer] = ()
) -> dict[str, Any]:
    """The body of an agent's message."""
    body: dict[str, Any] = {"text": text, "lang": lang, COVERS: covers}
    if citations:
        body["citations"] = [citation.as_json() for citation in citations]
    if offers:
        body["offers"] = [offer.as_json() for offer in offers]
    return body


def trace_of(passage: Passage) -> Mapping[str, Any]:
    """A retrieved passage as the turn's trace keeps it."""
    return {
        "chunk": str(passage.chunk),
        "title": passage.title,
        "heading": passage.heading,
        "score": round(passage.score, 4),
        "quote": passage.text[passage.start : passage.end][:400],
    }
