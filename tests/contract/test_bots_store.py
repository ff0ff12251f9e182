"""What a client keeps on disk."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from myna.errors import Conflict
from myna_bots.adapters.store_sqlite import SqliteStore
from myna_bots.client.deliveries import Forgotten, Settled, Snapshot
from myna_bots.client.errors import StoreFailed
from myna_bots.client.frames import Event, Ready
from myna_bots.client.outbox import Entry, Sent
from myna_bots.client.store import Kept
from myna_bots.client.wire import Message, User

ANN = User("11", "human", "Ann")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "deep" / "ann.db")
    yield made
    await made.close()


async def again(store: SqliteStore) -> Kept:
    """What another client finds after this one is gone."""
    other = SqliteStore(store._path)
    try:
        return await other.load("11")
    finally:
        await other.close()


def message(seq: int, text: str = "hello", conversation: str = "7") -> Message:
    at = f"2026-11-23T23:30:00.{seq:03}Z"
    return Message(conversation, seq, "12", f"c{seq}", "text", "sent", {"text": text}, at)


def event(rev: int, kind: str = "message.created", text: str = "hello", conversation: str = "7") -> Event:
    data = {each: getattr(message(rev, text, conversation), each) for each in Message.__struct_fields__}
    return Event(conversation, rev, rev, kind, data, rev)


def ready(epoch: str) -> Ready:
    return Ready("1", epoch, 0, ANN, {})


async def test_a_new_store_is_empty(store: SqliteStore) -> None:
    assert await store.load("11") == Kept()
    assert await store.conversations() == []


async def test_drafts_come_back_in_order_until_they_are_settled(store: SqliteStore) -> None:
    await store.load("11")
    for client_id in "cab":
        await store.keep(Entry("7", client_id, client_id, reply_to=3))
    await store.keep(Entry("7", "a", "other words"))
    assert [(each.client_id, each.text, each.reply_to) for each in (await again(store)).entries] == [
        ("c", "c", 3),
        ("a", "a", 3),
        ("b", "b", 3),
    ]
    await store.record([Settled("a", Sent("7", "a", 1, 1))], {})
    await store.drop("c")
    assert [each.client_id for each in (await again(store)).entries] == ["b"]


async def test_messages_and_cursors_are_stored_together(store: SqliteStore) -> None:
    await store.load("11")
    await store.record([ready("1"), event(1), event(2), event(1, "message.edited", "better")], {"7": 3})
    kept = await again(store)
    assert (kept.epoch, kept.cursors) == ("1", {"7": 3})
    assert [each.text for each in await store.messages("7")] == ["better", "hello"]
    assert [each.seq for each in await store.messages("7", before_seq=2, limit=1)] == [1]


async def test_a_failed_write_leaves_cursor_and_messages_as_they_were(store: SqliteStore) -> None:
    await store.load("11")
    await store.record([event(1)], {"7": 1})
    with pytest.raises(StoreFailed):
        await store.record([event(2)], {"7": 2**70})
    assert (await again(store)).cursors == {"7": 1}
    assert [each.seq for each in await store.messages("7")] == [1]


async def test_a_snapshot_replaces_and_a_forgotten_conversation_goes(store: SqliteStore) -> None:
    await store.load("11")
    await store.record([event(1), event(2), event(1, conversation="8")], {"7": 2, "8": 1})
    await store.record([Snapshot("7", 9, (message(8), message(9)))], {"7": 9})
    assert [each.seq for each in await store.messages("7")] == [8, 9]
    assert await store.conversations() == ["7", "8"]
    await store.record([Forgotten("7")], {})
    assert await store.conversations() == ["8"]
    assert (await again(store)).cursors == {"8": 1}


async def test_another_log_empties_what_was_known_of_the_old_one(store: SqliteStore) -> None:
    await store.load("11")
    await store.keep(Entry("7", "draft", "still to be sent"))
    await store.record([ready("1"), event(1)], {"7": 1})
    await store.record([ready("2")], {})
    kept = await again(store)
    assert (kept.epoch, kept.cursors, len(kept.entries)) == ("2", {}, 1)
    assert await store.messages("7") == []


async def test_a_store_belongs_to_one_user(store: SqliteStore) -> None:
    await store.load("11")
    with pytest.raises(Conflict):
        await store.load("12")


async def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("These are notes, and no database at all. " * 30)
    broken = SqliteStore(path)
    with pytest.raises(StoreFailed, match=r"notes\.db"):
        await broken.load("11")
    await broken.close()


async def test_only_the_owner_of_the_file_reads_it(store: SqliteStore) -> None:
    await store.load("11")
    assert store._path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(store._path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
