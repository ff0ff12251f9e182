"""The worker's side of a job: read, cut and store a source; then embed what has no vector yet."""

import asyncio
import json
import logging
import time
from dataclasses import asdict, replace

from myna.errors import MynaError
from myna_knowledge.care.handled import entries
from myna_knowledge.model import JobState, Lease, Reading, SourceDraft, SourceKind, Stage
from myna_knowledge.plugged import Plugged, bounded
from myna_knowledge.ports import Embedder, Point, Store
from myna_knowledge.reading.chunking import cut
from myna_knowledge.reading.crawling import USUAL_PAGES, Crawl
from myna_knowledge.reading.fetching import Fetcher, Unfetchable
from myna_knowledge.reading.reading import MAX_TITLE_CHARS, check_draft, read_source
from myna_knowledge.retrieval.dense import DenseSearch

log = logging.getLogger(__name__)

LEASE_S = 60.0
USUAL_DAYS = 90
"""How far back conversations are read unless told otherwise."""
MAX_ERRORS = 100
BATCH = 8
"""Pieces embedded between two commits: what a kill loses."""
BATCH_TIMEOUT_S = 45.0
"""Below the lease, so that a stuck embedder fails the job before another worker takes it."""


class Ingestion:
    """Runs jobs. Every step commits what it did, and every commit checks that the job is still ours."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder | None,
        dense: DenseSearch | None,
        fetcher: Fetcher | None = None,
        plugged: Plugged | None = None,
    ) -> None:
        self._store, self._embedder, self._dense, self._fetcher = store, embedder, dense, fetcher
        self._plugged = plugged or Plugged()

    async def run(self, lease: Lease) -> bool:
        """Run the job's next stage; True when the job has ended. A lost lease ends quietly: somebody else decides."""
        job = lease.job
        try:
            if job.stage is Stage.READ:
                return await self._read(lease)
            return await self._embed(lease)
        except MynaError as error:
            log.info("Job %d of knowledge base %d failed: %s", job.id, job.base, error)
            await self._store.jobs.finish(lease, JobState.FAILED, [error.message])
        except Exception as error:
            log.exception("Job %d of knowledge base %d failed", job.id, job.base)
            await self._store.jobs.finish(lease, JobState.FAILED, [f"{type(error).__name__}: {error}"])
        return True

    async def _read(self, lease: Lease) -> bool:
        job, name = lease.job, self._embedder.name if self._embedder is not None else ""
        handed = await self._store.catalog.draft(job.source) if job.source is not None else None
        if handed is None:
            return True
        draft = handed[0]
        if draft.kind is SourceKind.SITE:
            return await self._crawl(lease, draft)
        if draft.kind is SourceKind.CONVERSATIONS:
            return await self._listen(lease, draft)
        if draft.kind is SourceKind.PLUGIN:
            return await self._read_plugged(lease, draft)
        if draft.kind is SourceKind.URL:
            page = await self._web().get(draft.url or "")
            draft = replace(page.draft(lang=draft.lang), title=draft.title, url=draft.url)
        reading = await asyncio.to_thread(read, draft)
        replaced = await self._store.pieces.replace(lease, reading, name)
        if replaced is None:
            return True
        if self._dense is not None:
            await self._dense.removed(job.base, replaced.removed)
            await self._dense.added(job.base, replaced.reused)
        if self._embedder is None or not replaced.pending:
            await self._store.jobs.finish(lease, JobState.DONE, reading.errors)
            return True
        await self._store.jobs.to_embedding(lease, replaced.pending, reading.errors)
        return False

    async def _embed(self, lease: Lease) -> bool:
        job, embedder, jobs = lease.job, self._embedder, self._store.jobs
        done = job.done
        while embedder is not None:
            chunks = await self._store.pieces.pending(job, embedder.name, BATCH)
            if not chunks:
                break
            async with asyncio.timeout(BATCH_TIMEOUT_S):
                vectors = await embedder.embed_passages([chunk.embedded for chunk in chunks])
            points = [
                Point(chunk.id, chunk.version, chunk.lang, vector)
                for chunk, vector in zip(chunks, vectors, strict=True)
            ]
            if not await self._store.pieces.fill(lease, embedder.name, points):
                return True
            if self._dense is not None:
                await self._dense.added(job.base, points)
            done += len(points)
            if not await jobs.progress(lease, done, max(job.total, done), LEASE_S):
                return True
        await jobs.finish(lease, JobState.DONE, ())
        return True

    def _web(self) -> Fetcher:
        if self._fetcher is None:
            raise Unfetchable("Pages of the web are not read here.", code="no_web")
        return self._fetcher

    async def _crawl(self, lease: Lease, draft: SourceDraft) -> bool:
        """Hand in every page of a site as a source of its own; a page that a whole walk no longer finds is deleted."""
        job, catalog = lease.job, self._store.catalog
        crawl = Crawl(draft.url or "", pages=int(draft.content.split(b"@")[0] or USUAL_PAGES))
        own = children_of(job.source or 0)
        handed_in: set[str] = set()
        async for page in crawl.walk(self._web()):
            try:
                found = page.draft(key=f"{own}{page.url}"[:2000], lang=draft.lang)
                check_draft(found)
                await catalog.put_source(job.base, found.key or "", found)
                handed_in.add(found.key or "")
            except MynaError as failed:
                crawl.errors.append(failed.message)
            if not await self._store.jobs.progress(
                lease, crawl.found, max(len(crawl.seen), crawl.found), LEASE_S
            ):
                return True
        if not crawl.complete:
            crawl.errors.append(
                f"Not all pages were seen: {crawl.found} were read, at most {crawl.pages} are."
            )
        else:
            await self._forget(job.base, own, handed_in)
        await self._store.jobs.finish(lease, JobState.DONE, crawl.errors[:MAX_ERRORS])
        return True

    async def _listen(self, lease: Lease, draft: SourceDraft) -> bool:
        """Hand in what the team answered in each resolved conversation as a source of its own; a conversation that is no
        longer there, no longer resolved or too old by now is deleted."""
        job, catalog = lease.job, self._store.catalog
        bases = await catalog.bases([job.base])
        days = int(draft.content.split(b"@")[0] or USUAL_DAYS)
        own = children_of(job.source or 0)
        handed_in: set[str] = set()
        heard = 0
        async for conversation in self._store.conversations.handled(
            bases[0].workspace if bases else 0, time.time() - days * 86_400.0
        ):
            heard += 1
            pairs = entries(conversation)
            if pairs:
                key = f"{own}{conversation.id}"
                lines = [json.dumps(asdict(pair), ensure_ascii=False) for pair in pairs]
                found = SourceDraft(
                    SourceKind.FILE,
                    title=pairs[0].question[:MAX_TITLE_CHARS],
                    filename="conversation.jsonl",
                    content="\n".join(lines).encode(),
                    key=key,
                )
                await catalog.put_source(job.base, key, found)
                handed_in.add(key)
            if not await self._store.jobs.progress(lease, heard, heard, LEASE_S):
                return True
        await self._forget(job.base, own, handed_in)
        await self._store.jobs.finish(lease, JobState.DONE, ())
        return True

    async def _read_plugged(self, lease: Lease, draft: SourceDraft) -> bool:
        """Hand in every document that a plugin reads as a source of its own; one that no longer comes is deleted."""
        job, catalog = lease.job, self._store.catalog
        own, handed_in, errors = children_of(job.source or 0), set[str](), list[str]()
        reader = self._plugged.reader(draft.filename)
        async for found in bounded(reader.documents(draft.url or "", self._web()), errors):
            try:
                given = replace(found, key=f"{own}{found.key or found.title}"[:2000])
                check_draft(given)
                await catalog.put_source(job.base, given.key or "", given)
                handed_in.add(given.key or "")
            except MynaError as failed:
                errors.append(failed.message)
            if not await self._store.jobs.progress(lease, len(handed_in), len(handed_in), LEASE_S):
                return True
        await self._forget(job.base, own, handed_in)
        await self._store.jobs.finish(lease, JobState.DONE, errors[:MAX_ERRORS])
        return True

    async def _forget(self, base: int, own: str, kept: set[str]) -> None:
        for source in await self._store.catalog.sources(base):
            if source.key.startswith(own) and source.key not in kept:
                gone = await self._store.catalog.delete_source(base, source.id)
                if self._dense is not None and gone:
                    await self._dense.removed(base, gone)


def children_of(source: int) -> str:
    """How the keys of all sources begin that came of this one."""
    return f"page:{source}:"


def read(draft: SourceDraft) -> Reading:
    """A draft read and cut into sections. Blocks.

    Raises:
        Unreadable: nothing can be read of it.
    """
    document = read_source(draft)
    return Reading(document.title, document.lang, document.url, tuple(cut(document)), document.errors)
