"""The log's commit on SQLite: one writer thread with its own connection, WAL, `synchronous=FULL`."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from myna.adapters.sql.database import SQLITE_PRAGMAS
from myna.adapters.sql.log_commit import commit_batch
from myna.adapters.sql.log_statements import statements
from myna.errors import Busy
from myna.log.plan import Committed
from myna.log.writes import Write

CHECKPOINT_EVERY_PAGES = 4_000
"""A checkpoint runs inside a commit and makes that one slow: 16 MiB of log between two of them."""


class SqliteCommits:
    """Durable batches on SQLite. A batch is on disk when `commit` returns; when it raises, nothing of it is stored."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="myna-commit")
        self._connection: _Connection | None = None
        self._texts = statements(sqlite_driver=True)

    async def commit(self, batch: Sequence[Write]) -> Committed:
        """Store a batch in one transaction.

        Raises:
            Busy: another process kept the database locked for too long; nothing was stored.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)

    async def close(self) -> None:
        """Finish the batch under way and close the connection."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=True)

    def _commit(self, batch: Sequence[Write]) -> Committed:
        connection = self._connection or self._open()
        try:
            connection.raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as locked:
            raise Busy(f"The database is locked: {locked}.", retry_ms=500) from locked
        try:
            committed = commit_batch(connection, self._texts, batch, time.time())
            connection.raw.execute("COMMIT")
        except BaseException:
            if connection.raw.in_transaction:
                connection.raw.execute("ROLLBACK")
            raise
        return committed

    def _open(self) -> "_Connection":
        raw = sqlite3.connect(self._path, isolation_level=None, cached_statements=64)
        for pragma in SQLITE_PRAGMAS:
            raw.execute(pragma)
        raw.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_EVERY_PAGES}")
        self._connection = _Connection(raw)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.raw.close()
            self._connection = None


class _Connection:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def fetch(self, sql: str, parameter: str | None = None) -> Sequence[Sequence[Any]]:
        return self.raw.execute(sql, () if parameter is None else (parameter,)).fetchall()

    def many(self, sql: str, parameters: list[tuple[Any, ...]]) -> None:
        self.raw.executemany(sql, parameters)
