"""The full-text index on both databases: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL, with the same terms.

The terms are ours (words.py), so neither database's own idea of a word matters: FTS5 splits at spaces, PostgreSQL takes a
text array. Each document has its conversation as a term too (`c` + id), so a search in one or in few conversations does not
walk through everybody's messages.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from operator import eq, ge, lt
from typing import Any

from sqlalchemy import Connection, and_, or_, select, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import not_hidden
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.search.store import HAS, IndexWriter
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.content import SearchDocumentRow, SearchStateRow
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageState
from myna.ports.content import Document, Sought
from myna.words import Wanted

_document = table(SearchDocumentRow)
_state = table(SearchStateRow)
_conversation = table(ConversationRow)
_member = table(MemberRow)
_message = table(MessageRow)
_words = sql_table("search_words", sql_column("rowid"))
COMPLETIONS = 32
"""Up to so many words that begin with what is asked for are looked up by name."""
_LIST_TERMS = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_terms USING fts5vocab(main, search_words, row)"
)
"""What the index has for words (https://www.sqlite.org/fts5.html, section 11), made by each connection when it first searches."""
_LONGER = text(
    "SELECT term FROM temp.search_terms"
    # No letter, digit or mark comes before the first of these or after the last.
    " WHERE term >= :prefix || char(1) AND term < :prefix || char(1114111) LIMIT :most"
)
FEW = 100
"""Up to so many conversations, a search names them to the index."""


class SqlIndex:
    """The index. It follows the log; a message that is recalled or edited is looked up as it is now, whatever is indexed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = IndexWriter(sqlite=database.sqlite)

    async def cursor(self) -> int:
        """Everything up to this `pos` is indexed."""
        found = await self._database.all(select(_state.c.pos))
        return int(found[0][0]) if found else 0

    async def store(
        self, cursor: int, pos: int, documents: Sequence[Document], retained: Mapping[int, int]
    ) -> bool:
        """Index documents and move the cursor from `cursor` to `pos`; if it stands elsewhere, nothing is stored: False."""
        work = partial(self._writer.store, cursor=cursor, pos=pos, documents=documents, retained=retained)
        return await self._database.in_one_go(work)

    async def find(
        self, sought: Sought, before_pos: int | None, limit: int
    ) -> list[tuple[int, Message, str]]:
        """(pos, message, conversation's title) above the user's floors, newest first."""
        found = await self._database.at_once(partial(self._rows, sought, before_pos, limit))
        width = len(_message.c)
        return [(row[width], rows.message_of(row[:width]), row[width + 1]) for row in found]

    def _rows(
        self, sought: Sought, before_pos: int | None, limit: int, connection: Connection
    ) -> Sequence[Any]:
        places = self._places(connection, sought)
        if places is not None and not places:
            return []
        asked = "" if sought.wanted.empty else self._asked(connection, sought.wanted, places)
        query = self._query(sought, before_pos, places, asked).limit(limit)
        return connection.execute(query).all()

    def _places(self, connection: Connection, sought: Sought) -> list[int] | None:
        """The conversations to look in; None when they are too many to name."""
        if sought.conversation is not None:
            return [sought.conversation]
        if sought.operator_of is not None:
            return None
        mine = select(_member.c.conversation).where(_member.c.user == sought.user, _member.c.to_seq.is_(None))
        found = [row[0] for row in connection.execute(mine.limit(FEW + 1))]
        return found if len(found) <= FEW else None

    def _query(self, sought: Sought, before_pos: int | None, places: list[int] | None, asked: str) -> Any:
        seat = and_(
            _member.c.conversation == _document.c.conversation,
            _member.c.user == sought.user,
            _member.c.to_seq.is_(None),
        )
        message = and_(_message.c.conversation == _document.c.conversation, _message.c.seq == _document.c.seq)
        mine = and_(
            _member.c.user.is_not(None),
            _document.c.seq >= _member.c.from_seq,
            _document.c.seq > _member.c.deleted_to,
        )
        seen = mine
        if sought.operator_of is not None:
            support = and_(
                _conversation.c.workspace == sought.operator_of,
                _conversation.c.kind == ConversationKind.SUPPORT.value,
                _member.c.user.is_(None),
            )
            seen = or_(mine, support)
        query = (
            select(*_message.c, _document.c.pos, _conversation.c.title)
            .select_from(_document)
            .join(_conversation, _conversation.c.id == _document.c.conversation)
            .join(_message, message)
            .outerjoin(_member, seat)
            .where(
                seen,
                _document.c.seq > _conversation.c.retained_through,
                _message.c.state != MessageState.RECALLED.value,
                not_hidden(sought.user),
            )
            .order_by(_document.c.pos.desc())
        )
        return self._filtered(query, sought, before_pos, places, asked)

    def _filtered(
        self, query: Any, sought: Sought, before_pos: int | None, places: list[int] | None, asked: str
    ) -> Any:
        for column, compare, given in (
            (_document.c.pos, lt, before_pos),
            (_document.c.sender, eq, sought.sender),
            (_document.c.conversation, eq, sought.conversation),
            (_document.c.at, lt, sought.before),
            (_document.c.at, ge, sought.after),
        ):
            if given is not None:
                query = query.where(compare(column, given))
        if sought.has is not None:
            query = query.where(_document.c.has.op("&")(HAS[sought.has]) != 0)
        if asked:
            if self._database.sqlite:
                return _matched(query, asked, before_pos)
            inside = text(
                "search_document.pos IN (SELECT w.pos FROM search_words w WHERE w.terms @@ CAST(:asked AS tsquery))"
            )
            query = query.where(inside.bindparams(asked=asked))
        elif places is not None:
            query = query.where(_document.c.conversation.in_(places))
        return query

    def _asked(self, connection: Connection, wanted: Wanted, places: list[int] | None) -> str:
        sqlite = self._database.sqlite
        both, either = (" AND ", " OR ") if sqlite else (" & ", " | ")
        parts = [_quoted(each, sqlite) for each in wanted.terms]
        for stem, prefix in wanted.choices:
            begins = _completed(connection, prefix) if sqlite else f"{_quoted(prefix, sqlite)}:*"
            parts.append(f"({_quoted(stem, sqlite)}{either}{begins})")
        if places is not None:
            named = either.join(_quoted(f"c{each}", sqlite) for each in places)
            parts.append(f"({named})")
        return both.join(parts)


def _matched(query: Any, asked: str, before_pos: int | None) -> Any:
    """The query over FTS5's own order: it gives the newest match first and stops at the limit, where an `IN` collected all
    matches of a frequent word before the first was looked at (https://www.sqlite.org/fts5.html, ORDER BY rowid).
    """
    query = query.join(_words, _words.c.rowid == _document.c.pos)
    query = query.where(text("search_words MATCH :asked").bindparams(asked=asked))
    if before_pos is not None:
        query = query.where(_words.c.rowid < before_pos)
    return query.order_by(None).order_by(_words.c.rowid.desc())


def _completed(connection: Connection, prefix: str) -> str:
    """What FTS5 is asked for the words that begin with a prefix: these words by name while they are few.

    For `prefix *` FTS5 first puts together all places of all those words: 33 ms for a word of 250,000 messages, where the
    word itself gives its newest place in 0.3 ms (measured). The index names its own words, but counts the places of each that
    it names; so the prefix itself, which is mostly the most frequent, is not looked up.
    """
    connection.execute(_LIST_TERMS)
    longer = [each[0] for each in connection.execute(_LONGER, {"prefix": prefix, "most": COMPLETIONS + 1})]
    if len(longer) > COMPLETIONS:
        return f"{_quoted(prefix, True)} *"
    return " OR ".join(_quoted(each, True) for each in (prefix, *longer))


def _quoted(term: str, sqlite: bool) -> str:
    """A term as a literal: terms are letters, digits and marks only, so nothing in them can end the quotes."""
    return f'"{term}"' if sqlite else f"'{term}'"
