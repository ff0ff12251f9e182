"""The log's commit on PostgreSQL: one connection per process, `synchronous_commit=on`; the lane's row orders processes."""

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from myna.adapters.sql.database import Database
from myna.adapters.sql.log_commit import commit_batch
from myna.adapters.sql.log_connection import BoundConnection
from myna.adapters.sql.log_statements import statements
from myna.errors import Busy
from myna.log.plan import Committed
from myna.log.writes import Write

COMMIT_TIMEOUT_S = 10.0
"""How long a batch may take, waiting for the lane included."""


class PostgresCommits:
    """Durable batches on PostgreSQL. A batch is on disk when `commit` returns; when it raises, ask again with the same ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._texts = statements(sqlite_driver=False)

    async def commit(self, batch: Sequence[Write]) -> Committed:
        """Store a batch in one transaction.

        Raises:
            Busy: the database did not answer in time; the same drafts may be sent again, `client_id` makes that harmless.
        """
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S), self._database.write() as connection:
                await connection.execute(text("SET LOCAL synchronous_commit = on"))
                return await connection.run_sync(self._commit, batch)
        except (TimeoutError, ConnectionError) as late:
            raise Busy("The database did not answer in time; send again.", retry_ms=1000) from late
        except DBAPIError as failed:
            if failed.connection_invalidated:
                raise Busy("The connection to the database was lost; send again.", retry_ms=1000) from failed
            raise

    async def close(self) -> None:
        """Nothing to close: the connections belong to the database."""

    def _commit(self, connection: Connection, batch: Sequence[Write]) -> Committed:
        return commit_batch(BoundConnection(connection), self._texts, batch, time.time())
