"""The bots' logs in SQL: what is fed from the conversation log, what comes from elsewhere, and the cursors."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.log import connection as log_connection
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.rows.core import from_json, to_json
from myna.adapters.sql.search.store import by_mark
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, EventRow, MemberRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.workspace import UserRow
from myna_bots.adapters import feed_reads
from myna_bots.adapters.sql_bots import BOT, INSTALLATION, STATE, scopes_of
from myna_bots.adapters.tables import BotCursorRow, BotDeliveryRow, BotEventRow, BotFeedRow, BotWebhookRow
from myna_bots.host.model import (
    DeliveryState,
    Entry,
    HookKind,
    HookState,
    Listener,
    NewEntry,
    Privacy,
    View,
    default_scopes,
)
from myna_bots.host.ports import Heard

EVENT, FEED, CURSOR, HOOK, DELIVERY = (
    table(row) for row in (BotEventRow, BotFeedRow, BotCursorRow, BotWebhookRow, BotDeliveryRow)
)
_CONVERSATION, _EVENT, _MEMBER, _MESSAGE, _USER = (
    table(row) for row in (ConversationRow, EventRow, MemberRow, MessageRow, UserRow)
)
_PLACE = "SELECT pos FROM bot_feed WHERE id = 1"
AHEAD = 2_000
"""Events of which only the conversations are looked at, to pass those that no bot hears."""
ASKED = "asked"
"""The space of `bot_state` that holds whose next message a bot waits for; keys are `conversation:user`."""


class SqlBotLog:
    """`BotLog` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = SqlLog(database)
        self._place = _PLACE if database.sqlite else _PLACE + " FOR UPDATE"
        self._move = by_mark("UPDATE bot_feed SET pos = {0} WHERE id = 1", database.sqlite)

    async def unheard(self, pos: int, limit: int) -> tuple[list[Heard], int, set[int]]:
        reached, silent = await self._silent(pos)
        if reached > pos:
            return [], reached, silent
        found = [event for event, _, _ in await self._log.events_after(pos, limit)]
        if not found:
            return [], pos, silent
        places = {event.conversation for event in found}
        async with self._database.read() as connection:
            listeners = await _listeners(connection, places)
            heard = [event for event in found if event.conversation in listeners]
            if not heard:
                return [], found[-1].pos, silent
            conversations = {
                row[0]: rows.conversation_of(row)
                for row in await connection.execute(
                    select(_CONVERSATION).where(_CONVERSATION.c.id.in_(listeners))
                )
            }
            senders = await feed_reads.senders(connection, heard)
            replied = await feed_reads.replied(connection, heard)
            made: list[Heard] = []
            for event in heard:
                here = tuple(listeners[event.conversation])
                row_of_bots = 0
                if event.seq is not None and any(each.hears_bots for each in here):
                    row_of_bots = await feed_reads.bots_in_a_row(connection, event.conversation, event.seq)
                sender = senders.get(feed_reads.who(event))
                answered = replied.get((event.conversation, feed_reads.about(event)))
                wishes = await feed_reads.wishes(connection, event)
                place = conversations[event.conversation]
                made.append(Heard(event, place, sender, answered, here, row_of_bots, wishes))
        return made, found[-1].pos, silent

    async def _silent(self, pos: int) -> tuple[int, set[int]]:
        """Up to where no bot has a seat in the conversations of the next events: those need not be read; and which have none."""
        found, heard = await self._database.at_once(partial(_ahead, pos))
        if not found:
            return pos, set()
        places = {row[1] for row in found}
        first = next((row[0] for row in found if row[1] in heard), None)
        return int(found[-1][0] if first is None else first - 1), places - heard

    async def fed(self) -> int:
        async with self._database.read() as connection:
            return int((await connection.execute(select(FEED.c.pos).where(FEED.c.id == 1))).scalar_one())

    async def feed(self, before: int, after: int, entries: Sequence[NewEntry]) -> list[Entry] | None:
        if not entries:
            return [] if await self._database.in_one_go(partial(self._passed, before, after)) else None
        move = update(FEED).where(FEED.c.id == 1, FEED.c.pos == before).values(pos=after)
        async with self._database.write() as connection:
            if not (await connection.execute(move)).rowcount:
                return None
            return await _store(connection, entries)

    def _passed(self, before: int, after: int, connection: log_connection.Connection) -> bool:
        # Twice a second where people talk much, so without a step on the event loop while the log waits for its turn.
        if [int(row[0]) for row in connection.fetch(self._place)] != [before]:
            return False
        connection.many(self._move, [(after,)])
        return True

    async def append(self, entries: Sequence[NewEntry]) -> list[Entry]:
        async with self._database.write() as connection:
            return await _store(connection, entries)

    async def entries(self, bot: int, after: int, limit: int) -> list[Entry]:
        query = (
            select(EVENT).where(EVENT.c.bot == bot, EVENT.c.seq > after).order_by(EVENT.c.seq).limit(limit)
        )
        async with self._database.read() as connection:
            return [entry_of(row) for row in (await connection.execute(query)).all()]

    async def entry(self, bot: int, seq: int) -> Entry | None:
        async with self._database.read() as connection:
            query = select(EVENT).where(EVENT.c.bot == bot, EVENT.c.seq == seq)
            row = (await connection.execute(query)).first()
        return None if row is None else entry_of(row)

    async def cursor(self, bot: int, view: View) -> int:
        query = select(CURSOR.c.seq).where(CURSOR.c.bot == bot, CURSOR.c.view == view.value)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar() or 0)

    async def confirm(self, bot: int, view: View, seq: int) -> int:
        key = (CURSOR.c.bot == bot, CURSOR.c.view == view.value)
        async with self._database.write() as connection:
            newest = (await connection.execute(select(BOT.c.seq).where(BOT.c.user == bot))).scalar() or 0
            known = (await connection.execute(select(CURSOR.c.seq).where(*key))).scalar()
            reached = max(known or 0, min(seq, newest))
            if known is None:
                values = {"bot": bot, "view": view.value, "seq": reached}
                await connection.execute(insert(CURSOR).values(values))
            elif reached > known:
                await connection.execute(update(CURSOR).where(*key).values(seq=reached))
            return reached

    async def prune(self, before: float) -> int:
        waits = exists().where(DELIVERY.c.bot == EVENT.c.bot, DELIVERY.c.seq == EVENT.c.seq)
        async with self._database.write() as connection:
            return int(
                (await connection.execute(delete(EVENT).where(EVENT.c.created_at < before, ~waits))).rowcount
            )


