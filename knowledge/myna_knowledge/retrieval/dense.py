"""Nearest pieces by meaning: the index when it is known to be whole, exact search over the store's vectors when not."""

import asyncio
import logging
from collections.abc import Sequence
from enum import StrEnum

from myna_knowledge.ports import Hit, Index, Pieces, Point, collection_name
from myna_knowledge.retrieval.memory import Memory
from myna_knowledge.vectors import Vectors

log = logging.getLogger(__name__)

QUERY_TIMEOUT_S = 3.0
RETRY_S = 30.0
"""Pause after a rebuild failed."""
MIRROR_S = 5.0
"""How long a committed vector may be on its way into the index."""
NEVER = 2**62
PAGE = 3000
"""Points read from the store at once; each page is sorted anew by the database. 100,000 take 2 s, by pages of 1,000 6 s."""
PROBES = 8
PROBES_FOUND = 0.85
"""Share of stored vectors asked for that must find themselves: the search is approximate, but not that much."""
SELF_COSINE = 0.995


class _Trust(StrEnum):
    UNKNOWN = "unknown"
    WHOLE = "whole"
    REBUILDING = "rebuilding"


class DenseSearch:
    """Answers from `index` once `maintain` found it whole, else from `exact`, which is filled from the store.

    An index is mistrusted at first, after every fault, and when its answers name chunks the store does not have. It
    is then compared with the store, and dropped and filled again where they differ; questions never wait for that.
    """

    def __init__(self, pieces: Pieces, embedder: str, index: Index | None, exact: Index) -> None:
        self._pieces, self._embedder, self._index, self._exact = pieces, embedder, index, exact
        self._trust: dict[int, _Trust] = {}
        self._langs: dict[int, set[str]] = {}
        self._seen: dict[int, int] = {}
        """The base's `vectors` up to which exact search is filled."""
        self._loading: dict[int, asyncio.Lock] = {}
        self._known: dict[int, int] = {}
        """The base's `vectors` up to which the index is known to hold everything."""
        self._foreign: dict[int, tuple[int, float]] = {}
        """Vectors that came from elsewhere: how many the base had, and when that was first seen."""
        # On a server all processes fill the same index; a folder is filled by its owner alone.
        self._shared = bool(getattr(index, "shared", False))
        self._doubt = asyncio.Event()

    async def nearest(self, memory: Memory, question: Vectors, k: int) -> list[Hit]:
        """At most `k` pieces of each language of a base, nearest first; some may have been deleted meanwhile."""
        if self._index is not None:
            hits = None
            if self._trust.get(memory.base) is _Trust.WHOLE and not self._misses(memory):
                hits = await self._indexed(self._index, memory, question, k)
            if hits is not None:
                return hits
            self.mistrust(memory.base)
        await self._load(memory)
        return await self._query(self._exact, memory, question, k)

    def _misses(self, memory: Memory) -> bool:
        """Whether another process, such as `myna kb add`, has stored vectors that this index was never given."""
        if self._shared or memory.vectors <= self._known.get(memory.base, memory.vectors):
            self._foreign.pop(memory.base, None)
            return False
        now = asyncio.get_running_loop().time()
        seen, since = self._foreign.setdefault(memory.base, (memory.vectors, now))
        # Our own points are committed a moment before they are mirrored: only what stays missing is foreign.
        return now - since > MIRROR_S and self._known.get(memory.base, 0) < seen

    async def _indexed(self, index: Index, memory: Memory, question: Vectors, k: int) -> list[Hit] | None:
        try:
            async with asyncio.timeout(QUERY_TIMEOUT_S):
                hits = await self._query(index, memory, question, k)
        except Exception:
            log.exception("The index failed for knowledge base %d; exact search serves", memory.base)
            return None
        # A torn index answers from what is left of it, without an error.
        expected = sum(min(k, len(sample)) for sample in memory.space.sample.values())
        return hits if len(hits) >= expected else None

    async def _query(self, index: Index, memory: Memory, question: Vectors, k: int) -> list[Hit]:
        hits: list[Hit] = []
        for lang in memory.space.sample:
            hits += await index.query(collection_name(memory.base, lang, self._embedder), question, k)
        return sorted(hits, key=lambda hit: -hit.cosine)

    def mistrust(self, base: int) -> None:
        """Have the base's index compared with the store before it is used again."""
        if self._index is not None and self._trust.get(base) is not _Trust.REBUILDING:
            self._trust[base] = _Trust.UNKNOWN
            self._doubt.set()

    def rebuilding(self, base: int) -> bool:
        """Whether the base's index is being filled anew."""
        return self._trust.get(base) is _Trust.REBUILDING

    async def added(self, base: int, points: Sequence[Point]) -> None:
        """Mirror points that the store has committed."""
        if self._index is not None and points:
            try:
                await self._upsert(self._index, base, points)
                if base in self._known:
                    self._known[base] += 1
            except Exception:
                log.exception("The index did not take %d points of knowledge base %d", len(points), base)
                self.mistrust(base)

    async def removed(self, base: int, chunks: Sequence[int]) -> None:
        """Mirror a deletion that the store has committed. What is missed is never shown, and found when comparing."""
        for index in (self._exact, self._index):
            if index is None or not chunks:
                continue
            try:
                for lang in self._langs.get(base, ()):
                    await index.delete(collection_name(base, lang, self._embedder), chunks)
            except Exception:
                log.exception("The index did not delete %d points of knowledge base %d", len(chunks), base)
                self.mistrust(base)

    async def _upsert(self, index: Index, base: int, points: Sequence[Point]) -> None:
        by_lang: dict[str, list[Point]] = {}
        for point in points:
            by_lang.setdefault(point.lang, []).append(point)
        for lang, some in by_lang.items():
            self._langs.setdefault(base, set()).add(lang)
            await index.upsert(collection_name(base, lang, self._embedder), some)

    async def maintain(self) -> None:
        """Compare and rebuild mistrusted indexes, for as long as the process lives."""
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            if not await self.settle():
                await asyncio.sleep(RETRY_S)

    async def settle(self) -> bool:
        """Compare and rebuild every index that is mistrusted now; False when one failed and is tried when next used."""
        settled = True
        for base in [base for base, trust in self._trust.items() if trust is _Trust.UNKNOWN]:
            try:
                vectors = await self._vectors(base)
                if not await self._whole(base):
                    await self._rebuild(base)
                self._known[base] = vectors
                self._foreign.pop(base, None)
                self._trust[base] = _Trust.WHOLE
                await self._drop(self._exact, base)
                self._seen.pop(base, None)
            except Exception:
                log.exception("The index of knowledge base %d cannot be rebuilt; exact search serves", base)
                self._trust[base] = _Trust.UNKNOWN
                settled = False
        return settled

    async def _vectors(self, base: int) -> int:
        changes = await self._pieces.changes(base, NEVER)
        return 0 if changes is None else changes.vectors

    async def _whole(self, base: int) -> bool:
        """Whether the index holds what the store holds: the same counts, and a sample of vectors finds itself."""
        index = self._required()
        try:
            for lang, count in (await self._pieces.counts(base, self._embedder)).items():
                self._langs.setdefault(base, set()).add(lang)
                if await index.count(collection_name(base, lang, self._embedder)) != count:
                    return False
            probes = await self._pieces.sample(base, self._embedder, PROBES)
            found = 0
            for probe in probes:
                hits = await index.query(collection_name(base, probe.lang, self._embedder), probe.vector, 5)
                found += any(hit.cosine > SELF_COSINE for hit in hits)
        except Exception:
            log.exception("The index of knowledge base %d cannot be read", base)
            return False
        return found >= PROBES_FOUND * len(probes)

    async def _rebuild(self, base: int) -> None:
        index = self._required()
        self._trust[base] = _Trust.REBUILDING
        log.warning("Rebuilding the index of knowledge base %d from the store", base)
        await self._drop(index, base)
        after = 0
        while page := await self._pieces.points(base, self._embedder, after, PAGE):
            await self._upsert(index, base, page)
            after = page[-1].chunk

    async def _drop(self, index: Index, base: int) -> None:
        for lang in self._langs.get(base, ()):
            await index.drop(collection_name(base, lang, self._embedder))

    def _required(self) -> Index:
        assert self._index is not None
        return self._index

    async def _load(self, memory: Memory) -> None:
        """Bring exact search up to the base's present vectors."""
        async with self._loading.setdefault(memory.base, asyncio.Lock()):
            since = self._seen.get(memory.base, 0)
            if since and since >= memory.vectors:
                return
            after = 0
            while page := await self._pieces.points(memory.base, self._embedder, after, PAGE, since=since):
                await self._upsert(self._exact, memory.base, page)
                after = page[-1].chunk
            self._seen[memory.base] = memory.vectors
