"""Marks on both databases."""

from typing import Any

from sqlalchemy import select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.upserts import upserting
from myna_agents.adapters.tables import MarkRow
from myna_agents.desk.marks import Mark

_mark = table(MarkRow)


class SqlMarks:
    """`Marks` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, mark: Mark) -> Mark:
        """Store a mark, replacing the message's earlier one; gives what is stored."""
        values = {name: getattr(mark, name) for name in Mark.__slots__}
        values["sources"] = rows.to_json(list(mark.sources))
        put = upserting(
            _mark,
            sqlite_driver=self._database.sqlite,
            keys=("conversation", "seq"),
            but={"id", "workspace"},
        ).values(values)
        async with self._database.write() as connection:
            await connection.execute(put)
            place = (_mark.c.conversation == mark.conversation, _mark.c.seq == mark.seq)
            return _mark_of((await connection.execute(select(_mark).where(*place))).one())

    async def marks(
        self, workspace: int, *, settled: bool | None, before: int | None, limit: int
    ) -> list[Mark]:
        """Marks, newest first, in pages."""
        query = select(_mark).where(_mark.c.workspace == workspace).order_by(_mark.c.id.desc()).limit(limit)
        if settled is not None:
            query = query.where(_mark.c.settled_at.is_not(None) if settled else _mark.c.settled_at.is_(None))
        if before is not None:
            query = query.where(_mark.c.id < before)
        async with self._database.read() as connection:
            return [_mark_of(row) for row in (await connection.execute(query)).all()]

    async def settle(self, workspace: int, mark: int, at: float) -> bool:
        """Say that somebody saw to it; whether there was one."""
        which = (_mark.c.workspace == workspace, _mark.c.id == mark)
        async with self._database.write() as connection:
            done = await connection.execute(update(_mark).where(*which).values(settled_at=at))
        return done.rowcount == 1


def _mark_of(row: Any) -> Mark:
    return Mark(
        row.id,
        row.workspace,
        row.conversation,
        row.seq,
        row.agent,
        row.question,
        row.answer,
        tuple(rows.from_json(row.sources)),
        row.note,
        row.right,
        row.made_by,
        row.at,
        row.settled_at,
    )
