"""Lines of the audit log in the transaction of the act they describe; see `myna.noting`."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.log.moderation import audit_row
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.moderation import AuditRow
from myna.log.audit import START, linked
from myna.noting import Line, waiting_lines

_audit = table(AuditRow)
_CHANGES = ("INSERT", "UPDATE", "DELETE")


@asynccontextmanager
async def noted(connection: AsyncConnection) -> AsyncIterator[None]:
    """Write the lines that wait, as the last step of a transaction that changed something. Obligation: commit next, or roll back
    when this raises."""
    lines = waiting_lines()
    if not lines:
        yield
        return
    changed = False

    def look(_c: Any, cursor: Any, statement: str, _p: Any, _x: Any, _many: bool) -> None:
        nonlocal changed
        changed = changed or (statement.lstrip()[:6].upper() in _CHANGES and cursor.rowcount != 0)

    event.listen(connection.sync_connection, "after_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(connection.sync_connection, "after_cursor_execute", look)
    if changed:
        await put_lines(connection, lines)
        for each in lines:
            each.written = True


async def put_lines(connection: AsyncConnection, lines: Sequence[Line]) -> None:
    """Append lines to their workspaces' logs."""
    if connection.dialect.name == "postgresql":
        # The committer takes this lock for its batch, too: two lines must not follow the same one.
        await connection.execute(text("SELECT pos FROM lane WHERE id = 1 FOR UPDATE"))
    for each in lines:
        newest = select(_audit.c.number, _audit.c.hash).where(_audit.c.workspace == each.workspace)
        found = (await connection.execute(newest.order_by(_audit.c.number.desc()).limit(1))).first()
        number, before = (0, START) if found is None else (found.number, found.hash)
        made = linked(
            each.workspace, number + 1, time.time(), each.actor, each.action, each.subject, each.data, before
        )
        names = [column.name for column in _audit.columns]
        await connection.execute(insert(_audit).values(dict(zip(names, audit_row(made), strict=True))))