async def _store(connection: AsyncConnection, entries: Sequence[NewEntry]) -> list[Entry]:
    """Each bot's row is locked by raising its seq, so entries of several processes get dense seqs."""
    made: list[Entry] = []
    for entry in sorted(entries, key=lambda each: each.bot):
        known = exists().where(EVENT.c.bot == entry.bot, EVENT.c.key == entry.key)
        raised = update(BOT).where(BOT.c.user == entry.bot).values(seq=BOT.c.seq + 1)
        if entry.key is not None:
            raised = raised.where(~known)
        seq = (await connection.execute(raised.returning(BOT.c.seq))).scalar()
        if seq is None:
            continue
        stored = Entry(entry.bot, seq, entry.type, entry.conversation, entry.data, entry.at)
        values = {
            "bot": entry.bot,
            "seq": seq,
            "type": entry.type,
            "conversation": entry.conversation,
            "data": to_json(entry.data),
            "key": entry.key,
            "created_at": entry.at,
        }
        await connection.execute(insert(EVENT).values(values))
        await _queue(connection, stored)
        made.append(stored)
    return made


async def _queue(connection: AsyncConnection, entry: Entry) -> None:
    query = select(HOOK.c.types).where(HOOK.c.bot == entry.bot, HOOK.c.state != HookState.OFF.value)
    types = (await connection.execute(query)).scalar()
    if types is None or (types != "[]" and entry.type not in from_json(types)):
        return
    await connection.execute(
        insert(DELIVERY).values(delivery_row(entry.bot, entry.seq, entry.conversation, entry.at))
    )


