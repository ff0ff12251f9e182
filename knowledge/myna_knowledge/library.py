"""The knowledge of a workspace: bases and sources, durable ingestion, and passages with calibrated confidence."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from myna.errors import Malformed, NotFound
from myna_knowledge.adapters.exact import ExactIndex
from myna_knowledge.care.keeping import Care
from myna_knowledge.ingestion import LEASE_S, Ingestion, children_of
from myna_knowledge.model import (
    BaseState,
    BaseSummary,
    Calibration,
    Job,
    KnowledgeBase,
    Passage,
    Retrieval,
    Section,
    Source,
    SourceDraft,
    SourceKind,
)
from myna_knowledge.plugged import Plugged
from myna_knowledge.ports import Embedder, Index, Store
from myna_knowledge.reading.fetching import Fetcher
from myna_knowledge.reading.reading import MAX_TITLE_CHARS, check_draft
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.calibrating import calibrate
from myna_knowledge.retrieval.dense import DenseSearch
from myna_knowledge.retrieval.memory import Memories
from myna_knowledge.retrieval.retrieval import Retriever, passage

log = logging.getLogger(__name__)

MAX_KEY_CHARS = 2000
JOBS_AT_ONCE = 2
"""A website is walked for as long as its pages need; meanwhile these are embedded, and small sources do not wait."""
LOOKED_AT = frozenset({SourceKind.URL, SourceKind.SITE, SourceKind.CONVERSATIONS, SourceKind.PLUGIN})
"""Kinds of sources whose content is looked up, not handed in."""
AUDIENCES = ("public", "internal")
MAX_PASSAGES = 50
IDLE_S = 2.0
"""How often a worker looks for jobs that another process queued."""
FAULT_PAUSE_S = 5.0
"""How long a worker waits after the store failed."""


class Library:
    """Every verb on knowledge. Retrieval works in every process; `work` ingests, and one or more processes may run it.

    `index` may be absent or lose its data at any time: the store holds the vectors, and exact search over them serves
    until the index is whole again. Without an embedder passages are found by their words alone.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder | None,
        index: Index | None,
        *,
        notice: str | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        self._store, self._embedder, self._index = store, embedder, index
        self.notice = notice
        """What operators should know of how this library runs, such as a missing embedder."""
        self._dense = (
            DenseSearch(store.pieces, embedder.name, index, ExactIndex()) if embedder is not None else None
        )
        self._memories = Memories(store.pieces, embedder.name if embedder is not None else None)
        self._asking = Asking(embedder)
        self._retriever = Retriever(store, self._memories, self._asking, self._dense)
        self.care = Care(store, self._memories, self._asking, self.put)
        """The verbs that keep bases right."""
        self._fetcher = fetcher
        self.plugged = Plugged()
        """The kinds of sources that plugins read."""
        self._ingestion = Ingestion(store, embedder, self._dense, fetcher, self.plugged)
        self._worker = secrets.token_hex(8)
        self._queued = asyncio.Event()

    async def create_base(self, workspace: int, name: str, *, audience: str = "public") -> KnowledgeBase:
        """The workspace's base of this name, made if there was none.

        Raises:
            Malformed: an empty or very long name, or an unknown audience.
        """
        name = name.strip()
        if not 1 <= len(name) <= MAX_TITLE_CHARS:
            raise Malformed(
                f"A knowledge base's name has 1 to {MAX_TITLE_CHARS} characters, not {len(name)}."
            )
        if audience not in AUDIENCES:
            raise Malformed(f"Audience {audience!r}: use one of {', '.join(AUDIENCES)}.")
        return await self._store.catalog.create_base(workspace, name, audience)

    async def bases(self, workspace: int) -> list[BaseSummary]:
        """All knowledge bases of a workspace."""
        return await self._store.catalog.summaries(workspace)

    async def base(self, workspace: int, base: int) -> KnowledgeBase:
        """One base of this workspace.

        Raises:
            NotFound: there is none with this id here.
        """
        found = await self._store.catalog.bases([base])
        if not found or found[0].workspace != workspace:
            raise NotFound(f"There is no knowledge base {base}.")
        return found[0]

    def state(self, summary: BaseSummary) -> BaseState:
        """What a base is doing now."""
        if self._dense is not None and self._dense.rebuilding(summary.base.id):
            return BaseState.REBUILDING
        return BaseState.INDEXING if summary.open_jobs else BaseState.READY

    @property
    def embedder_name(self) -> str:
        """The embedder's name, `none` for retrieval by words alone."""
        return self._embedder.name if self._embedder is not None else "none"

    async def add(self, base: int, source: SourceDraft) -> Job:
        """A durable job that ingests the source; see `put`."""
        return (await self.put(base, source))[1]

    async def put(self, base: int, source: SourceDraft) -> tuple[Source, Job]:
        """Store a source and queue its ingestion. Found by its words within moments, by its meaning once the job is done.

        The same key (or file name, or title) with other content replaces the source; with the same content nothing is
        done again.

        Raises:
            Unreadable: too large, empty or of an unknown kind; nothing was stored.
            NotFound: there is no such base.
        """
        check_draft(source)
        if source.kind is SourceKind.PLUGIN:
            self.plugged.reader(source.filename).check(source.url or "")
        if source.kind in LOOKED_AT:
            # Handed in again means: look again. What did not change there is not embedded again.
            source = replace(source, content=source.content.split(b"@")[0] + b"@%d" % time.time_ns())
        known = await self._store.catalog.put_source(base, _key(source), source)
        self._queued.set()
        return known

    async def sources(self, base: int) -> list[Source]:
        """The base's sources, by title."""
        return await self._store.catalog.sources(base)

    async def sections(self, base: int) -> list[Section]:
        """Everything that the base holds, oldest first.

        Raises:
            NotFound: there is no such base.
        """
        changes = await self._store.pieces.changes(base, -1)
        if changes is None:
            raise NotFound(f"There is no knowledge base {base}.")
        return sorted(changes.added, key=lambda each: each.id)

    async def delete_source(self, base: int, source: int) -> None:
        """Delete a source with the pages or conversations that came of it: from then on nothing of it is in any answer.

        Raises:
            NotFound: the base has no such source.
        """
        known = await self._store.catalog.sources(base)
        children = [each.id for each in known if each.key.startswith(children_of(source))]
        # The parent first: its job, if it runs, then hands in no more children.
        for one in (source, *children):
            gone = await self._store.catalog.delete_source(base, one)
            if gone is None and one == source:
                raise NotFound(f"Knowledge base {base} has no source {source}.")
            if self._dense is not None and gone:
                await self._dense.removed(base, gone)

    async def job(self, base: int, job: int) -> Job:
        """A job as it stands.

        Raises:
            NotFound: the base has no such job.
        """
        found = await self._store.jobs.job(base, job)
        if found is None:
            raise NotFound(f"Knowledge base {base} has no job {job}.")
        return found

    async def cancel(self, base: int, job: int) -> Job:
        """Stop a job; its source then answers nothing until it is added again. A job that has ended stays as it is.

        Raises:
            NotFound: the base has no such job.
        """
        found = await self._store.jobs.cancel(base, job)
        if found is None:
            raise NotFound(f"Knowledge base {base} has no job {job}.")
        if self._dense is not None:
            await self._dense.removed(base, found[1])
        return found[0]

    async def retrieve(
        self, bases: Sequence[int], query: str, *, k: int = 6, lang: str | None = None
    ) -> Retrieval:
        """The best `k` sections for a question, and how likely the first answers it.

        `lang` is the question's language where the caller knows it; passages in it are slightly preferred, and others
        are found too. Obligation: the caller may read these bases. A failing embedder or index lowers the quality,
        never the availability.

        Raises:
            NotFound: one of the bases does not exist.
        """
        return await self._retriever.retrieve(bases, query, k=max(1, min(k, MAX_PASSAGES)), lang=lang)

    async def passage(self, workspace: int, chunk: int, version: int | None = None) -> Passage:
        """The passage that a citation names. Obligation: the base's audience says who may read it.

        Raises:
            NotFound: it was deleted or replaced since, or belongs to another workspace.
        """
        row = (await self._store.pieces.chunks([chunk])).get(chunk)
        if row is None or (version is not None and row[0].version != version):
            raise NotFound(
                f"Passage {chunk} was deleted or replaced since it was cited.", code="passage_gone"
            )
        await self.base(workspace, row[1].base)
        return passage(*row)

    async def calibration(self, base: int) -> Calibration | None:
        """The base's own calibration, None while the shipped prior serves."""
        return await self._store.calibrations.load(base, self.embedder_name)

    async def work(self) -> None:
        """Run jobs and keep the index whole until cancelled."""
        if self._embedder is not None:
            await self._store.jobs.queue_stale(self._embedder.name)
        async with asyncio.TaskGroup() as group:
            if self._dense is not None:
                group.create_task(self._dense.maintain())
            group.create_task(self.care.keep_up())
            for _ in range(JOBS_AT_ONCE):
                group.create_task(self._run_jobs())

    async def drain(self) -> None:
        """Run every job that is free now and settle the index, then return: for command lines, imports and tests."""
        while await self._step():
            pass
        if self._dense is not None:
            await self._dense.settle()

    async def close(self) -> None:
        """Give back threads, files and connections."""
        for each in (self._embedder, self._index, self._fetcher):
            if each is not None:
                await each.close()

    async def _run_jobs(self) -> None:
        while True:
            try:
                if await self._step():
                    continue
            except Exception:
                log.exception("The ingestion worker cannot reach its store")
                await asyncio.sleep(FAULT_PAUSE_S)
                continue
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._queued.wait()
                self._queued.clear()
            except TimeoutError:
                continue

    async def _step(self) -> bool:
        """Run one stage of one job; False when there is none. The last open job of a base is followed by calibration."""
        lease = await self._store.jobs.lease(self._worker, LEASE_S)
        if lease is None:
            return False
        ended = await self._ingestion.run(lease)
        if ended and not await self._store.jobs.open_jobs(lease.job.base):
            await self._calibrate(lease.job.base)
        return True

    async def _calibrate(self, base: int) -> None:
        try:
            memory = await self._memories.current(base)
            changes = await self._store.pieces.changes(base, -1)
            if changes is None or changes.version != memory.version:
                return
            by_id = {section.id: section for section in changes.added}
            sections = [by_id[held.id] for held in memory.sections]
            wrong = await self._store.calibrations.bound(base)
            result = await calibrate(memory, sections, self._store.pieces, self._asking, wrong)
            await self._store.calibrations.save(base, memory.version, result)
        except Exception:
            log.exception("Knowledge base %d could not be calibrated; the last calibration serves", base)


def _key(source: SourceDraft) -> str:
    if source.key:
        return source.key[:MAX_KEY_CHARS]
    if source.kind is SourceKind.CONVERSATIONS:
        return str(source.kind)
    if source.kind is SourceKind.PLUGIN:
        return f"{source.kind}:{source.filename}:{source.url}"[:MAX_KEY_CHARS]
    if source.kind in LOOKED_AT:
        return f"{source.kind}:{source.url}"[:MAX_KEY_CHARS]
    if source.faq is not None:
        return "faq:" + re.sub(r"\s+", " ", source.faq.question.strip().lower())[:MAX_TITLE_CHARS]
    return (f"file:{source.filename}" if source.filename else f"text:{source.title.strip()}")[
        :MAX_TITLE_CHARS
    ]
