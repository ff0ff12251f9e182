"""From a question to passages: words and meaning, fused, with the evidence for or against answering."""

import asyncio
from collections.abc import Sequence

from myna_knowledge.model import Calibration, Chunk, Passage, Retrieval, Section
from myna_knowledge.ports import Store
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.calibration import confidence, prior
from myna_knowledge.retrieval.dense import DenseSearch
from myna_knowledge.retrieval.lexical import Scores, overlap
from myna_knowledge.retrieval.memory import Memories, Memory
from myna_knowledge.retrieval.naming import label
from myna_knowledge.retrieval.ranking import (
    FEATURES,
    UNKNOWN_LEVEL,
    Candidate,
    Found,
    evidence,
    fuse,
    lexical_top,
)
from myna_knowledge.text import language, normalise, topic_terms
from myna_knowledge.vectors import Vectors

NEAREST = 48
"""Pieces of each language asked from the index: several of one section, and some that were deleted, may be among them."""
MAX_QUERY_CHARS = 2000
LEAST_COVERAGE = 0.5
"""With vectors for less of a base, as while it is embedded anew by another embedder, its words alone decide, by their own
calibration: what has no vector yet would seem to be far from every question."""
MOST_COVERAGE = 0.9
"""With vectors for less of a base and work to do on it, whoever gets no answer is told that it is still being read."""
SAME_TEXT = 0.9
"""Sections of one language whose topic terms overlap this much (Jaccard) say the same: the better one is shown."""
VERY_WORDS = 0.999
"""Confidence in a FAQ that is asked in one of its own wordings, or in a section that is asked for by its name: above every
threshold that a base gets by itself, below an operator's 1.0, which means never."""


