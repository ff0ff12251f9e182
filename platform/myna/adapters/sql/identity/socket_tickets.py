"""Socket tickets on both databases, so that one process issues what another redeems."""

from sqlalchemy import delete, insert

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import SocketTicketRow

_ticket = table(SocketTicketRow)


class SqlSocketTickets:
    """See `myna.ports.identity.TicketStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, digest: str, user: int, sign_in: int, expires_at: float, now: float) -> None:
        """Store a new ticket, and forget those that ran out before `now`."""
        values = {"digest": digest, "user": user, "sign_in": sign_in, "expires_at": expires_at}
        async with self._database.write() as connection:
            await connection.execute(delete(_ticket).where(_ticket.c.expires_at < now))
            await connection.execute(insert(_ticket).values(values))

    async def take(self, digest: str, now: float) -> tuple[int, int] | None:
        """(user, sign-in) of a ticket, which is gone by this."""
        taken = delete(_ticket).where(_ticket.c.digest == digest).returning(*_ticket.c)
        async with self._database.write() as connection:
            row = (await connection.execute(taken)).first()
        return None if row is None or row.expires_at < now else (row.user, row.sign_in)
