"""Questions, gaps and findings in SQL."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.ids import new_id
from myna_knowledge.adapters.care_tables import CareRow, FindingRow, GapRow, QuestionRow
from myna_knowledge.adapters.sql_pieces import packed, unpacked
from myna_knowledge.adapters.tables import BaseRow, table
from myna_knowledge.care.model import Exchange, Finding, FindingKind, Gap, GapState, Question, Usage
from myna_knowledge.vectors import Vectors

QUESTION, GAP, FINDING, CARE, BASE = (
    table(row) for row in (QuestionRow, GapRow, FindingRow, CareRow, BaseRow)
)
MAX_GAPS = 500
MAX_FINDINGS = 500
MAX_MEMBERS = 5000


class SqlCare:
    """`CareStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bases(self) -> list[int]:
        async with self._database.read() as connection:
            return [row[0] for row in await connection.execute(select(BASE.c.id).order_by(BASE.c.id))]

    async def newest(self, base: int) -> int:
        query = select(func.max(QUESTION.c.turn)).where(QUESTION.c.base == base)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one() or 0

    async def keep(self, base: int, exchanges: Sequence[tuple[Exchange, str, str]], oldest: float) -> None:
        turns = [each.turn for each, _, _ in exchanges]
        async with self._database.write() as connection:
            known = await connection.execute(select(QUESTION.c.turn).where(QUESTION.c.turn.in_(turns)))
            have = {row[0] for row in known}
            rows = [_question_row(base, *each) for each in exchanges if each[0].turn not in have]
            if rows:
                await connection.execute(insert(QUESTION), rows)
            old = and_(QUESTION.c.base == base, QUESTION.c.at < oldest)
            if (await connection.execute(delete(QUESTION).where(old))).rowcount:
                await _drop_empty(connection, base)

    async def unsorted(self, base: int, limit: int) -> list[Question]:
        query = _questions(base, answered=False).where(QUESTION.c.gap.is_(None)).order_by(QUESTION.c.turn)
        async with self._database.read() as connection:
            return [_question(row) for row in (await connection.execute(query.limit(limit))).mappings()]

    async def questions(
        self,
        base: int,
        *,
        since: float = 0.0,
        gap: int | None = None,
        answered: bool = False,
        limit: int = 500,
    ) -> list[Question]:
        query = _questions(base, answered=answered).where(QUESTION.c.at >= since)
        if gap is not None:
            query = query.where(QUESTION.c.gap == gap)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(QUESTION.c.turn.desc()).limit(limit))
            return [_question(row) for row in rows.mappings()]

    async def sort_in(
        self, base: int, question: Question, vector: Vectors | None, embedder: str, gap: int | None
    ) -> int:
        now = time.time()
        one = QUESTION.c.turn == question.turn
        async with self._database.write() as connection:
            already = (await connection.execute(select(QUESTION.c.gap).where(one).with_for_update())).scalar()
            if already is not None:
                return int(already)
            into = gap if gap is not None else new_id()
            if gap is None:
                values = {"id": into, "base": base, "question": question.text, "lang": question.lang}
                await connection.execute(
                    insert(GAP).values(values | {"state": GapState.OPEN, "source": None, "changed_at": now})
                )
            else:
                # Asked again although it was resolved: what resolved it does not answer everybody.
                again = and_(GAP.c.id == gap, GAP.c.state == GapState.RESOLVED)
                await connection.execute(update(GAP).where(again).values(state=GapState.OPEN, changed_at=now))
            kept = {"gap": into, "embedder": embedder, "vector": None if vector is None else packed(vector)}
            await connection.execute(update(QUESTION).where(one).values(kept))
            return into

    async def name(self, gap: int, question: str, lang: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(GAP)
                .where(GAP.c.id == gap)
                .values(question=question, lang=lang, changed_at=time.time())
            )

    async def forget(self, base: int, turns: Sequence[int]) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(QUESTION).where(QUESTION.c.turn.in_(list(turns))))
            await _drop_empty(connection, base)

    async def gaps(self, base: int, state: GapState | None) -> list[Gap]:
        query = _gaps(base)
        if state is not None:
            query = query.where(GAP.c.state == state)
        ordered = query.order_by(func.count().desc(), func.max(QUESTION.c.at).desc(), GAP.c.id).limit(
            MAX_GAPS
        )
        async with self._database.read() as connection:
            return [_gap(row) for row in (await connection.execute(ordered)).mappings()]

    async def gap(self, base: int, gap: int) -> Gap | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_gaps(base).where(GAP.c.id == gap))).mappings().first()
        return None if row is None else _gap(row)

    async def end(self, base: int, gap: int, state: GapState, source: int | None = None) -> bool:
        values = {"state": state, "source": source, "changed_at": time.time()}
        async with self._database.write() as connection:
            done = await connection.execute(
                update(GAP).where(GAP.c.base == base, GAP.c.id == gap).values(values)
            )
            return bool(done.rowcount)

    async def members(self, base: int) -> list[Question]:
        query = select(QUESTION).where(QUESTION.c.base == base, QUESTION.c.gap.is_not(None))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(QUESTION.c.turn).limit(MAX_MEMBERS))
            return [_question(row) for row in rows.mappings()]

    async def usage(self, base: int, source: int, days: int, since: float) -> Usage:
        # Ids are digits between quotes, so that one is never found inside another.
        cited = QUESTION.c.sources.contains(f'"{source}"', autoescape=True)
        query = select(func.count(), func.count(QUESTION.c.conversation.distinct())).where(
            QUESTION.c.base == base, QUESTION.c.at >= since, cited
        )
        async with self._database.read() as connection:
            answers, conversations = (await connection.execute(query)).one()
        return Usage(days, answers, conversations)

    async def cited(self, base: int, since: float) -> tuple[int, set[int]]:
        query = select(QUESTION.c.sources).where(
            QUESTION.c.base == base, QUESTION.c.at >= since, QUESTION.c.answered.is_(True)
        )
        async with self._database.read() as connection:
            rows = [json.loads(row[0]) for row in await connection.execute(query)]
        return len(rows), {int(source) for row in rows for source in row}

    async def examined(self, base: int) -> tuple[int, float]:
        query = select(CARE.c.examined, CARE.c.examined_at).where(CARE.c.base == base)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return (-1, 0.0) if row is None else (row[0], row[1])

    async def found(self, base: int, version: int, findings: Sequence[Finding]) -> None:
        now = time.time()
        async with self._database.write() as connection:
            query = select(FINDING).where(FINDING.c.base == base)
            known = {(row["kind"], row["key"]): row for row in (await connection.execute(query)).mappings()}
            await connection.execute(delete(FINDING).where(FINDING.c.base == base))
            rows: list[dict[str, Any]] = []
            for each in findings[:MAX_FINDINGS]:
                old = known.get((each.kind.value, each.key))
                kept = {"id": new_id(), "dismissed": False, "found_at": now}
                if old is not None:
                    kept = {name: old[name] for name in kept}
                told = {"data": json.dumps(dict(each.data), ensure_ascii=False)}
                rows.append({"base": base, "kind": each.kind, "key": each.key, **told, **kept})
            if rows:
                await connection.execute(insert(FINDING), rows)
            await put_care(connection, base, {"examined": version, "examined_at": now})

    async def findings(self, base: int, kind: FindingKind | None, *, dismissed: bool) -> list[Finding]:
        query = select(FINDING).where(FINDING.c.base == base, FINDING.c.dismissed.is_(dismissed))
        if kind is not None:
            query = query.where(FINDING.c.kind == kind)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(FINDING.c.id.desc()))).mappings()
            return [_finding(row) for row in rows]

    async def dismiss(self, base: int, finding: int, dismissed: bool) -> bool:
        one = and_(FINDING.c.base == base, FINDING.c.id == finding)
        async with self._database.write() as connection:
            done = await connection.execute(update(FINDING).where(one).values(dismissed=dismissed))
            return bool(done.rowcount)


async def put_care(connection: AsyncConnection, base: int, values: Mapping[str, Any]) -> None:
    """Change the row that says how a base is kept, made if there is none."""
    changed = await connection.execute(update(CARE).where(CARE.c.base == base).values(**values))
    if not changed.rowcount:
        usual = {"base": base, "wrong": None, "examined": -1, "examined_at": 0.0}
        await connection.execute(insert(CARE).values({**usual, **values}))


async def _drop_empty(connection: AsyncConnection, base: int) -> None:
    """Forget gaps without any question left."""
    used = select(QUESTION.c.gap).where(QUESTION.c.base == base, QUESTION.c.gap.is_not(None))
    await connection.execute(delete(GAP).where(GAP.c.base == base, GAP.c.id.not_in(used)))


def _question_row(base: int, exchange: Exchange, text: str, lang: str) -> dict[str, Any]:
    return {
        "turn": exchange.turn,
        "base": base,
        "conversation": exchange.conversation,
        "seq": exchange.seq,
        "text": text,
        "lang": lang,
        "at": exchange.at,
        "answered": exchange.answered,
        "sources": json.dumps([str(source) for source in exchange.sources]),
        "embedder": None,
        "vector": None,
        "gap": None,
    }


def _questions(base: int, *, answered: bool) -> Any:
    return select(QUESTION).where(QUESTION.c.base == base, QUESTION.c.answered.is_(answered))


def _question(row: Any) -> Question:
    return Question(
        row["turn"],
        row["conversation"],
        row["seq"],
        row["text"],
        row["lang"],
        row["at"],
        row["answered"],
        row["gap"],
        None if row["vector"] is None else unpacked(row["vector"]),
    )


def _gaps(base: int) -> Any:
    counted = (
        func.count().label("questions"),
        func.count(QUESTION.c.conversation.distinct()).label("conversations"),
        func.min(QUESTION.c.at).label("first_at"),
        func.max(QUESTION.c.at).label("last_at"),
    )
    return (
        select(GAP, *counted)
        .join(QUESTION, QUESTION.c.gap == GAP.c.id)
        .where(GAP.c.base == base, QUESTION.c.base == base)
        .group_by(*GAP.c)
    )


def _gap(row: Any) -> Gap:
    return Gap(
        row["id"],
        row["base"],
        row["question"],
        row["lang"],
        GapState(row["state"]),
        row["questions"],
        row["conversations"],
        row["first_at"],
        row["last_at"],
        row["source"],
    )


def _finding(row: Any) -> Finding:
    return Finding(
        FindingKind(row["kind"]),
        row["key"],
        json.loads(row["data"]),
        row["id"],
        row["dismissed"],
        row["found_at"],
    )
