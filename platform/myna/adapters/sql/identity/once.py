"""Secrets that work once, on both databases."""

from sqlalchemy import and_, delete, insert, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.providers import OnceRow

_once = table(OnceRow)


class SqlOnce:
    """See `OnceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, kind: str, digest: str, data: str, now: float, expires_at: float) -> None:
        """Keep it, and forget what ran out."""
        values = {"kind": kind, "digest": digest, "data": data, "expires_at": expires_at}
        async with self._database.write() as connection:
            await connection.execute(delete(_once).where(_once.c.expires_at < now))
            await connection.execute(insert(_once).values(values))

    async def look(self, kind: str, digest: str, now: float) -> str | None:
        """What is kept."""
        one = and_(_once.c.kind == kind, _once.c.digest == digest, _once.c.expires_at >= now)
        async with self._database.read() as connection:
            found = (await connection.execute(select(_once.c.data).where(one))).first()
        return None if found is None else str(found[0])

    async def take(self, kind: str, digest: str, now: float) -> str | None:
        """What was kept; it is gone by this."""
        one = and_(_once.c.kind == kind, _once.c.digest == digest)
        gone = delete(_once).where(one).returning(_once.c.data, _once.c.expires_at)
        async with self._database.write() as connection:
            found = (await connection.execute(gone)).first()
        return None if found is None or found[1] < now else str(found[0])
