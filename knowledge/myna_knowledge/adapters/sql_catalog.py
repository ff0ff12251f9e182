"""Knowledge bases and sources in SQL."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from myna.adapters.sql.database import Database
from myna.errors import Conflict, NotFound
from myna.ids import new_id
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from myna_knowledge.adapters.sql_jobs import cancel_open, insert_job
from myna_knowledge.adapters.tables import BaseRow, ChunkRow, JobRow, SectionRow, SourceRow, table
from myna_knowledge.model import (
    BaseSummary,
    FaqEntry,
    Job,
    JobState,
    KnowledgeBase,
    Source,
    SourceDraft,
    SourceKind,
    SourceState,
    Stage,
)

BASE, SOURCE, SECTION, CHUNK, JOB = (table(row) for row in (BaseRow, SourceRow, SectionRow, ChunkRow, JobRow))

_SOURCE_COLUMNS = [column for column in SOURCE.c if column.name not in {"content", "faq", "digest"}]


class SqlCatalog:
    """`Catalog` over a database. Locks are taken in the order job, base, source, so that no two verbs can deadlock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_base(self, workspace: int, name: str, audience: str) -> KnowledgeBase:
        by_name = select(BASE).where(BASE.c.workspace == workspace, BASE.c.name == name)
        async with self._database.write() as connection:
            row = (await connection.execute(by_name)).mappings().first()
            if row is None:
                values = {
                    "id": new_id(),
                    "workspace": workspace,
                    "name": name,
                    "audience": audience,
                    "version": 0,
                    "vectors": 0,
                    "created_at": time.time(),
                }
                await connection.execute(insert(BASE).values(values))
                return _base(values)
            return _base(row)

    async def bases(self, ids: Sequence[int]) -> list[KnowledgeBase]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(BASE).where(BASE.c.id.in_(list(ids))))
            return [_base(row) for row in rows.mappings()]

    async def summaries(self, workspace: int) -> list[BaseSummary]:
        def counted(of: Any, *where: Any) -> Any:
            return (
                select(func.count()).select_from(of).where(of.c.base == BASE.c.id, *where).scalar_subquery()
            )

        unfinished = JOB.c.state.in_([JobState.QUEUED, JobState.RUNNING])
        query = (
            select(BASE, counted(SOURCE), counted(CHUNK), counted(JOB, unfinished))
            .where(BASE.c.workspace == workspace)
            .order_by(BASE.c.name)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [BaseSummary(_base(row._mapping), *row[-3:]) for row in rows]

    async def put_source(self, base: int, key: str, draft: SourceDraft) -> tuple[Source, Job]:
        digest = _digest(draft)
        by_key = select(SOURCE).where(SOURCE.c.base == base, SOURCE.c.key == key)
        try:
            async with self._database.write() as connection:
                old = (await connection.execute(by_key)).mappings().first()
                same = old is not None and old["digest"] == digest
                if (
                    same
                    and old is not None
                    and old["state"] not in {SourceState.FAILED, SourceState.CANCELLED}
                ):
                    return await _as_it_is(connection, base, old)
                if old is not None:
                    await cancel_open(connection, old["id"])
                await _lock_base(connection, base)
                values = _source_values(base, key, draft, digest, old)
                if old is None:
                    await connection.execute(insert(SOURCE).values(values))
                else:
                    await connection.execute(update(SOURCE).where(SOURCE.c.id == old["id"]).values(values))
                size = len(draft.content) if draft.faq is None else len(draft.faq.answer)
                # FAQ goes first: it is what customers ask most, and short enough to be ready within seconds.
                first = draft.kind is SourceKind.FAQ or draft.filename.endswith(".jsonl")
                priority = size if first else size + 1_000_000_000
                job = await insert_job(connection, base, values["id"], Stage.READ, priority)
                return _source({**values, "chunks": 0}), job
        except IntegrityError as error:
            raise Conflict(f"Source {key!r} is being added by somebody else; try again.") from error

    async def sources(self, base: int) -> list[Source]:
        chunks = (
            select(func.count()).select_from(CHUNK).where(CHUNK.c.source == SOURCE.c.id).scalar_subquery()
        )
        query = (
            select(*_SOURCE_COLUMNS, chunks.label("chunks"))
            .where(SOURCE.c.base == base)
            .order_by(SOURCE.c.title, SOURCE.c.id)
        )
        async with self._database.read() as connection:
            return [_source(row) for row in (await connection.execute(query)).mappings()]

    async def draft(self, source: int) -> tuple[SourceDraft, int] | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(SOURCE).where(SOURCE.c.id == source))).mappings().first()
        if row is None:
            return None
        faq = json.loads(row["faq"]) if row["faq"] else None
        draft = SourceDraft(
            kind=SourceKind(row["kind"]),
            title=row["title"],
            filename=row["filename"],
            content=bytes(row["content"]),
            faq=None if faq is None else FaqEntry(**{**faq, "variants": tuple(faq["variants"])}),
            lang=row["lang"],
            key=row["key"],
            url=row["url"],
        )
        return draft, row["version"]

    async def delete_source(self, base: int, source: int) -> list[int] | None:
        async with self._database.write() as connection:
            await cancel_open(connection, source)
            await bump(connection, base)
            found = await connection.execute(
                delete(SOURCE).where(SOURCE.c.id == source, SOURCE.c.base == base)
            )
            if not found.rowcount:
                return None
            return await delete_pieces(connection, source)


