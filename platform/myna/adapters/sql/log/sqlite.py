"""The log's commit on SQLite: one writer thread with its own connection, WAL, `synchronous=FULL`."""

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from myna.adapters.sql.database import SQLITE_PRAGMAS
from myna.adapters.sql.log.commit import commit_batch
from myna.adapters.sql.log.connection import RawConnection
from myna.adapters.sql.log.statements import statements
from myna.errors import Busy
from myna.log.plan import Committed
from myna.log.writes import Write

CHECKPOINT_BYTES = 16 * 1024 * 1024
"""Growth of the WAL after which it is written back to the database, in a thread of its own: inside a commit it would make
that one wait (https://www.sqlite.org/wal.html, section 3.2)."""
OVERDUE_BYTES = 256 * 1024 * 1024
"""Size at which the committing thread does it itself: only a moment without a writer lets the WAL begin anew."""


logger = logging.getLogger(__name__)


class SqliteCommits:
    """Durable batches on SQLite. A batch is on disk when `commit` returns; when it raises, nothing of it is stored."""

    def __init__(self, path: str, turn: "threading.Lock | None" = None) -> None:
        self._path = path
        self._turn = turn or threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="myna-commit")
        self._connection: RawConnection | None = None
        self._checkpoints = ThreadPoolExecutor(1, thread_name_prefix="myna-checkpoint")
        self._checkpointing: Future[None] | None = None
        self._written_back = 0
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
        await loop.run_in_executor(None, self._checkpoints.shutdown)

    def _commit(self, batch: Sequence[Write]) -> Committed:
        connection = self._connection or self._open()
        with self._turn:
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
        self._keep_wal_short(connection.raw)
        return committed

    def _keep_wal_short(self, connection: sqlite3.Connection) -> None:
        try:
            size = os.stat(f"{self._path}-wal").st_size
        except FileNotFoundError:
            return
        if size > OVERDUE_BYTES:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return
        if size < self._written_back:
            self._written_back = 0
        free = self._checkpointing is None or self._checkpointing.done()
        if size - self._written_back > CHECKPOINT_BYTES and free:
            self._written_back = size
            self._checkpointing = self._checkpoints.submit(self._checkpoint)

    def _checkpoint(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.OperationalError as busy:
            logger.info("the write-ahead log was not written back yet: %s", busy)
        finally:
            connection.close()

    def _open(self) -> RawConnection:
        raw = sqlite3.connect(self._path, isolation_level=None, cached_statements=64)
        for pragma in SQLITE_PRAGMAS:
            raw.execute(pragma)
        raw.execute("PRAGMA wal_autocheckpoint=0")
        # Once all is written back the WAL begins anew and shrinks to this.
        raw.execute(f"PRAGMA journal_size_limit={CHECKPOINT_BYTES}")
        self._connection = RawConnection(raw)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.raw.close()
            self._connection = None
