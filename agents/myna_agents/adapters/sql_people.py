"""What people told agents and had done by them, on both databases, for exports and erasures."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna_agents.adapters.steering_tables import ApprovalRow, GuidanceRow
from myna_agents.adapters.tables import ConsentRow, MarkRow

_consent, _approval, _guidance, _mark = (
    table(row) for row in (ConsentRow, ApprovalRow, GuidanceRow, MarkRow)
)


class SqlTraces:
    """See `myna_agents.people.Traces`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, workspace: int, user: int) -> list[tuple[str, Mapping[str, Any]]]:
        """What is kept of a person."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        for kind, rows, column in (
            ("consent", _consent, _consent.c.customer),
            ("approvals", _approval, _approval.c.customer),
            ("guidance", _guidance, _guidance.c.author),
            ("marks", _mark, _mark.c.made_by),
        ):
            query = select(rows).where(rows.c.workspace == workspace, column == user)
            for row in await self._database.all(query):
                found.append((kind, {key: value for key, value in row._mapping.items() if key != "key"}))
        return found

    async def erase(self, workspace: int, user: int, places: Sequence[int]) -> None:
        """Forget it, and what was said to agents and of their answers in these conversations."""
        async with self._database.write() as connection:
            for rows, about in (
                (_consent, _consent.c.customer == user),
                (_approval, or_(_approval.c.customer == user, _approval.c.conversation.in_(places))),
                (_guidance, or_(_guidance.c.author == user, _guidance.c.conversation.in_(places))),
                (_mark, _mark.c.conversation.in_(places)),
            ):
                await connection.execute(delete(rows).where(rows.c.workspace == workspace, about))
