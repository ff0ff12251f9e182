"""What the search index writes: documents and words, in one transaction with the place up to which the log is indexed."""

from collections.abc import Mapping, Sequence
from typing import Any

from myna.adapters.sql.log.connection import Connection, keys_of
from myna.adapters.sql.statement_texts import by_keys, delete_of, insert_of
from myna.adapters.sql.tables.content import SearchDocumentRow
from myna.ports.content import Document

HAS = {"file": 1, "picture": 2, "link": 4}


class IndexWriter:
    """Stores documents over a bare connection, inside the caller's open write transaction. Shared by both databases."""

    def __init__(self, *, sqlite: bool) -> None:
        lock = "" if sqlite else " FOR UPDATE"
        self._cursor = f"SELECT pos FROM search_state WHERE id = 1{lock}"
        self._move = by_mark("UPDATE search_state SET pos = {0} WHERE id = 1", sqlite)
        self._known = by_keys(
            SearchDocumentRow,
            {"conversation": "b", "seq": "b"},
            sqlite,
            columns="conversation, seq, pos",
        )
        below = by_keys(SearchDocumentRow, {"conversation": "b", "through": "b"}, sqlite, columns="pos")
        self._below = below.replace('x."through" = k."through"', "x.seq <= k.through")
        self._insert = insert_of(SearchDocumentRow, sqlite)
        self._delete = delete_of(SearchDocumentRow, ("pos",), sqlite)
        words = "(rowid, terms) VALUES (?, ?)"
        if not sqlite:
            words = "(pos, terms) VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))"
        self._insert_words = f"INSERT INTO search_words {words}"
        self._delete_words = by_mark(
            f"DELETE FROM search_words WHERE {'rowid' if sqlite else 'pos'} = {{0}}", sqlite
        )

    def store(
        self,
        connection: Connection,
        cursor: int,
        pos: int,
        documents: Sequence[Document],
        retained: Mapping[int, int],
    ) -> bool:
        """Whether the cursor stood at `cursor`; only then is anything stored."""
        found = connection.fetch(self._cursor)
        if not found or found[0][0] != cursor:
            return False
        connection.many(self._move, [(pos,)])
        known: dict[tuple[int, int], int] = {}
        if documents:
            keys = keys_of((each.conversation, each.seq) for each in documents)
            known = {(row[0], row[1]): row[2] for row in connection.fetch(self._known, keys)}
        if retained:
            below = connection.fetch(self._below, keys_of(retained.items()))
            self._drop(connection, [row[0] for row in below])
        self._drop(connection, list(known.values()))
        fresh = [
            (known.get((each.conversation, each.seq), each.pos), each)
            for each in documents
            if each.terms and each.seq > retained.get(each.conversation, 0)
        ]
        if fresh:
            connection.many(self._insert, [_row(at, each) for at, each in fresh])
            connection.many(self._insert_words, [_words(at, each) for at, each in fresh])
        return True

    def _drop(self, connection: Connection, places: list[int]) -> None:
        if places:
            connection.many(self._delete, [(each,) for each in places])
            connection.many(self._delete_words, [(each,) for each in places])


def by_mark(sql: str, sqlite: bool) -> str:
    """A statement with the driver's mark for its only parameter."""
    return sql.format("?" if sqlite else "$1")


def _row(pos: int, value: Document) -> tuple[Any, ...]:
    flags = sum(HAS[each] for each in value.has)
    return (pos, value.conversation, value.seq, value.sender, value.at, flags)


def _words(pos: int, value: Document) -> tuple[int, str]:
    return (pos, " ".join((f"c{value.conversation}", *value.terms)))
