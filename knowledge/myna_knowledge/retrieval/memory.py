"""What one process keeps in memory of a knowledge base: its words, and what is needed to judge a question."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from myna.errors import NotFound
from myna_knowledge.model import Section
from myna_knowledge.ports import Pieces, Point
from myna_knowledge.reading.chunking import SEPARATOR
from myna_knowledge.retrieval.lexical import Entry, Lexicon, entries
from myna_knowledge.retrieval.space import Space
from myna_knowledge.text import topic_terms
from myna_knowledge.vectors import Vectors

SAMPLE = 256


@dataclass(frozen=True, slots=True)
class Held:
    """A section as ranking and judging see it."""

    id: int
    source: int
    lang: str
    kind: str
    url: str | None
    wordings: tuple[frozenset[str], ...]
    """Topic terms of a FAQ's wordings, or of the title with the heading."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """A knowledge base as it stood at `version` and `vectors`. Immutable: a newer state is another object."""

    base: int
    version: int
    vectors: int
    sections: tuple[Held, ...]
    places: dict[int, int]
    lexicon: Lexicon
    space: Space
    coverage: float = 1.0
    """Share 0..1 of the base that has vectors by the embedder in use."""
    wordings: float = 0.0
    """The logarithm of how many wordings a FAQ of the base usually has: the mean over all of them."""

    def arranged(self, sections: Sequence[Section]) -> "tuple[Memory, list[Section]]":
        """This memory with its sections in the order of what they say, and `sections`, which stand for them, alike.

        Whenever and in whatever order a base was filled, the same content is arranged, numbered and counted alike. For questions
        made from a base only: its sections have their place for an id, by which ties fall. Blocks.
        """
        order = sorted(range(len(sections)), key=lambda at: digest(sections[at]))
        rank = {old: new for new, old in enumerate(order)}
        return replace(
            self,
            sections=tuple(replace(self.sections[old], id=new) for new, old in enumerate(order)),
            places={section.id: rank[old] for old, section in enumerate(sections)},
            lexicon=self.lexicon.arranged(order),
        ), [sections[old] for old in order]


def digest(section: Section) -> bytes:
    """What a section says, as a number: the same wherever and whenever it is stored."""
    said = (section.lang, section.url or "", section.title, section.heading, section.text, *section.variants)
    return hashlib.sha256("\0".join(said).encode(errors="surrogatepass")).digest()


class Memories:
    """The memories of all bases used by this process, brought up to date before each use.

    Another process may have changed the base: its version in SQL is asked for every time (one indexed row), and only
    what came since is read.
    """

    def __init__(self, pieces: Pieces, embedder: str | None) -> None:
        self._pieces, self._embedder = pieces, embedder
        self._known: dict[int, Memory] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def current(self, base: int) -> Memory:
        """The base as it stands now.

        Raises:
            NotFound: there is no such base.
        """
        async with self._locks.setdefault(base, asyncio.Lock()):
            old = self._known.get(base)
            changes = await self._pieces.changes(base, old.version if old else -1)
            if changes is None:
                self._known.pop(base, None)
                raise NotFound(f"There is no knowledge base {base}.")
            if old and changes.alive is None and changes.vectors == old.vectors:
                return old
            space = await self._space(base)
            if changes.alive is None and old is not None:
                sections, lexicon = old.sections, old.lexicon
            else:
                kept = tuple(
                    each for each in (old.sections if old else ()) if each.id in (changes.alive or ())
                )
                sections, lexicon = await asyncio.to_thread(_build, kept, changes.added)
            places = {each.id: at for at, each in enumerate(sections)}
            new = Memory(
                base,
                changes.version,
                changes.vectors,
                sections,
                places,
                lexicon,
                space,
                await self._coverage(base),
                _usual_wordings(sections),
            )
            self._known[base] = new
            return new

    async def _coverage(self, base: int) -> float:
        return 0.0 if self._embedder is None else await self._pieces.coverage(base, self._embedder)

    async def _space(self, base: int) -> Space:
        if self._embedder is None:
            return Space.of({}, {})
        pages = await self._pieces.sample(base, self._embedder, SAMPLE)
        faqs = await self._pieces.sample(base, self._embedder, SAMPLE, kind="faq")
        return Space.of(_by_language(pages), _by_language(faqs))


def _usual_wordings(sections: Sequence[Held]) -> float:
    counts = [len(each.entries) for each in sections if each.kind == "faq"]
    return math.fsum(map(math.log, counts)) / len(counts) if counts else 0.0


def _by_language(points: Sequence[Point]) -> dict[str, Vectors]:
    found: dict[str, list[Vectors]] = {}
    for point in points:
        found.setdefault(point.lang, []).append(point.vector)
    return {lang: np.stack(vectors) for lang, vectors in found.items()}


def _build(kept: tuple[Held, ...], added: tuple[Section, ...]) -> tuple[tuple[Held, ...], Lexicon]:
    sections = (*kept, *(held(section) for section in added))
    return sections, Lexicon([each.entries for each in sections])


def held(section: Section) -> Held:
    """A section as it is kept in memory."""
    if section.kind == "faq" and section.question is not None:
        wordings = tuple(dict.fromkeys((section.question, *section.variants)))
    else:
        wordings = (
            f"{section.title} {section.heading.split(SEPARATOR)[-1]}",
            section.heading.split(SEPARATOR)[-1],
        )
    return Held(
        id=section.id,
        source=section.source,
        lang=section.lang,
        kind=section.kind,
        url=section.url,
        wordings=tuple(frozenset(topic_terms(wording)) for wording in wordings),
        entries=entries(section),
    )