def delivery_row(bot: int, seq: int, conversation: int | None, due_at: float) -> dict[str, Any]:
    """A delivery that has not been tried."""
    return {
        "bot": bot,
        "seq": seq,
        "place": conversation or 0,
        "attempt": 0,
        "due_at": due_at,
        "leased_until": 0.0,
        "state": DeliveryState.WAITING.value,
        "status": None,
        "error": None,
    }


def _ahead(pos: int, connection: Connection) -> tuple[Sequence[Any], set[int]]:
    """(pos, conversation) of the next events, and in which of these conversations a bot has a seat."""
    ahead = select(_EVENT.c.pos, _EVENT.c.conversation).where(_EVENT.c.pos > pos).order_by(_EVENT.c.pos)
    found = connection.execute(ahead.limit(AHEAD)).all()
    seats = select(_MEMBER.c.conversation).join(BOT, BOT.c.user == _MEMBER.c.user).distinct()
    places = {row[1] for row in found}
    seated = connection.execute(seats.where(_MEMBER.c.conversation.in_(places))) if places else ()
    return found, {row[0] for row in seated}


def entry_of(row: Any) -> Entry:
    """An entry from its row."""
    return Entry(row[0], row[1], row[2], row[3], from_json(row[4]), row[6])


async def _listeners(connection: AsyncConnection, places: set[int]) -> dict[int, list[Listener]]:
    query = (
        select(
            _MEMBER.c.conversation,
            _MEMBER.c.user,
            _MEMBER.c.joined_at,
            _MEMBER.c.to_seq,
            _USER.c.handle,
            _USER.c.name,
            BOT.c.privacy,
            BOT.c.hears_bots,
            INSTALLATION.c.privacy.label("here"),
            INSTALLATION.c.scopes,
            HOOK.c.kind,
            HOOK.c.types,
        )
        .join(BOT, BOT.c.user == _MEMBER.c.user)
        .join(_USER, _USER.c.id == _MEMBER.c.user)
        .outerjoin(
            INSTALLATION,
            and_(INSTALLATION.c.conversation == _MEMBER.c.conversation, INSTALLATION.c.bot == _MEMBER.c.user),
        )
        .outerjoin(HOOK, HOOK.c.bot == _MEMBER.c.user)
        .where(
            _MEMBER.c.conversation.in_(places),
            BOT.c.disabled_at.is_(None),
            INSTALLATION.c.removed_at.is_(None),
        )
    )
    found = (await connection.execute(query)).all()
    asked = await _asked(connection, {row.user for row in found})
    made: dict[int, list[Listener]] = {}
    for row in found:
        made.setdefault(row.conversation, []).append(
            Listener(
                row.user,
                row.handle,
                row.name,
                Privacy(row.here or row.privacy),
                bool(row.hears_bots),
                default_scopes(Privacy(row.privacy)) if row.scopes is None else scopes_of(row.scopes),
                row.joined_at,
                row.to_seq,
                None if row.kind is None else HookKind(row.kind),
                () if row.types is None else tuple(from_json(row.types)),
                asked.get((row.user, row.conversation), frozenset()),
            )
        )
    return made


async def _asked(connection: AsyncConnection, bots: set[int]) -> dict[tuple[int, int], frozenset[int]]:
    query = select(STATE.c.bot, STATE.c.key).where(STATE.c.bot.in_(bots), STATE.c.space == ASKED)
    made: dict[tuple[int, int], frozenset[int]] = {}
    for bot, key in (await connection.execute(query)).all():
        conversation, _, user = key.partition(":")
        place = (bot, int(conversation))
        made[place] = made.get(place, frozenset()) | {int(user)}
    return made
