"""Imports in SQL. Taking one and keeping it are conditional updates of one row, as with ingestion."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.workspace import UserRow
from myna_knowledge.adapters.import_tables import ImportKeyRow, ImportReportRow, ImportRow
from myna_knowledge.adapters.tables import table
from myna_knowledge.imports.model import Import, ImportLease, ImportState, Kind, Origin, Outcome, Row

JOB, REPORT, KEY, USER = (table(row) for row in (ImportRow, ImportReportRow, ImportKeyRow, UserRow))
MAX_ATTEMPTS = 5
"""An import whose worker died this often is failed: it is likely the import that kills them."""
_OPEN = (ImportState.QUEUED, ImportState.RUNNING)


class SqlImports:
    """`ImportStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Import) -> None:
        values = {
            "id": job.id,
            "workspace": job.workspace,
            "origin": job.origin,
            "name": job.name,
            "asked_by": job.by,
            "inbox": job.inbox,
            "base": job.base,
            "state": job.state,
            "total": job.total,
            "error": job.error,
            "attempts": 0,
            "worker": None,
            "lease_until": 0.0,
            "created_at": job.created_at,
            "changed_at": job.changed_at,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(JOB).values(values))

    async def one(self, workspace: int, job: int) -> Import | None:
        query = select(JOB).where(JOB.c.id == job, JOB.c.workspace == workspace)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().first()
            return None if row is None else _import(row, (await _counts(connection, [job])).get(job, {}))

    async def newest(self, workspace: int, limit: int) -> list[Import]:
        query = select(JOB).where(JOB.c.workspace == workspace).order_by(JOB.c.id.desc()).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
            counts = await _counts(connection, [row["id"] for row in rows])
            return [_import(row, counts.get(row["id"], {})) for row in rows]

    async def lease(self, worker: str, lease_s: float) -> ImportLease | None:
        now = time.time()
        free = or_(
            JOB.c.state == ImportState.QUEUED,
            and_(JOB.c.state == ImportState.RUNNING, JOB.c.lease_until < now),
        )
        async with self._database.read() as connection:
            if (await connection.execute(select(JOB.c.id).where(free).limit(1))).first() is None:
                return None
        oldest = select(JOB).where(free).order_by(JOB.c.id).limit(1).with_for_update(skip_locked=True)
        async with self._database.write() as connection:
            row = (await connection.execute(oldest)).mappings().first()
            if row is None:
                return None
            attempts = row["attempts"] + (row["state"] == ImportState.RUNNING)
            values: dict[str, Any] = {
                "state": ImportState.RUNNING,
                "worker": worker,
                "lease_until": now + lease_s,
                "attempts": attempts,
                "changed_at": now,
            }
            if attempts >= MAX_ATTEMPTS:
                values |= {
                    "state": ImportState.FAILED,
                    "worker": None,
                    "error": f"given up after {MAX_ATTEMPTS} attempts",
                }
            await connection.execute(update(JOB).where(JOB.c.id == row["id"]).values(values))
            given_up = values["state"] is ImportState.FAILED
            return None if given_up else ImportLease(_import({**row, **values}, {}), worker)

    async def step(self, lease: ImportLease, rows: Sequence[Row], total: int, lease_s: float) -> bool:
        now = time.time()
        values = {"total": total, "lease_until": now + lease_s, "attempts": 0, "changed_at": now}
        async with self._database.write() as connection:
            if not await _mine(connection, lease, values):
                return False
            if rows:
                last = select(func.max(REPORT.c.number)).where(REPORT.c.job == lease.job.id)
                number = (await connection.execute(last)).scalar() or 0
                told = [
                    {
                        "job": lease.job.id,
                        "number": number + place,
                        "kind": row.kind,
                        "key": row.key,
                        "title": row.title,
                        "outcome": row.outcome,
                        "detail": row.detail,
                    }
                    for place, row in enumerate(rows, start=1)
                ]
                await connection.execute(insert(REPORT), told)
            return True

    async def finish(self, lease: ImportLease, state: ImportState, error: str | None) -> bool:
        values = {"state": state, "error": error, "worker": None, "changed_at": time.time()}
        async with self._database.write() as connection:
            return await _mine(connection, lease, values)

    async def cancel(self, workspace: int, job: int) -> Import | None:
        here = and_(JOB.c.id == job, JOB.c.workspace == workspace, JOB.c.state.in_(_OPEN))
        values = {"state": ImportState.CANCELLED, "worker": None, "changed_at": time.time()}
        async with self._database.write() as connection:
            await connection.execute(update(JOB).where(here).values(values))
        return await self.one(workspace, job)

    async def reported(self, job: int) -> set[tuple[Kind, str]]:
        query = select(REPORT.c.kind, REPORT.c.key).where(REPORT.c.job == job)
        async with self._database.read() as connection:
            return {(Kind(kind), key) for kind, key in await connection.execute(query)}

    async def rows(self, job: int, outcome: Outcome | None, after: int, limit: int) -> list[Row]:
        query = select(REPORT).where(REPORT.c.job == job, REPORT.c.number > after)
        if outcome is not None:
            query = query.where(REPORT.c.outcome == outcome)
        async with self._database.read() as connection:
            found = (await connection.execute(query.order_by(REPORT.c.number).limit(limit))).mappings()
            return [
                Row(
                    Kind(row["kind"]),
                    row["key"],
                    row["title"],
                    Outcome(row["outcome"]),
                    row["detail"],
                    row["number"],
                )
                for row in found
            ]

    async def named(self, workspace: int, origin: Origin, kind: str, key: str, wanted: int) -> int:
        names = {"workspace": workspace, "origin": origin, "kind": kind, "key": key}
        query = select(KEY.c.id).where(*(KEY.c[name] == value for name, value in names.items()))
        async with self._database.read() as connection:
            known = (await connection.execute(query)).scalar()
        if known is not None:
            return int(known)
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(KEY).values(**names, id=wanted))
            return wanted
        except IntegrityError:
            async with self._database.read() as connection:
                return int((await connection.execute(query)).scalar_one())

    async def retire(self, user: int) -> None:
        since = update(USER).where(USER.c.id == user, USER.c.deactivated_at.is_(None))
        async with self._database.write() as connection:
            await connection.execute(since.values(deactivated_at=time.time()))


async def _mine(connection: AsyncConnection, lease: ImportLease, values: dict[str, Any]) -> bool:
    held = and_(JOB.c.id == lease.job.id, JOB.c.state == ImportState.RUNNING, JOB.c.worker == lease.worker)
    return bool((await connection.execute(update(JOB).where(held).values(values))).rowcount)


async def _counts(connection: AsyncConnection, jobs: Sequence[int]) -> dict[int, dict[str, int]]:
    query = (
        select(REPORT.c.job, REPORT.c.outcome, func.count())
        .where(REPORT.c.job.in_(jobs))
        .group_by(REPORT.c.job, REPORT.c.outcome)
    )
    found: dict[int, dict[str, int]] = {}
    for job, outcome, count in await connection.execute(query):
        found.setdefault(job, {})[outcome] = count
    return found


def _import(row: Any, counts: dict[str, int]) -> Import:
    return Import(
        id=row["id"],
        workspace=row["workspace"],
        origin=Origin(row["origin"]),
        name=row["name"],
        by=row["asked_by"],
        inbox=row["inbox"],
        base=row["base"],
        state=ImportState(row["state"]),
        done=sum(counts.values()),
        total=row["total"],
        counts=counts,
        error=row["error"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
