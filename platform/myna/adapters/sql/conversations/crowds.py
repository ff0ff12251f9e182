"""Questions about many seats at once, on both databases: how many, which of these users, who knows whom, who has read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow, ReceiptRow
from myna.adapters.sql.watermarks import known_marks

_conversation = table(ConversationRow)
_member = table(MemberRow)
_receipt = table(ReceiptRow)
_MANY = 500
"""Keys in one statement, below every driver's bound on parameters."""


class SqlCrowds:
    """Present seats only; receipts are kept apart from the seats, since they change with every message that is read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def size(self, conversation: int, at_most: int) -> int:
        """How many members a conversation has; counting stops at `at_most`."""
        some = (
            select(_member.c.user)
            .where(_member.c.conversation == conversation, _member.c.to_seq.is_(None))
            .limit(at_most)
            .subquery()
        )
        (found,) = await self._all(select(func.count()).select_from(some))
        return int(found[0])

    async def seated(self, conversation: int, users: Sequence[int]) -> list[int]:
        """Those of the users who are members."""
        found: list[int] = []
        for place in range(0, len(users), _MANY):
            query = select(_member.c.user).where(
                _member.c.conversation == conversation,
                _member.c.to_seq.is_(None),
                _member.c.user.in_(users[place : place + _MANY]),
            )
            found += [int(row[0]) for row in await self._all(query)]
        return found

    async def acquainted(self, user: int, users: Sequence[int]) -> list[int]:
        """Those of the users who share a conversation with this one."""
        mine = _member.alias("mine")
        found: list[int] = []
        for place in range(0, len(users), _MANY):
            query = (
                select(_member.c.user)
                .join(mine, and_(mine.c.conversation == _member.c.conversation, mine.c.user == user))
                .where(
                    _member.c.user.in_(users[place : place + _MANY]),
                    _member.c.to_seq.is_(None),
                    mine.c.to_seq.is_(None),
                )
                .distinct()
            )
            found += [int(row[0]) for row in await self._all(query)]
        return found

    async def mark_received(self, marks: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
        """Raise what (conversation, user) has received up to the newest message; it never falls. The marks that rose."""
        if not marks:
            return {}
        heads = select(_conversation.c.id, _conversation.c.seq).where(
            _conversation.c.id.in_({conversation for conversation, _ in marks})
        )
        make: Any = sqlite.insert if self._database.sqlite else postgresql.insert
        insert = make(_receipt)
        statement = insert.on_conflict_do_update(
            index_elements=["conversation", "user"],
            set_={"received_seq": insert.excluded.received_seq},
            where=_receipt.c.received_seq < insert.excluded.received_seq,
        )
        async with self._database.write() as connection:
            newest = {row[0]: row[1] for row in (await connection.execute(heads)).all()}
            wanted = {key: min(seq, newest[key[0]]) for key, seq in sorted(marks.items()) if key[0] in newest}
            before = await known_marks(connection, _receipt, _receipt.c.received_seq, wanted)
            counted = {key: seq for key, seq in wanted.items() if seq > before.get(key, 0)}
            values = [
                {"conversation": conversation, "user": user, "received_seq": seq}
                for (conversation, user), seq in counted.items()
            ]
            if values:
                await connection.execute(statement, values)
        return counted

    async def watermarks(self, conversation: int, limit: int) -> list[tuple[int, int, int]]:
        """(user, read up to, received up to) of the members. Whoever has read a message has received it."""
        query = self._marks(conversation).limit(limit)
        return [(row[0], row[1], max(row[1], row[2] or 0)) for row in await self._all(query)]

    async def reached(self, conversation: int, seq: int) -> tuple[int, int]:
        """How many members have read this message, and how many have received it."""
        marks = self._marks(conversation).subquery()
        got = or_(marks.c.read_seq >= seq, marks.c.received_seq >= seq)
        query = select(
            func.count().filter(marks.c.read_seq >= seq),
            func.count().filter(got),
        ).select_from(marks)
        (found,) = await self._all(query)
        return int(found[0]), int(found[1])

    def _marks(self, conversation: int) -> Any:
        return (
            select(_member.c.user, _member.c.read_seq, _receipt.c.received_seq)
            .outerjoin(
                _receipt,
                and_(_receipt.c.conversation == _member.c.conversation, _receipt.c.user == _member.c.user),
            )
            .where(_member.c.conversation == conversation, _member.c.to_seq.is_(None))
            .order_by(_member.c.user)
        )

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)
