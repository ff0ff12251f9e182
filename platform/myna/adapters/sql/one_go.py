"""A write transaction in one go: nothing of the event loop is waited for while SQLite's write lock is held."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from myna.adapters.sql.log.connection import Connection, RawConnection
from myna.errors import Busy

T = TypeVar("T")


class SqliteWriter:
    """A connection for writes of many rows beside the log. `turn` is shared with whoever else writes in this process.

    Writers that wait for `turn` go on at once when it is free; in SQLite's own busy handler they would sleep in growing
    steps, up to 100 ms (https://www.sqlite.org/c3ref/busy_timeout.html).
    """

    def __init__(self, path: str, pragmas: Sequence[str], turn: threading.Lock) -> None:
        self._path, self._pragmas, self._turn = path, pragmas, turn
        self._raw: sqlite3.Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, to be called in a thread. All that it wrote is durable then, or nothing when it raises.

        Raises:
            Busy: another process kept the database locked for too long; nothing was stored.
        """
        with self._turn:
            raw = self._raw or self._open()
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as locked:
                raise Busy(f"The database is locked: {locked}.", retry_ms=500) from locked
            try:
                found = work(RawConnection(raw))
                raw.execute("COMMIT")
            except BaseException:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                raise
            return found

    def close(self) -> None:
        """Wait for the transaction under way, then close the connection."""
        with self._turn:
            if self._raw is not None:
                self._raw.close()
                self._raw = None

    def _open(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in self._pragmas:
            raw.execute(pragma)
        # The committer writes the log back in a thread of its own.
        raw.execute("PRAGMA wal_autocheckpoint=0")
        self._raw = raw
        return raw
