"""The log's commit on PostgreSQL: one connection per process, `synchronous_commit=on`; the lane's row orders processes."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.commit import commit_batch
from myna.adapters.sql.log.connection import AsyncpgConnection
from myna.adapters.sql.log.statements import statements
from myna.errors import Busy
from myna.log.plan import Committed
from myna.log.writes import Write

COMMIT_TIMEOUT_S = 10.0
"""How long a batch may take, waiting for the lane included."""
CLOSE_TIMEOUT_S = 2.0
SET = {
    "synchronous_commit": "on",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""What a commit reads, it reads by keys. A plan made while the tables were nearly empty is kept for the connection: without
these it joined by hashing, and read all of `message` for each commit, 4.6 ms after 30,000 messages and more with each one."""
_LOST = (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


class PostgresCommits:
    """Durable batches on PostgreSQL. A batch is on disk when `commit` returns; when it raises, ask again with the same ids.

    The connection is kept between commits, and its statements go straight to the driver: asking the pool for one costs
    three trips to the server, and each statement through SQLAlchemy as much time again as in PostgreSQL. A connection on
    which anything failed is closed, and the next batch gets a new one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._texts = statements(sqlite_driver=False)
        self._kept: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    async def commit(self, batch: Sequence[Write]) -> Committed:
        """Store a batch in one transaction; batches that come at once follow one another.

        Raises:
            Busy: the database did not answer in time; the same drafts may be sent again, `client_id` makes that harmless.
        """
        async with self._turn:
            return await self._commit_next(batch)

    async def _commit_next(self, batch: Sequence[Write]) -> Committed:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                connection = await self._connection()
                raw: Any = (await connection.get_raw_connection()).driver_connection
                async with raw.transaction():
                    return await connection.run_sync(self._commit, batch)
        except TimeoutError as late:
            await self._drop()
            raise Busy("The database did not answer in time; send again.", retry_ms=1000) from late
        except _LOST as lost:
            await self._drop()
            raise Busy("The connection to the database was lost; send again.", retry_ms=1000) from lost
        except DBAPIError as failed:
            await self._drop()
            raise Busy("There is no connection to the database; send again.", retry_ms=1000) from failed
        except BaseException:
            await self._drop()
            raise

    async def close(self) -> None:
        """Close the connection; the pool belongs to the database."""
        await self._drop()

    async def _connection(self) -> AsyncConnection:
        if self._kept is None:
            made = self._kept = await self._database.engine.connect()
            for name, value in SET.items():
                await made.exec_driver_sql(f"SET {name} = {value}")
            await made.commit()
        return self._kept

    async def _drop(self) -> None:
        """Nothing of a connection whose state is not known is used again."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await asyncio.shield(_end(kept))

    def _commit(self, connection: Connection, batch: Sequence[Write]) -> Committed:
        adapted: Any = connection.connection.dbapi_connection
        return commit_batch(AsyncpgConnection(adapted), self._texts, batch, time.time())


async def _end(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
