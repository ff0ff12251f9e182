"""Reads of the log on both databases."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select, true

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, EventRow, LaneRow
from myna.adapters.sql.tables.messages import HiddenRow, MessageRow
from myna.model.conversation import ConversationKind
from myna.model.message import Event, EventKind, Message
from myna.wire import message_object

_message = table(MessageRow)
_event = table(EventRow)
_conversation = table(ConversationRow)
_lane = table(LaneRow)
_hidden = table(HiddenRow)


class SqlLog:
    """The log as readers see it: committed rows only, each read in one consistent state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(
        self,
        conversation: int,
        *,
        floor: int,
        before: int | None,
        after: int | None,
        limit: int,
        hides_for: int = 0,
        thread: int | None = None,
    ) -> list[Message]:
        """Messages in ascending order: the newest before `before`, or the oldest after `after`."""
        query = select(_message).where(
            _message.c.conversation == conversation, _message.c.seq >= floor, not_hidden(hides_for)
        )
        if thread is not None:
            query = query.where(_message.c.thread == thread)
        if before is not None:
            query = query.where(_message.c.seq < before)
        if after is not None:
            query = query.where(_message.c.seq > after).order_by(_message.c.seq.asc())
        else:
            query = query.order_by(_message.c.seq.desc())
        found = await self._database.all(query.limit(limit))
        messages = [rows.message_of(row) for row in found]
        return messages if after is not None else messages[::-1]

    async def events(
        self, conversation: int, *, after_rev: int, floor: int, limit: int, hides_for: int = 0
    ) -> list[Event]:
        """Events with `rev` above `after_rev`, ascending; events of messages below the floor are left out."""
        query = (
            _with_messages()
            .where(
                _event.c.conversation == conversation,
                _event.c.rev > after_rev,
                or_(_event.c.seq.is_(None), _event.c.seq >= floor),
                not_hidden(hides_for, _event),
            )
            .order_by(_event.c.rev)
            .limit(limit)
        )
        return [_event_of(row) for row in await self._database.all(query)]

    async def events_after(self, pos: int, limit: int) -> list[tuple[Event, int, bool]]:
        """Events of all conversations in commit order, each with workspace and whether it is a support conversation."""
        query = (
            _with_messages()
            .add_columns(_conversation.c.workspace, _conversation.c.kind)
            .join(_conversation, _conversation.c.id == _event.c.conversation)
            .where(_event.c.pos > pos)
            .order_by(_event.c.pos)
            .limit(limit)
        )
        found = await self._database.all(query)
        return [(_event_of(row), row[-2], row[-1] == ConversationKind.SUPPORT) for row in found]

    async def head(self) -> tuple[int, int]:
        """The newest `pos` and the log's epoch."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_lane.c.pos, _lane.c.epoch).where(_lane.c.id == 1))).one()
        return row[0], row[1]


def not_hidden(user: int, of: Table = _message) -> ColumnElement[bool]:
    """Leaves out the messages that the user deleted for itself, one by one."""
    if not user:
        return true()
    same = and_(
        _hidden.c.user == user, _hidden.c.conversation == of.c.conversation, _hidden.c.seq == of.c.seq
    )
    return ~exists().where(same)


def _with_messages() -> Any:
    joined = _event.outerjoin(
        _message,
        and_(
            _event.c.data.is_(None),
            _message.c.conversation == _event.c.conversation,
            _message.c.seq == _event.c.seq,
        ),
    )
    return select(*_event.c, *_message.c).select_from(joined)


def _event_of(row: Iterable[Any]) -> Event:
    # A tuple first: each look into a SQLAlchemy row costs as much as ten into a tuple.
    conversation, rev, pos, kind, seq, stored, *message = tuple(row)
    data = rows.from_json(stored) if stored is not None else message_object(rows.message_of(message))
    return Event(conversation, rev, pos, EventKind(kind), seq, data)