async def bump(connection: AsyncConnection, base: int) -> int:
    """Count the base's version up and keep its row locked: versions are committed in their order."""
    grown = update(BASE).where(BASE.c.id == base).values(version=BASE.c.version + 1).returning(BASE.c.version)
    version: int | None = (await connection.execute(grown)).scalar_one_or_none()
    if version is None:
        raise NotFound(f"There is no knowledge base {base}.")
    return version


async def delete_pieces(connection: AsyncConnection, source: int) -> list[int]:
    """Delete a source's sections and chunks; the chunks' ids."""
    gone = await connection.execute(delete(CHUNK).where(CHUNK.c.source == source).returning(CHUNK.c.id))
    chunks = [row[0] for row in gone]
    await connection.execute(delete(SECTION).where(SECTION.c.source == source))
    return chunks


async def _lock_base(connection: AsyncConnection, base: int) -> None:
    found = await connection.execute(select(BASE.c.id).where(BASE.c.id == base).with_for_update())
    if found.first() is None:
        raise NotFound(f"There is no knowledge base {base}.")


async def _as_it_is(connection: AsyncConnection, base: int, row: Any) -> tuple[Source, Job]:
    """An unchanged source: its open job, or one that is done already because there is nothing to do."""
    chunks = await connection.execute(
        select(func.count()).select_from(CHUNK).where(CHUNK.c.source == row["id"])
    )
    latest = await connection.execute(
        select(JOB).where(JOB.c.source == row["id"]).order_by(JOB.c.id.desc()).limit(1)
    )
    known = latest.mappings().first()
    source = _source({**row, "chunks": chunks.scalar_one()})
    if known is None:
        return source, await insert_job(connection, base, row["id"], Stage.EMBED, 0, state=JobState.DONE)
    return source, Job(
        id=known["id"],
        base=base,
        source=row["id"],
        state=JobState(known["state"]),
        stage=Stage(known["stage"]),
        done=known["done"],
        total=known["total"],
        errors=tuple(json.loads(known["errors"])),
    )


def _digest(draft: SourceDraft) -> str:
    faq = None if draft.faq is None else asdict(draft.faq)
    described = json.dumps(
        [draft.kind, draft.title, draft.filename, draft.lang, draft.url, faq], ensure_ascii=False
    )
    return hashlib.sha256(described.encode() + b"\0" + draft.content).hexdigest()


def _source_values(base: int, key: str, draft: SourceDraft, digest: str, old: Any) -> dict[str, Any]:
    return {
        "id": new_id() if old is None else old["id"],
        "base": base,
        "key": key,
        "kind": draft.kind,
        "title": draft.title,
        "filename": draft.filename,
        "lang": draft.lang,
        "url": draft.url,
        "version": 1 if old is None else old["version"] + 1,
        "state": SourceState.QUEUED,
        "error": None,
        "content": draft.content,
        "faq": None if draft.faq is None else json.dumps(asdict(draft.faq), ensure_ascii=False),
        "digest": digest,
        "changed_at": time.time(),
    }


def _base(row: Any) -> KnowledgeBase:
    return KnowledgeBase(
        row["id"], row["workspace"], row["name"], row["audience"], row["version"], row["created_at"]
    )


def _source(row: Any) -> Source:
    return Source(
        id=row["id"],
        base=row["base"],
        key=row["key"],
        kind=SourceKind(row["kind"]),
        title=row["title"] or row["filename"] or row["key"],
        lang=row["lang"],
        url=row["url"],
        filename=row["filename"],
        version=row["version"],
        state=SourceState(row["state"]),
        error=row["error"],
        chunks=row["chunks"],
        changed_at=row["changed_at"],
    )
