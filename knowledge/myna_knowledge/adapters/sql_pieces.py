"""Sections, chunks and vectors in SQL: the truth from which every index can be rebuilt."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.ids import new_id
from myna_knowledge.adapters.sql_catalog import bump
from myna_knowledge.adapters.sql_jobs import held
from myna_knowledge.adapters.tables import BaseRow, ChunkRow, SectionRow, SourceRow, table
from myna_knowledge.model import Chunk, Job, Lease, Reading, Section, SectionDraft, SourceState
from myna_knowledge.ports import Changes, Point, Replaced, Spot
from myna_knowledge.vectors import Vectors

BASE, SOURCE, SECTION, CHUNK = (table(row) for row in (BaseRow, SourceRow, SectionRow, ChunkRow))

IN_LIMIT = 900
"""Values per IN list: within every SQLite's bound on parameters."""
_CHUNK_NAMES = ("id", "section", "source", "version", "start_at", "end_at", "embedded", "lang")
_CHUNK_COLUMNS = [CHUNK.c[name] for name in _CHUNK_NAMES]

_POINT = (CHUNK.c.id, CHUNK.c.version, CHUNK.c.lang, CHUNK.c.vector)


class SqlPieces:
    """`Pieces` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, lease: Lease, reading: Reading, embedder: str) -> Replaced | None:
        job, sections = lease.job, reading.sections
        read = {"title": reading.title, "lang": reading.lang, "url": reading.url}
        async with self._database.write() as connection:
            if job.source is None or await held(connection, lease) is None:
                return None
            written = await bump(connection, job.base)
            source = (
                (await connection.execute(select(SOURCE).where(SOURCE.c.id == job.source))).mappings().one()
            )
            shown = {**read, "state": SourceState.INDEXING, "error": None}
            await connection.execute(update(SOURCE).where(SOURCE.c.id == job.source).values(shown))
            kept, stale = await _compare(connection, job.source, sections)
            fresh = [(at, draft) for at, draft in enumerate(sections) if at not in kept]
            new = _Rows(job.base, job.source, source["version"], written, fresh)
            reused = await _reuse(connection, new, job.base, embedder)
            removed = await _drop_sections(connection, stale)
            for rows, target in ((new.sections, SECTION), (new.chunks, CHUNK)):
                if rows:
                    await connection.execute(insert(target), rows)
            if reused:
                grown = update(BASE).where(BASE.c.id == job.base).values(vectors=BASE.c.vectors + 1)
                await connection.execute(grown)
            pending = await connection.execute(
                select(func.count()).select_from(CHUNK).where(CHUNK.c.source == job.source, _lacks(embedder))
            )
            return Replaced(tuple(removed), tuple(reused), pending.scalar_one())

    async def pending(self, job: Job, embedder: str, limit: int) -> list[Chunk]:
        query = select(*_CHUNK_COLUMNS).where(CHUNK.c.base == job.base, _lacks(embedder))
        if job.source is not None:
            query = query.where(CHUNK.c.source == job.source)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(CHUNK.c.id).limit(limit))
            return [Chunk(*row) for row in rows]

    async def fill(self, lease: Lease, embedder: str, points: Sequence[Point]) -> bool:
        async with self._database.write() as connection:
            if await held(connection, lease) is None:
                return False
            grown = update(BASE).where(BASE.c.id == lease.job.base).values(vectors=BASE.c.vectors + 1)
            filled = (await connection.execute(grown.returning(BASE.c.vectors))).scalar_one()
            for point in points:
                values = {"vector": packed(point.vector), "embedder": embedder, "filled": filled}
                await connection.execute(update(CHUNK).where(CHUNK.c.id == point.chunk).values(values))
            return True

    async def changes(self, base: int, since: int) -> Changes | None:
        versions = select(BASE.c.version, BASE.c.vectors).where(BASE.c.id == base)
        # Asked for before every question and nearly always as it was: one step, not a transaction.
        known = await self._database.all(versions)
        if known and known[0].version == since:
            return Changes(since, known[0].vectors, (), None)
        async with self._database.read() as connection:
            head = (await connection.execute(versions)).mappings().first()
            if head is None:
                return None
            if head["version"] == since:
                return Changes(since, head["vectors"], (), None)
            newer = (
                select(SECTION)
                .where(SECTION.c.base == base, SECTION.c.written > since)
                .order_by(SECTION.c.id)
            )
            added = tuple(section(row) for row in (await connection.execute(newer)).mappings())
            alive = await connection.execute(select(SECTION.c.id).where(SECTION.c.base == base))
            return Changes(head["version"], head["vectors"], added, frozenset(row[0] for row in alive))

    async def chunks(self, ids: Sequence[int]) -> dict[int, tuple[Chunk, Section]]:
        query = select(*_CHUNK_COLUMNS, SECTION).join(SECTION, SECTION.c.id == CHUNK.c.section)
        found: dict[int, tuple[Chunk, Section]] = {}
        names = [column.name for column in SECTION.c]
        for some in _pages(ids):
            for row in await self._database.all(query.where(CHUNK.c.id.in_(some))):
                parts = tuple(row)
                whole = dict(zip(names, parts[len(_CHUNK_COLUMNS) :], strict=True))
                found[parts[0]] = (Chunk(*parts[: len(_CHUNK_COLUMNS)]), section(whole))
        return found

    async def chunks_of(self, sections: Sequence[int]) -> list[Chunk]:
        found: list[Chunk] = []
        for some in _pages(sections):
            query = select(*_CHUNK_COLUMNS).where(CHUNK.c.section.in_(some)).order_by(CHUNK.c.id)
            found.extend(Chunk(*row) for row in await self._database.all(query))
        return found

    async def spots(
        self, embedder: str, *, chunks: Sequence[int] = (), sections: Sequence[int] = ()
    ) -> list[Spot]:
        found: dict[int, Spot] = {}
        wanted = [(CHUNK.c.id, some) for some in _pages(chunks)]
        wanted += [(CHUNK.c.section, some) for some in _pages(sections)]
        for column, some in wanted:
            query = select(CHUNK.c.id, CHUNK.c.section, CHUNK.c.vector).where(
                column.in_(some), CHUNK.c.embedder == embedder
            )
            for row in await self._database.all(query):
                found[row[0]] = Spot(row[0], row[1], unpacked(row[2]))
        return list(found.values())

    async def sample(self, base: int, embedder: str, limit: int, *, kind: str | None = None) -> list[Point]:
        nth = func.row_number().over(partition_by=CHUNK.c.lang, order_by=(CHUNK.c.digest, CHUNK.c.id))
        drawn = select(*_POINT, nth.label("nth")).where(CHUNK.c.base == base, CHUNK.c.embedder == embedder)
        if kind is not None:
            drawn = drawn.join(SECTION, SECTION.c.id == CHUNK.c.section).where(SECTION.c.kind == kind)
        ranked = drawn.subquery()
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(ranked).where(ranked.c.nth <= limit).order_by(ranked.c.nth)
            )
            return [_point(row) for row in rows]

    async def points(
        self, base: int, embedder: str, after: int, limit: int, *, since: int = 0
    ) -> list[Point]:
        query = select(*_POINT).where(
            CHUNK.c.base == base, CHUNK.c.embedder == embedder, CHUNK.c.id > after, CHUNK.c.filled > since
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(CHUNK.c.id).limit(limit))
            return [_point(row) for row in rows]

    async def coverage(self, base: int, embedder: str) -> float:
        query = select(func.count(), func.sum(case((CHUNK.c.embedder == embedder, 1), else_=0)))
        async with self._database.read() as connection:
            total, held = (await connection.execute(query.where(CHUNK.c.base == base))).one()
        return held / total if total else 1.0

    async def counts(self, base: int, embedder: str) -> dict[str, int]:
        query = (
            select(CHUNK.c.lang, func.count())
            .where(CHUNK.c.base == base, CHUNK.c.embedder == embedder)
            .group_by(CHUNK.c.lang)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}


class _Rows:
    """Rows of new sections and their chunks."""

    def __init__(
        self, base: int, source: int, version: int, written: int, drafts: Sequence[tuple[int, SectionDraft]]
    ) -> None:
        self.sections: list[dict[str, Any]] = []
        self.chunks: list[dict[str, Any]] = []
        for ordinal, draft in drafts:
            place = {"base": base, "source": source, "version": version}
            row = {**place, "id": new_id(), "ordinal": ordinal, "written": written, **_columns(draft)}
            self.sections.append(row)
            for piece in draft.pieces:
                spot = {"id": new_id(), "section": row["id"], "start_at": piece.start, "end_at": piece.end}
                text = {"embedded": piece.embedded, "lang": draft.lang, "digest": _hash(piece.embedded)}
                self.chunks.append({**place, **spot, **text, "embedder": None, "vector": None, "filled": 0})


def _columns(draft: SectionDraft) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": draft.title,
        "heading": draft.heading,
        "text": draft.text,
        "lang": draft.lang,
        "kind": draft.kind,
        "question": draft.question,
        "answer": draft.answer,
        "variants": json.dumps(draft.variants, ensure_ascii=False),
        "tags": json.dumps(draft.tags, ensure_ascii=False),
        "url": draft.url,
    }
    pieces = [(piece.start, piece.end, piece.embedded) for piece in draft.pieces]
    return {**values, "digest": _hash(json.dumps([values, pieces], ensure_ascii=False))}


async def _compare(
    connection: AsyncConnection, source: int, drafts: Sequence[SectionDraft]
) -> tuple[set[int], list[int]]:
    """Which drafts are stored already, by position, and which stored sections are not wanted any more."""
    query = select(SECTION.c.id, SECTION.c.digest).where(SECTION.c.source == source).order_by(SECTION.c.id)
    stored: dict[str, list[int]] = {}
    for row in await connection.execute(query):
        stored.setdefault(row[1], []).append(row[0])
    kept: set[int] = set()
    for at, draft in enumerate(drafts):
        same = stored.get(_columns(draft)["digest"])
        if same:
            same.pop(0)
            kept.add(at)
    return kept, [each for same in stored.values() for each in same]


async def _reuse(connection: AsyncConnection, new: _Rows, base: int, embedder: str) -> list[Point]:
    """Fill in the vectors that the same words have anywhere in the base already."""
    known: dict[str, bytes] = {}
    chunks = new.chunks
    for some in _pages(list({row["digest"] for row in chunks})):
        query = select(CHUNK.c.digest, CHUNK.c.vector).where(
            CHUNK.c.base == base, CHUNK.c.digest.in_(some), CHUNK.c.embedder == embedder
        )
        known.update((row[0], bytes(row[1])) for row in await connection.execute(query))
    reused: list[Point] = []
    next_filled = select(BASE.c.vectors).where(BASE.c.id == base)
    filled = (await connection.execute(next_filled)).scalar_one() + 1
    for row in chunks:
        vector = known.get(row["digest"])
        if vector is not None:
            row.update(vector=vector, embedder=embedder, filled=filled)
            reused.append(Point(row["id"], row["version"], row["lang"], unpacked(vector)))
    return reused


async def _drop_sections(connection: AsyncConnection, sections: Sequence[int]) -> list[int]:
    removed: list[int] = []
    for some in _pages(sections):
        gone = await connection.execute(delete(CHUNK).where(CHUNK.c.section.in_(some)).returning(CHUNK.c.id))
        removed.extend(row[0] for row in gone)
        await connection.execute(delete(SECTION).where(SECTION.c.id.in_(some)))
    return removed


def section(row: Any) -> Section:
    """A section from a row's mapping."""
    return Section(
        **{name: row[name] for name in _PLAIN},
        variants=tuple(json.loads(row["variants"])),
        tags=tuple(json.loads(row["tags"])),
    )


_PLAIN = tuple(name for name in Section.__slots__ if name not in {"variants", "tags"})


def _point(row: Any) -> Point:
    return Point(row[0], row[1], row[2], unpacked(row[3]))


def _lacks(embedder: str) -> Any:
    return or_(CHUNK.c.embedder.is_(None), CHUNK.c.embedder != embedder)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def packed(vector: Vectors) -> bytes:
    """A vector as it is stored: float16."""
    return vector.astype(np.float16).tobytes()


def unpacked(data: bytes) -> Vectors:
    """A stored vector, float32 and of unit length again."""
    vector = np.frombuffer(data, dtype=np.float16).astype(np.float32)
    # float16 rounds each part by up to 0.05 %, so the length is set to one again.
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _pages(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[at : at + IN_LIMIT] for at in range(0, len(values), IN_LIMIT)]