class Retriever:
    """Finds passages in knowledge bases. Stateless but for memories, which follow the store."""

    def __init__(self, store: Store, memories: Memories, asking: Asking, dense: DenseSearch | None) -> None:
        self._store, self._memories, self._asking, self._dense = store, memories, asking, dense
        self._embedder = asking.embedder

    async def retrieve(self, bases: Sequence[int], query: str, *, k: int, lang: str | None) -> Retrieval:
        """The best `k` passages and the confidence that the first answers; see `Library.retrieve`."""
        query = query[:MAX_QUERY_CHARS]
        lang = lang or language(query)
        # The vector is computed in its own thread, without the interpreter: the words are looked up meanwhile.
        question, (memories, scores), calibration = await asyncio.gather(
            self._asking.vector(query),
            self._by_words(bases, query),
            self._calibration(bases, dense=True),
        )
        found: list[Found] = []
        dense = question is not None and any(memory.coverage >= LEAST_COVERAGE for memory in memories)
        for memory in memories:
            top = lexical_top(scores[memory.base].joined)
            if question is None or not dense:
                found.extend(Found(memory, place) for place in top)
            else:
                found.extend(await self._near(memory, top, question, lang))
        if not dense:
            calibration = await self._calibration(bases, dense=False)
        ranked = fuse(found, scores, lang, calibration.words)
        features = evidence(query, lang, ranked)
        if dense and ranked and ranked[0].found.cosine is None:
            calibration = await self._calibration(bases, dense=False)
        sure = confidence(calibration, features) if ranked else 0.0
        passages, asked_so = await self._passages(ranked[: 2 * k + 4], k, query)
        if asked_so:
            sure = VERY_WORDS
        answerable = bool(passages) and sure >= calibration.threshold
        return Retrieval(
            passages=passages,
            confidence=sure,
            threshold=calibration.threshold,
            answerable=answerable,
            features=features,
            reading=not answerable and await self._reads(memories),
        )

    async def _by_words(self, bases: Sequence[int], query: str) -> tuple[list[Memory], dict[int, Scores]]:
        """The memories of the bases, and their sections' scores by words."""
        memories = [await self._memories.current(base) for base in dict.fromkeys(bases)]
        return memories, {memory.base: memory.lexicon.scores(query) for memory in memories}

    async def _reads(self, memories: Sequence[Memory]) -> bool:
        """Whether much of a base has still to be read or embedded."""
        unfinished = [
            memory.base for memory in memories if memory.coverage < MOST_COVERAGE or not memory.sections
        ]
        return any([await self._store.jobs.open_jobs(base) for base in unfinished])

    async def _calibration(self, bases: Sequence[int], *, dense: bool) -> Calibration:
        name = self._embedder.name if self._embedder is not None and dense else "none"
        loaded = [await self._store.calibrations.load(base, name) for base in dict.fromkeys(bases)]
        # Of several bases the one fitted on most questions decides: its estimate is the firmest.
        # One that an older version fitted on other features says nothing about these.
        known = [one for one in loaded if one is not None and one.weights.keys() <= set(FEATURES)]
        return max(known, key=lambda one: one.sample) if known else prior(name)

    async def _near(self, memory: Memory, top: Sequence[int], question: Vectors, lang: str) -> list[Found]:
        """The sections near a question, and those found by words, each with its best cosine."""
        if self._dense is None or self._embedder is None:
            return []
        # The join with the store: what was deleted or replaced cannot answer, whatever an index still holds.
        pieces, name = self._store.pieces, self._embedder.name
        hits, spots = await asyncio.gather(
            self._dense.nearest(memory, question, NEAREST),
            pieces.spots(name, sections=[memory.sections[place].id for place in top]),
        )
        held = {spot.chunk for spot in spots}
        near = await pieces.spots(name, chunks=[hit.chunk for hit in hits if hit.chunk not in held])
        general = None if lang in memory.space.asking else await self._asking.common(lang)
        asked = memory.space.question(question, lang, general)
        levels = memory.space.levels(asked)
        best: dict[int, Found] = {}
        for spot in (*near, *spots):
            place = memory.places.get(spot.section)
            if place is None:
                continue
            own = memory.sections[place].lang
            piece = memory.space.pieces(spot.vector[None], own)[0]
            cosine = float(piece @ asked)
            known = best.get(place)
            if known is None or known.cosine is None or cosine > known.cosine:
                nearness = float(spot.vector @ question)
                best[place] = Found(
                    memory, place, spot.chunk, cosine, levels.get(own, UNKNOWN_LEVEL), nearness, piece
                )
        return [*best.values(), *(Found(memory, place) for place in top if place not in best)]

    async def _passages(
        self, ranked: Sequence[Candidate], k: int, query: str
    ) -> tuple[tuple[Passage, ...], bool]:
        """The first `k` that still exist and say different things, before them what was asked for in its very words; and
        whether anything was."""
        unknown = [each.section for each in ranked if each.found.chunk is None]
        first: dict[int, int] = {}
        for chunk in await self._store.pieces.chunks_of(unknown):
            first.setdefault(chunk.section, chunk.id)
        chosen = {each.section: each.found.chunk or first.get(each.section, 0) for each in ranked}
        rows = await self._store.pieces.chunks(list(chosen.values()))
        known = [(each, rows[chosen[each.section]]) for each in ranked if chosen[each.section] in rows]
        named = next((at for at, (_, row) in enumerate(known) if _asked_for(query, row[1])), None)
        if named is not None:
            known.insert(0, known.pop(named))
        shown: list[Passage] = []
        said: list[tuple[str, frozenset[str]]] = []
        for each, row in known:
            if len(shown) == k:
                break
            words = frozenset(topic_terms(row[1].text))
            if any(lang == row[1].lang and overlap(words, [other]) >= SAME_TEXT for lang, other in said):
                continue
            said.append((row[1].lang, words))
            shown.append(passage(*row, score=each.fused))
        return tuple(shown), named is not None


def _asked_for(query: str, section: Section) -> bool:
    """Whether a section is asked for by one of its wordings or by its name."""
    names = (label(section.title, section.heading, section.question), *section.variants)
    return _bare(query) in map(_bare, filter(None, names))


def _bare(wording: str) -> str:
    """A wording without what nobody means by it: letter case, width, spaces at the ends and closing marks."""
    return normalise(wording).strip(" ?!.。？！")


def passage(chunk: Chunk, section: Section, *, score: float = 0.0) -> Passage:
    """The section as a passage, with the chunk as the piece that matched."""
    return Passage(
        chunk=chunk.id,
        version=chunk.version,
        source=section.source,
        base=section.base,
        title=section.title,
        heading=section.heading,
        text=section.text,
        start=chunk.start,
        end=chunk.end,
        lang=section.lang,
        kind=section.kind,
        question=section.question,
        answer=section.answer,
        score=score,
        url=section.url,
    )
