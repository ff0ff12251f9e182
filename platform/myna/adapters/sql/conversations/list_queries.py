"""The queries of a list of conversations, put together once: building them for each list cost as much as their answers."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, case, func, select

from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.messages import MentionRow, MessageRow
from myna.adapters.sql.tables.workspace import UserRow

_conversation = table(ConversationRow)
_member = table(MemberRow)
_mention = table(MentionRow)
_message = table(MessageRow)
_user = table(UserRow)
_PLACES: BindParameter[Any] = bindparam("places", expanding=True)
_USER: BindParameter[Any] = bindparam("user")

UNREAD_SCAN = 1_000
"""How far back a reader's own last message is looked for; beyond it the count is exact up to that message's absence."""
NO_POS = 2**62
"""After every position of the log."""


def newest() -> Select[Any]:
    """The conversations of `user` before `pos` with the seats, `most` of them, the one with the latest change first."""
    return (
        select(*_conversation.c, *_member.c)
        .join(_member, _member.c.conversation == _conversation.c.id)
        .where(
            _member.c.user == _USER, _member.c.to_seq.is_(None), _conversation.c.last_pos < bindparam("pos")
        )
        .order_by(_conversation.c.last_pos.desc())
        .limit(bindparam("most", type_=Integer))
    )


def present_members() -> Select[Any]:
    """Seats and users of `places` that are present, `most` of each place, longest first."""
    place = (
        func.row_number()
        .over(partition_by=_member.c.conversation, order_by=(_member.c.joined_at, _member.c.user))
        .label("place")
    )
    ranked = (
        select(*_member.c, place)
        .where(_member.c.conversation.in_(_PLACES), _member.c.to_seq.is_(None))
        .subquery()
    )
    return (
        select(*(ranked.c[column.name] for column in _member.c), *_user.c)
        .join(_user, _user.c.id == ranked.c.user)
        .where(ranked.c.place <= bindparam("most", type_=Integer))
        .order_by(ranked.c.conversation, ranked.c.place)
    )


def last_messages() -> Select[Any]:
    """The newest message of each of `places`."""
    heads = select(_conversation.c.id, _conversation.c.seq).where(_conversation.c.id.in_(_PLACES)).subquery()
    return select(_message).join(
        heads, and_(_message.c.conversation == heads.c.id, _message.c.seq == heads.c.seq)
    )


def unread(*, sqlite: bool) -> Select[Any]:
    """(place, its head, what `user` has read or may not, own last message after that or null) of `places`."""
    base = _passed(sqlite=sqlite)
    own = (
        select(func.max(_message.c.seq))
        .where(
            _message.c.conversation == _conversation.c.id,
            _message.c.seq > base,
            _message.c.seq > _conversation.c.seq - UNREAD_SCAN,
            _message.c.sender == _USER,
        )
        .correlate(_conversation, _member)
        .scalar_subquery()
    )
    return (
        select(_conversation.c.id, _conversation.c.seq, base, own)
        .join(_member, _member.c.conversation == _conversation.c.id)
        .where(_member.c.user == _USER, _conversation.c.id.in_(_PLACES))
    )


def mention_counts(*, sqlite: bool) -> Select[Any]:
    """(place, unread messages that call `user`, by name or all) of `places`."""
    floor = _passed(sqlite=sqlite)
    called = (
        select(func.count())
        .select_from(_mention)
        .where(
            _mention.c.user == _USER, _mention.c.conversation == _conversation.c.id, _mention.c.seq > floor
        )
        .correlate(_conversation, _member)
        .scalar_subquery()
    )
    return (
        select(_conversation.c.id, called + case((_conversation.c.all_seq > floor, 1), else_=0))
        .join(_member, _member.c.conversation == _conversation.c.id)
        .where(_member.c.user == _USER, _conversation.c.id.in_(_PLACES))
    )


def _passed(*, sqlite: bool) -> ColumnElement[int]:
    greatest = func.max if sqlite else func.greatest
    found: ColumnElement[int] = greatest(
        _member.c.read_seq,
        _member.c.from_seq - 1,
        _member.c.deleted_to,
        _conversation.c.retained_through,
    )
    return found
