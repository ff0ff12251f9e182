"""What an erasure takes out of rows that stay: words, names and addresses, but no numbers."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete, Update

from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.content import FileRow
from myna.adapters.sql.tables.conversations import ConversationRow, EventRow, MemberRow
from myna.adapters.sql.tables.desk import HeldRow, TicketRow, TurnRow
from myna.adapters.sql.tables.moderation import ListingRow
from myna.adapters.sql.tables.safety import AlertRow
from myna.adapters.sql.tables.service import NoteRow, RatingRow
from myna.adapters.sql.tables.workspace import UserRow

NOBODY = "Deleted user"
_alert, _event, _file, _held, _listing, _member, _note, _place, _rating, _ticket, _turn, _user = (
    table(row)
    for row in (
        AlertRow,
        EventRow,
        FileRow,
        HeldRow,
        ListingRow,
        MemberRow,
        NoteRow,
        ConversationRow,
        RatingRow,
        TicketRow,
        TurnRow,
        UserRow,
    )
)


def blanked(workspace: int, user: int, now: float) -> Sequence[Update | Delete]:
    """The changes of rows about a user; the user stays as a nameless one."""
    theirs = select(_ticket.c.conversation).where(_ticket.c.visitor == user)
    nameless = {
        "name": NOBODY,
        "handle": None,
        "password": None,
        "role": None,
        "custom_role": None,
        "verbs": None,
        "locale": "en",
        "deactivated_at": now,
    }
    named = and_(_listing.c.workspace == workspace, _listing.c.value == str(user))
    return (
        update(_held).where(_held.c.sender == user).values(body='{"text":""}', appeal=None),
        update(_rating).where(_rating.c.user == user).values(comment=""),
        delete(_note).where(or_(_note.c.conversation.in_(theirs), _note.c.author == user)),
        update(_turn).where(_turn.c.conversation.in_(theirs)).values(decision=None),
        update(_ticket).where(_ticket.c.visitor == user).values(summary=None, reason=None),
        # A conversation with a customer is called by the customer's name.
        update(_place).where(_place.c.id.in_(theirs)).values(title=NOBODY),
        update(_file).where(_file.c.user == user).values(name="", used_at=0.0),
        update(_alert).where(_alert.c.user == user).values(address="", key=str(user)),
        update(_listing).where(named).values(name=NOBODY),
        update(_user).where(_user.c.id == user, _user.c.workspace == workspace).values(nameless),
    )


async def nameless_events(connection: AsyncConnection, user: int) -> None:
    """Take the user's name, and what was handed over with their conversations, out of the events that tell of them."""
    theirs = select(_ticket.c.conversation).where(_ticket.c.visitor == user)
    seats = select(_member.c.conversation).where(_member.c.user == user)
    about = or_(
        and_(
            _event.c.conversation.in_(theirs),
            or_(_event.c.data.contains('"summary"'), _event.c.data.contains('"title"')),
        ),
        and_(
            or_(_event.c.conversation.in_(theirs), _event.c.conversation.in_(seats)),
            _event.c.data.contains(f'"{user}"'),
            _event.c.data.contains('"name"'),
        ),
    )
    customers = {row[0] for row in (await connection.execute(theirs)).all()}
    for row in (await connection.execute(select(_event).where(about))).all():
        data = _without(json.loads(row.data), str(user), own=row.conversation in customers)
        same = and_(_event.c.conversation == row.conversation, _event.c.rev == row.rev)
        await connection.execute(update(_event).where(same).values(data=json.dumps(data)))


def _without(told: Any, user: str, *, own: bool) -> Any:
    if isinstance(told, list):
        return [_without(each, user, own=own) for each in told]
    if not isinstance(told, dict):
        return told
    kept = {key: _without(value, user, own=own) for key, value in told.items()}
    if own:
        kept |= {key: value for key, value in {"summary": None, "title": NOBODY}.items() if key in kept}
    if kept.get("id") == user:
        kept |= {key: value for key, value in {"name": NOBODY, "handle": None}.items() if key in kept}
    return kept
