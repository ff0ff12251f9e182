"""Conversations and seats on both databases."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from myna.adapters.sql.conversations import list_queries as queries
from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.adapters.sql.watermarks import known_marks
from myna.model.conversation import Conversation, ConversationKind, Member
from myna.model.message import Message
from myna.model.workspace import User

_conversation = table(ConversationRow)
_member = table(MemberRow)
_message = table(MessageRow)
_user = table(UserRow)


class SqlConversations:
    """Reads scoped to a user or workspace; the only write is the read cursor, which never falls."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest, self._present_members = queries.newest(), queries.present_members()
        self._last_messages, self._unread = queries.last_messages(), queries.unread(sqlite=database.sqlite)

    async def find(self, conversation: int, workspace: int) -> Conversation | None:
        """A conversation of this workspace."""
        query = select(_conversation).where(
            _conversation.c.id == conversation, _conversation.c.workspace == workspace
        )
        row = await self._one(query)
        return None if row is None else rows.conversation_of(row)

    async def member(self, conversation: int, user: int) -> Member | None:
        """The user's seat, also after leaving."""
        row = await self._one(
            select(_member).where(_member.c.conversation == conversation, _member.c.user == user)
        )
        return None if row is None else rows.member_of(row)

    async def seats(
        self, wanted: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], tuple[Conversation, Member | None]]:
        """Conversation and seat of each (conversation, user); not scoped, so whoever asks must look whether it may be seen."""
        places, users = {place for place, _ in wanted}, {user for _, user in wanted}
        query = (
            select(*_conversation.c, *_member.c)
            .outerjoin(_member, and_(_member.c.conversation == _conversation.c.id, _member.c.user.in_(users)))
            .where(_conversation.c.id.in_(places))
        )
        width = len(_conversation.c)
        known: dict[int, Conversation] = {}
        seats: dict[tuple[int, int], Member] = {}
        for row in await self._all(query):
            if row[0] not in known:
                known[row[0]] = rows.conversation_of(row[:width])
            if row[width] is not None:
                member = rows.member_of(row[width:])
                seats[(member.conversation, member.user)] = member
        return {key: (known[key[0]], seats.get(key)) for key in wanted if key[0] in known}

    async def members(self, conversation: int, limit: int) -> list[tuple[Member, User]]:
        """The present members, longest first."""
        query = (
            select(*_member.c, *_user.c)
            .join(_user, _user.c.id == _member.c.user)
            .where(_member.c.conversation == conversation, _member.c.to_seq.is_(None))
            .order_by(_member.c.joined_at, _member.c.user)
            .limit(limit)
        )
        width = len(_member.c)
        found = await self._all(query)
        return [(rows.member_of(row[:width]), rows.user_of_columns(row[width:])) for row in found]

    async def members_of(
        self, conversations: Sequence[int], limit: int
    ) -> dict[int, list[tuple[Member, User]]]:
        """The present members of several conversations in one read, so many of each, longest first."""
        if not conversations:
            return {}
        width = len(_member.c)
        found: dict[int, list[tuple[Member, User]]] = {}
        for row in await self._all(self._present_members, {"places": conversations, "most": limit}):
            member = rows.member_of(row[:width])
            found.setdefault(member.conversation, []).append((member, rows.user_of_columns(row[width:])))
        return found

    async def changed(
        self, user: int, *, support_of: int | None, after_pos: int, limit: int, newest_first: bool = False
    ) -> list[tuple[Conversation, Member | None]]:
        """The user's conversations with `last_pos > after_pos` in that order; all support ones of a workspace for operators."""
        seat = and_(
            _member.c.conversation == _conversation.c.id, _member.c.user == user, _member.c.to_seq.is_(None)
        )
        query = (
            select(*_conversation.c, *_member.c)
            .where(_conversation.c.last_pos > after_pos)
            .order_by(_conversation.c.last_pos.desc() if newest_first else _conversation.c.last_pos)
            .limit(limit)
        )
        if support_of is None:
            query = query.join(_member, seat)
        else:
            support = and_(
                _conversation.c.workspace == support_of,
                _conversation.c.kind == ConversationKind.SUPPORT.value,
            )
            query = query.outerjoin(_member, seat).where(or_(_member.c.user.is_not(None), support))
        width = len(_conversation.c)
        found = await self._all(query)
        return [
            (rows.conversation_of(row[:width]), None if row[width] is None else rows.member_of(row[width:]))
            for row in found
        ]

    async def newest(
        self, user: int, *, before_pos: int | None, limit: int
    ) -> list[tuple[Conversation, Member]]:
        """The user's conversations, the one with the latest change first."""
        width = len(_conversation.c)
        found = await self._all(
            self._newest,
            {"user": user, "pos": queries.NO_POS if before_pos is None else before_pos, "most": limit},
        )
        return [(rows.conversation_of(row[:width]), rows.member_of(row[width:])) for row in found]

    async def last_messages(self, conversations: Sequence[int]) -> dict[int, Message]:
        """The newest message of each conversation."""
        if not conversations:
            return {}
        found = [
            rows.message_of(row) for row in await self._all(self._last_messages, {"places": conversations})
        ]
        return {message.conversation: message for message in found}

    async def unread(self, seats: Sequence[Member]) -> dict[int, int]:
        """Unread messages by conversation: `seq - max(floor, read, own last message)`, never below 0 (design: core.md)."""
        if not seats:
            return {}
        places = [seat.conversation for seat in seats]
        found = await self._all(self._unread, {"user": seats[0].user, "places": places})
        return {row[0]: max(0, row[1] - max(row[2], row[3] or 0)) for row in found}

    async def mark_read(self, marks: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
        """Raise `read_seq` of (conversation, user) up to the newest message; it never falls. The marks that rose."""
        if not marks:
            return {}
        heads = select(_conversation.c.id, _conversation.c.seq).where(
            _conversation.c.id.in_({conversation for conversation, _ in marks})
        )
        statement = (
            update(_member)
            .where(
                _member.c.conversation == bindparam("at_conversation"),
                _member.c.user == bindparam("at_user"),
                _member.c.read_seq < bindparam("up_to"),
            )
            .values(read_seq=bindparam("up_to"))
        )
        async with self._database.write() as connection:
            newest = {row[0]: row[1] for row in (await connection.execute(heads)).all()}
            wanted = {key: min(seq, newest[key[0]]) for key, seq in sorted(marks.items()) if key[0] in newest}
            before = await known_marks(connection, _member, _member.c.read_seq, wanted)
            # Another device was further already: then there is nothing to store, and nothing to tell.
            counted = {key: seq for key, seq in wanted.items() if seq > before.get(key, seq)}
            values = [
                {"at_conversation": conversation, "at_user": user, "up_to": seq}
                for (conversation, user), seq in counted.items()
            ]
            if values:
                await connection.execute(statement, values)
        return counted

    async def support_conversation(self, visitor: int, inbox: int) -> Conversation | None:
        """The visitor's conversation in this inbox."""
        query = (
            select(_conversation)
            .join(_member, _member.c.conversation == _conversation.c.id)
            .where(
                _member.c.user == visitor,
                _conversation.c.inbox == inbox,
                _conversation.c.kind == ConversationKind.SUPPORT,
            )
            .order_by(_conversation.c.id)
            .limit(1)
        )
        row = await self._one(query)
        return None if row is None else rows.conversation_of(row)

    async def direct_conversation(self, one: int, other: int) -> Conversation | None:
        """The direct conversation of two users."""
        mine, theirs = _member.alias("mine"), _member.alias("theirs")
        query = (
            select(_conversation)
            .join(mine, mine.c.conversation == _conversation.c.id)
            .join(theirs, theirs.c.conversation == _conversation.c.id)
            .where(
                mine.c.user == one,
                theirs.c.user == other,
                _conversation.c.kind == ConversationKind.DIRECT.value,
            )
            .order_by(_conversation.c.id)
            .limit(1)
        )
        row = await self._one(query)
        return None if row is None else rows.conversation_of(row)

    async def _one(self, query: Any) -> Any:
        async with self._database.read() as connection:
            return (await connection.execute(query)).first()

    async def _all(self, query: Any, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
        return await self._database.all(query, parameters)
