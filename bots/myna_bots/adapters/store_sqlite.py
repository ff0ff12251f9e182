"""A client's store in one SQLite file."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from myna.errors import Conflict
from myna_bots.client.deliveries import Delivery, Forgotten, Settled, Snapshot
from myna_bots.client.errors import StoreFailed
from myna_bots.client.frames import Event, Ready
from myna_bots.client.outbox import Entry
from myna_bots.client.store import Kept
from myna_bots.client.wire import Message, decoded, encode

T = TypeVar("T")
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (conversation TEXT PRIMARY KEY, rev INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draft (
    place INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL,
    text TEXT NOT NULL, reply_to INTEGER, files TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS message (
    conversation TEXT NOT NULL, seq INTEGER NOT NULL, created_at TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (conversation, seq)
) WITHOUT ROWID;
"""


class SqliteStore:
    """See `myna_bots.client.store.Store`. All work is done by one thread, so the event loop never waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="myna-store")
        self._connection: sqlite3.Connection | None = None

    async def load(self, user: str) -> Kept:
        """What was kept for this user."""

        def work(connection: sqlite3.Connection) -> Kept:
            about = dict(connection.execute("SELECT name, value FROM about"))
            if about.setdefault("user", user) != user:
                raise Conflict(f"{str(self._path)!r} is the store of user {about['user']}, not of {user}.")
            connection.execute("INSERT OR IGNORE INTO about VALUES ('user', ?)", (user,))
            drafts = connection.execute(
                "SELECT conversation, client_id, text, reply_to, files FROM draft ORDER BY place"
            )
            cursors = dict(connection.execute("SELECT conversation, rev FROM cursor"))
            return Kept(about.get("epoch"), cursors, tuple(map(_entry, drafts)))

        return await self._done(work)

    async def keep(self, entry: Entry) -> None:
        """Store a draft durably."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO draft (conversation, client_id, text, reply_to, files) VALUES (?, ?, ?, ?, ?)",
                (
                    entry.conversation,
                    entry.client_id,
                    entry.text,
                    entry.reply_to,
                    " ".join(entry.files),
                ),
            )

        await self._done(work)

    async def drop(self, client_id: str) -> None:
        """Forget a draft that never went out."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM draft WHERE client_id = ?", (client_id,))

        await self._done(work)

    async def record(self, deliveries: Sequence[Delivery], cursors: Mapping[str, int]) -> None:
        """Store what happened and how far the conversations have come, both or neither."""

        def work(connection: sqlite3.Connection) -> None:
            for each in deliveries:
                _record(connection, each)
            connection.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?)", list(cursors.items()))

        await self._done(work)

    async def messages(
        self, conversation: str, *, before_seq: int | None = None, limit: int = 50
    ) -> list[Message]:
        """The newest messages that are known, or those before a seq, ascending."""

        def work(connection: sqlite3.Connection) -> list[Message]:
            found = connection.execute(
                "SELECT content FROM message WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                (conversation, 2**62 if before_seq is None else before_seq, limit),
            )
            return [decoded(row[0], Message) for row in found][::-1]

        return await self._done(work)

    async def conversations(self) -> list[str]:
        """The conversations that anything is known of, the one with the newest message first."""

        def work(connection: sqlite3.Connection) -> list[str]:
            found = connection.execute(
                "SELECT cursor.conversation FROM cursor LEFT JOIN message USING (conversation)"
                " GROUP BY cursor.conversation ORDER BY max(created_at) DESC, cursor.conversation"
            )
            return [row[0] for row in found]

        return await self._done(work)

    async def close(self) -> None:
        """End; what was recorded is on disk already."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown()

    async def _done(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = _opened(self._path)
            with self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                return work(connection)
        except (sqlite3.Error, OverflowError) as failed:
            raise StoreFailed(f"The store {str(self._path)!r} does not work: {failed}.") from failed


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # FULL: a draft that was taken must survive a power cut, too.
    connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {SCHEMA}")
    if "files" not in {row[1] for row in connection.execute("PRAGMA table_info(draft)")}:
        connection.execute("ALTER TABLE draft ADD COLUMN files TEXT NOT NULL DEFAULT ''")
    path.chmod(0o600)
    return connection


def _entry(row: tuple[str, str, str, int | None, str]) -> Entry:
    return Entry(*row[:4], tuple(row[4].split()))


def _record(connection: sqlite3.Connection, delivery: Delivery) -> None:
    match delivery:
        case Event():
            message = delivery.message
            if message is not None:
                _put(connection, message)
        case Snapshot():
            connection.execute("DELETE FROM message WHERE conversation = ?", (delivery.conversation,))
            for message in delivery.messages:
                _put(connection, message)
        case Settled():
            connection.execute("DELETE FROM draft WHERE client_id = ?", (delivery.client_id,))
        case Forgotten():
            connection.execute("DELETE FROM message WHERE conversation = ?", (delivery.conversation,))
            connection.execute("DELETE FROM cursor WHERE conversation = ?", (delivery.conversation,))
        case Ready():
            before = connection.execute("SELECT value FROM about WHERE name = 'epoch'").fetchone()
            if before is not None and before[0] != delivery.epoch:
                connection.execute("DELETE FROM message")
                connection.execute("DELETE FROM cursor")
            connection.execute("INSERT OR REPLACE INTO about VALUES ('epoch', ?)", (delivery.epoch,))
        case _:
            pass


def _put(connection: sqlite3.Connection, message: Message) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?)",
        (message.conversation, message.seq, message.created_at, encode(message)),
    )
