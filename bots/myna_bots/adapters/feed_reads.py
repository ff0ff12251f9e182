"""What the feed reads beside the events themselves: who acted, on what, and who waits to come in."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import InviteRow, JoinRequestRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.conversation import RequestState
from myna.model.message import Event, EventKind, Message
from myna.model.workspace import User, UserKind
from myna_bots.host.ports import Wish

_INVITE, _REQUEST, _MESSAGE, _USER = (table(row) for row in (InviteRow, JoinRequestRow, MessageRow, UserRow))
_MARKS = {EventKind.REACTION_CHANGED, EventKind.PIN_CHANGED}
ROW_OF_BOTS = 5
"""How far back messages are looked at for bots that talk to each other."""
MAX_WISHES = 100


def who(event: Event) -> int:
    """The user who acted; 0 when the event does not say."""
    return int(event.data.get("user" if event.kind in _MARKS else "sender", 0))


def about(event: Event) -> int:
    """The seq of the message that an event answers or marks; 0 for none."""
    return int((event.seq if event.kind in _MARKS else event.data.get("reply_to")) or 0)


async def senders(connection: AsyncConnection, events: Sequence[Event]) -> dict[int, User]:
    """Who acted in these events."""
    wanted = {who(event) for event in events} - {0}
    found = await connection.execute(select(_USER).where(_USER.c.id.in_(wanted)))
    return {row[0]: rows.user_of_columns(row) for row in found}


async def replied(connection: AsyncConnection, events: Sequence[Event]) -> dict[tuple[int, int], Message]:
    """The messages that these events answer or mark."""
    wanted = {(event.conversation, about(event)) for event in events if about(event)}
    if not wanted:
        return {}
    same = or_(
        *(and_(_MESSAGE.c.conversation == place, _MESSAGE.c.seq == seq) for place, seq in sorted(wanted))
    )
    found = [rows.message_of(row) for row in await connection.execute(select(_MESSAGE).where(same))]
    return {(each.conversation, each.seq): each for each in found}


async def wishes(connection: AsyncConnection, event: Event) -> tuple[Wish, ...]:
    """Who waits to be let in, when the event says that this changed."""
    if event.kind is not EventKind.REQUEST_CHANGED:
        return ()
    query = (
        select(_USER, _REQUEST.c.note, _REQUEST.c.created_at, _INVITE.c.code)
        .join(_REQUEST, _REQUEST.c.user == _USER.c.id)
        .outerjoin(_INVITE, _INVITE.c.id == _REQUEST.c.invite)
        .where(_REQUEST.c.conversation == event.conversation, _REQUEST.c.state == RequestState.WAITING.value)
        .order_by(_REQUEST.c.created_at)
        .limit(MAX_WISHES)
    )
    found = (await connection.execute(query)).all()
    return tuple(Wish(rows.user_of_columns(row), row[-3], row[-2], row[-1]) for row in found)


async def bots_in_a_row(connection: AsyncConnection, conversation: int, seq: int) -> int:
    """How many of the newest messages up to this one were written by bots."""
    query = (
        select(_USER.c.kind)
        .join(_MESSAGE, _MESSAGE.c.sender == _USER.c.id)
        .where(_MESSAGE.c.conversation == conversation, _MESSAGE.c.seq <= seq)
        .order_by(_MESSAGE.c.seq.desc())
        .limit(ROW_OF_BOTS)
    )
    count = 0
    for (kind,) in (await connection.execute(query)).all():
        if kind != UserKind.BOT.value:
            break
        count += 1
    return count
