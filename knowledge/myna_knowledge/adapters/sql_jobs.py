"""Durable ingestion jobs in SQL. Taking a job and keeping it are conditional updates of one row."""

import json
import time
from collections.abc import Sequence
from typing import Any

from myna.adapters.sql.database import Database
from myna.ids import new_id
from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from myna_knowledge.adapters.tables import BaseRow, ChunkRow, JobRow, SectionRow, SourceRow, table
from myna_knowledge.model import Job, JobState, Lease, SourceState, Stage

JOB, BASE, CHUNK, SECTION, SOURCE = (table(row) for row in (JobRow, BaseRow, ChunkRow, SectionRow, SourceRow))

MAX_ATTEMPTS = 5
"""A job whose worker died this often is failed: it is likely the job that kills them."""

_OPEN = JOB.c.state.in_([JobState.QUEUED, JobState.RUNNING])
_ENDINGS = {
    JobState.DONE: SourceState.READY,
    JobState.FAILED: SourceState.FAILED,
    JobState.CANCELLED: SourceState.CANCELLED,
}


class SqlJobs:
    """`Jobs` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, worker: str, lease_s: float) -> Lease | None:
        now = time.time()
        expired = and_(JOB.c.state == JobState.RUNNING, JOB.c.lease_until < now)
        free = or_(JOB.c.state == JobState.QUEUED, expired)
        # "read" sorts after "embed": descending puts every source's reading before any embedding.
        next_job = (
            select(JOB)
            .where(free)
            .order_by(JOB.c.stage.desc(), JOB.c.priority, JOB.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.read() as connection:
            if (await connection.execute(select(JOB.c.id).where(free).limit(1))).first() is None:
                return None
        async with self._database.write() as connection:
            row = (await connection.execute(next_job)).mappings().first()
            if row is None:
                return None
            if row["attempts"] >= MAX_ATTEMPTS:
                await _end(connection, row, JobState.FAILED, [f"given up after {MAX_ATTEMPTS} attempts"])
                return None
            # A job that changes stage is queued, so only a dead worker's job counts as another attempt.
            attempts = row["attempts"] + (row["state"] == JobState.RUNNING)
            taken = {
                "state": JobState.RUNNING,
                "worker": worker,
                "lease_until": now + lease_s,
                "attempts": attempts,
            }
            await connection.execute(update(JOB).where(JOB.c.id == row["id"]).values(taken))
            return Lease(_job({**row, **taken}), worker)

    async def progress(self, lease: Lease, done: int, total: int, lease_s: float) -> bool:
        values = {"done": done, "total": total, "lease_until": time.time() + lease_s, "attempts": 0}
        return await self._update(lease, values)

    async def to_embedding(self, lease: Lease, total: int, errors: Sequence[str]) -> bool:
        values = {
            "state": JobState.QUEUED,
            "stage": Stage.EMBED,
            "worker": None,
            "total": total,
            "done": 0,
            "errors": json.dumps(list(errors), ensure_ascii=False),
        }
        return await self._update(lease, values)

    async def _update(self, lease: Lease, values: dict[str, Any]) -> bool:
        mine = and_(JOB.c.id == lease.job.id, JOB.c.state == JobState.RUNNING, JOB.c.worker == lease.worker)
        async with self._database.write() as connection:
            found = await connection.execute(update(JOB).where(mine).values(changed_at=time.time(), **values))
            return bool(found.rowcount)

    async def finish(self, lease: Lease, state: JobState, errors: Sequence[str]) -> bool:
        async with self._database.write() as connection:
            row = await held(connection, lease)
            if row is None:
                return False
            await _end(connection, row, state, errors)
            return True

    async def cancel(self, base: int, job: int) -> tuple[Job, list[int]] | None:
        one = select(JOB).where(JOB.c.id == job, JOB.c.base == base).with_for_update()
        async with self._database.write() as connection:
            row = (await connection.execute(one)).mappings().first()
            if row is None:
                return None
            if row["state"] not in {JobState.QUEUED, JobState.RUNNING}:
                return _job(row), []
            await _end(connection, row, JobState.CANCELLED, [])
            gone: list[int] = []
            if row["source"] is not None:
                await connection.execute(
                    update(BASE).where(BASE.c.id == base).values(version=BASE.c.version + 1)
                )
                deleted = delete(CHUNK).where(CHUNK.c.source == row["source"]).returning(CHUNK.c.id)
                gone = [each[0] for each in await connection.execute(deleted)]
                await connection.execute(delete(SECTION).where(SECTION.c.source == row["source"]))
            return _job({**row, "state": JobState.CANCELLED}), gone

    async def job(self, base: int, job: int) -> Job | None:
        async with self._database.read() as connection:
            found = await connection.execute(select(JOB).where(JOB.c.id == job, JOB.c.base == base))
            row = found.mappings().first()
            return None if row is None else _job(row)

    async def open_jobs(self, base: int) -> int:
        counted = select(func.count()).select_from(JOB).where(JOB.c.base == base, _OPEN)
        async with self._database.read() as connection:
            count: int = (await connection.execute(counted)).scalar_one()
            return count

    async def queue_stale(self, embedder: str) -> int:
        busy = select(JOB.c.base).where(_OPEN)
        stale = (
            select(CHUNK.c.base)
            .where(or_(CHUNK.c.embedder.is_(None), CHUNK.c.embedder != embedder), CHUNK.c.base.not_in(busy))
            .distinct()
        )
        async with self._database.write() as connection:
            bases = [row[0] for row in await connection.execute(stale)]
            for base in bases:
                await insert_job(connection, base, None, Stage.EMBED, 0)
            return len(bases)


async def insert_job(
    connection: AsyncConnection,
    base: int,
    source: int | None,
    stage: Stage,
    priority: int,
    *,
    state: JobState = JobState.QUEUED,
) -> Job:
    """Insert a job and return it."""
    values = {
        "id": new_id(),
        "base": base,
        "source": source,
        "state": state,
        "stage": stage,
        "priority": priority,
        "done": 0,
        "total": 0,
        "errors": "[]",
        "attempts": 0,
        "worker": None,
        "lease_until": 0.0,
        "changed_at": time.time(),
    }
    await connection.execute(insert(JOB).values(values))
    return _job(values)


async def cancel_open(connection: AsyncConnection, source: int) -> None:
    """Cancel a source's unfinished jobs; their workers find out at their next step, and store nothing more."""
    cancelled = (
        update(JOB)
        .where(JOB.c.source == source, _OPEN)
        .values(state=JobState.CANCELLED, changed_at=time.time())
    )
    await connection.execute(cancelled)


