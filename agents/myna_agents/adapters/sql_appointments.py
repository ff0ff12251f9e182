"""Appointments on both databases."""

from typing import Any

from sqlalchemy import delete, func, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import InboxRow
from myna_agents.adapters.appointment_tables import AppointmentRow
from myna_agents.appointments import MAX_LISTED, Appointment, AppointmentState

_row, _inbox = table(AppointmentRow), table(InboxRow)
_BOOKED = _row.c.state == AppointmentState.BOOKED.value


class SqlAppointments:
    """`Appointments` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, wanted: Appointment, places: int) -> Appointment | None:
        """Keep one, unless all places are taken. The inbox's row is locked meanwhile: nobody counts places beside another."""
        values = {name: getattr(wanted, name) for name in Appointment.__slots__}
        values["state"] = wanted.state.value
        taken = select(func.count()).where(
            _row.c.inbox == wanted.inbox,
            _BOOKED,
            _row.c.starts_at < wanted.ends_at,
            _row.c.ends_at > wanted.starts_at,
        )
        async with self._database.write() as connection:
            await connection.execute(select(_inbox.c.id).where(_inbox.c.id == wanted.inbox).with_for_update())
            known = (await connection.execute(select(_row).where(_row.c.key == wanted.key))).first()
            if known is not None:
                return _appointment(known)
            if int((await connection.execute(taken)).scalar_one()) >= places:
                return None
            await connection.execute(insert(_row).values(values))
        return wanted

    async def between(self, inbox: int, start: float, end: float) -> list[Appointment]:
        """Those booked that overlap a span."""
        spans = (_row.c.starts_at < end, _row.c.ends_at > start)
        return await self._all(select(_row).where(_row.c.inbox == inbox, _BOOKED, *spans))

    async def listed(self, workspace: int, conversation: int | None, since: float) -> list[Appointment]:
        """All of a conversation, or those booked in the workspace that end after `since`."""
        query = select(_row).where(_row.c.workspace == workspace).order_by(_row.c.starts_at, _row.c.id)
        if conversation is not None:
            query = query.where(_row.c.conversation == conversation)
        else:
            query = query.where(_BOOKED, _row.c.ends_at > since)
        return await self._all(query.limit(MAX_LISTED))

    async def one(self, workspace: int, appointment: int) -> Appointment | None:
        """One of a workspace."""
        found = await self._all(select(_row).where(_row.c.id == appointment, _row.c.workspace == workspace))
        return found[0] if found else None

    async def of_customer(self, workspace: int, customer: int) -> list[Appointment]:
        """All of a customer."""
        mine = (_row.c.customer == customer, _row.c.workspace == workspace)
        return await self._all(select(_row).where(*mine).order_by(_row.c.id))

    async def cancel(self, appointment: int, by: int, now: float) -> bool:
        """Give its place back."""
        values = {"state": AppointmentState.CANCELLED.value, "cancelled_by": by, "cancelled_at": now}
        async with self._database.write() as connection:
            done = await connection.execute(
                update(_row).where(_row.c.id == appointment, _BOOKED).values(values)
            )
        return done.rowcount == 1

    async def erase(self, workspace: int, customer: int) -> None:
        """Forget a customer's appointments."""
        mine = (_row.c.customer == customer, _row.c.workspace == workspace)
        async with self._database.write() as connection:
            await connection.execute(delete(_row).where(*mine))

    async def _all(self, query: Any) -> list[Appointment]:
        return [_appointment(row) for row in await self._database.all(query)]


def _appointment(row: Any) -> Appointment:
    values = {name: getattr(row, name) for name in Appointment.__slots__}
    return Appointment(**{**values, "state": AppointmentState(row.state)})
