"""One database for all stores: short read and write transactions on SQLite or PostgreSQL."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Select, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from myna.adapters.sql.calm_sqlite import calm_connection
from myna.adapters.sql.log.connection import BoundConnection, Connection
from myna.adapters.sql.one_go import SqliteWriter
from myna.adapters.sql.rested import ask_after_rest
from myna.adapters.sql.safety.noted import noted
from myna.errors import MynaError

if sys.platform != "win32":
    import fcntl

BUSY_TIMEOUT_S = 10.0
"""How long a write transaction waits for another one of this or another process."""
START_LOCK = 0x4D796E61
"""Key of PostgreSQL's advisory lock ("Myna") of `Database.alone`."""
LOCK_POLL_S = 0.05
READ_THREADS = 4
"""Threads in which whole reads run on SQLite."""


T = TypeVar("T")


class Database:
    """Read and write transactions; several may read at once, on SQLite one writes at a time.

    Obligation: keep transactions short and await nothing in them but the connection. Nothing that a transaction
    wrote is visible to others before its block ends; an exception in the block rolls all of it back.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise MynaError(f"Database {url!r}: use sqlite:///path or postgresql://…", code="bad_setting")
        self.sqlite = parsed.get_backend_name() == "sqlite"
        self.path: str | None = parsed.database if self.sqlite else None
        if self.sqlite and self.path in {None, "", ":memory:"}:
            raise MynaError(
                "A database in memory is not durable: give a path, sqlite:///path.", code="bad_setting"
            )
        driver = "sqlite+aiosqlite" if self.sqlite else "postgresql+asyncpg"
        self.url = parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False)
        self._url = parsed.set(drivername=driver)
        if self.sqlite:
            made = partial(calm_connection, self.path or "", BUSY_TIMEOUT_S)
            self._reader = create_async_engine(
                self._url, async_creator=made, pool_size=4, max_overflow=0, pool_timeout=BUSY_TIMEOUT_S
            )
            self._writer = create_async_engine(self._url, async_creator=made, poolclass=StaticPool)
            self._direct = create_engine(
                parsed, pool_size=READ_THREADS, max_overflow=0, pool_timeout=BUSY_TIMEOUT_S
            )
            for engine in (self._reader.sync_engine, self._writer.sync_engine, self._direct):
                event.listen(engine, "connect", _prepare_sqlite)
        else:
            self._writer = create_async_engine(
                self._url, pool_size=6, max_overflow=4, pool_timeout=BUSY_TIMEOUT_S
            )
            ask_after_rest(self._writer.sync_engine)
            # Both share the pool. The transaction's kind goes with its BEGIN, without a trip of its own.
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._asker = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        self._read_threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="myna-read")
        self._write_lock = asyncio.Lock()
        self.turn = threading.Lock()
        """Held by whoever writes in this process, on SQLite."""
        self._one_go = SqliteWriter(self.path or "", SQLITE_PRAGMAS, self.turn)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state and never takes the write lock."""
        async with self._reader.connect() as connection:
            if self.sqlite:
                await connection.execute(text("BEGIN"))
            yield connection

    async def all(self, query: Select[Any], parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """All rows of a query, in one state and one step: `read` comes back to the event loop six times for them on SQLite."""
        found: Sequence[Any]
        if self.sqlite:
            found = await asyncio.get_running_loop().run_in_executor(
                self._read_threads, self._all, query, parameters
            )
        else:
            async with self._asker.connect() as connection:
                found = (await connection.execute(query, parameters)).all()
        return found

    def _all(self, query: Select[Any], parameters: Mapping[str, Any] | None) -> Sequence[Any]:
        with self._direct.connect() as connection:
            found: Sequence[Any] = connection.execute(query, parameters).all()
        return found

    async def at_once(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returns, whose reads see one state: as `read`, in one step."""
        if self.sqlite:
            return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._at_once, work)
        async with self._reader.connect() as connection:
            return await connection.run_sync(work)

    def _at_once(self, work: Callable[[SyncConnection], T]) -> T:
        with self._direct.connect() as connection:
            # The driver begins nothing by itself; leaving the block ends it.
            connection.exec_driver_sql("BEGIN")
            return work(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Lines of the audit log that wait (`myna.noting`) go into it. A task that is cancelled in it leaves the database unlocked,
        with all of the transaction or with none of it.
        """
        if not self.sqlite:
            async with self._writer.begin() as connection, noted(connection):
                yield connection
            return
        async with self._write_lock, self._my_turn(), self._writer.connect() as connection:
            await connection.execute(text("BEGIN IMMEDIATE"))
            try:
                async with noted(connection):
                    yield connection
            except BaseException:
                await asyncio.shield(connection.rollback())
                raise
            await connection.commit()

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """Nobody else of this process writes: who wants to goes on at once afterwards, where SQLite's own wait sleeps in
        steps of up to 100 ms (https://www.sqlite.org/c3ref/busy_timeout.html); the committer was seen to wait 180 ms."""
        if not self.turn.acquire(blocking=False):
            taking = asyncio.ensure_future(asyncio.to_thread(self.turn.acquire))
            try:
                await asyncio.shield(taking)
            except asyncio.CancelledError:
                # The thread gets its turn all the same, and nobody is left to give it back.
                taking.add_done_callback(lambda _: self.turn.release())
                raise
        try:
            yield
        finally:
            self.turn.release()

    async def in_one_go(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, in a write transaction that never comes back to the event loop: for many rows at once.

        In `write`, a busy loop would let the committer wait for one of its turns between each two statements.

        Raises:
            Busy: another process kept the database locked for too long; nothing was stored.
        """
        if self.sqlite:
            return await asyncio.to_thread(self._one_go.run, work)
        async with self.write() as connection:
            return await connection.run_sync(lambda bound: work(BoundConnection(bound)))

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """What only one process may do at a time, such as migrating or a first start; the others wait at the entry.

        Ends with the process in whatever way. Obligation: it is not re-entrant, so do not nest it.
        """
        if self.sqlite:
            async with _file_lock(Path(f"{self.path}.start")):
                yield
            return
        async with self._writer.connect() as connection:
            # In autocommit: an open transaction would keep every old row version alive while others wait here.
            held = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await held.execute(text("SELECT pg_advisory_lock(:key)"), {"key": START_LOCK})
            try:
                yield
            finally:
                await asyncio.shield(
                    held.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": START_LOCK})
                )

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for migrations."""
        return self._writer

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.to_thread(self._one_go.close)
        await asyncio.to_thread(self._read_threads.shutdown)
        if self.sqlite:
            self._direct.dispose()
            await self._reader.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def _file_lock(path: Path) -> AsyncIterator[None]:
    """The kernel drops the lock when the process ends. It is asked for again and again, so that the wait can be cancelled."""
    if sys.platform == "win32":  # one process on SQLite is all that is supported there
        yield
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_POLL_S)
        yield


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL with FULL: a committed row survives power loss. Transactions begin where the code says so, not by the driver."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA secure_delete=ON",
)
"""Set on every connection, by the stores' engine and by the committer's own."""
