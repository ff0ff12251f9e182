"""The worker's side of a job: read, cut and store a source; then embed what has no vector yet."""

import asyncio
import logging

from myna.errors import MynaError

from myna_knowledge.chunking import cut
from myna_knowledge.dense import DenseSearch
from myna_knowledge.model import JobState, Lease, Reading, SourceDraft, Stage
from myna_knowledge.ports import Embedder, Point, Store
from myna_knowledge.reading import read_source

log = logging.getLogger(__name__)

LEASE_S = 60.0
BATCH = 8
"""Pieces embedded between two commits: what a kill loses."""
BATCH_TIMEOUT_S = 45.0
"""Below the lease, so that a stuck embedder fails the job before another worker takes it."""


class Ingestion:
    """Runs jobs. Every step commits what it did, and every commit checks that the job is still ours."""

    def __init__(self, store: Store, embedder: Embedder | None, dense: DenseSearch | None) -> None:
        self._store, self._embedder, self._dense = store, embedder, dense

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
        reading = await asyncio.to_thread(_read, handed[0])
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


def _read(draft: SourceDraft) -> Reading:
    document = read_source(draft)
    return Reading(document.title, document.lang, document.url, tuple(cut(document)), document.errors)