async def held(connection: AsyncConnection, lease: Lease) -> Any:
    """The lease's job row, locked, or None when the lease was lost."""
    mine = and_(JOB.c.id == lease.job.id, JOB.c.state == JobState.RUNNING, JOB.c.worker == lease.worker)
    return (await connection.execute(select(JOB).where(mine).with_for_update())).mappings().first()


async def _end(connection: AsyncConnection, row: Any, state: JobState, errors: Sequence[str]) -> None:
    told = [*json.loads(row["errors"]), *errors]
    now = time.time()
    values = {
        "state": state,
        "worker": None,
        "errors": json.dumps(told, ensure_ascii=False),
        "changed_at": now,
    }
    await connection.execute(update(JOB).where(JOB.c.id == row["id"]).values(values))
    if row["source"] is not None:
        error = "; ".join(told)[:2000] or None
        outcome = {"state": _ENDINGS[state], "error": error, "changed_at": now}
        await connection.execute(update(SOURCE).where(SOURCE.c.id == row["source"]).values(outcome))


def _job(row: Any) -> Job:
    return Job(
        id=row["id"],
        base=row["base"],
        source=row["source"],
        state=JobState(row["state"]),
        stage=Stage(row["stage"]),
        done=row["done"],
        total=row["total"],
        errors=tuple(json.loads(row["errors"])),
    )
