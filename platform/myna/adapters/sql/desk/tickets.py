"""Tickets, held messages and turns on both databases. They are written by the commit; only leases are written here."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.sleeps import sleeping
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.rows import desk as rows_desk
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.desk import HeldRow, TicketRow, TurnRow
from myna.adapters.sql.tables.helpdesk import LabelledRow
from myna.adapters.sql.tables.service import NoteMentionRow
from myna.errors import Malformed
from myna.model.conversation import Conversation, ConversationKind
from myna.model.moderation import Held, HeldState
from myna.model.service import TicketFilter
from myna.model.ticket import Owner, Ticket, TicketStatus, Turn, TurnRecord, TurnState

_conversation = table(ConversationRow)
_ticket = table(TicketRow)
_held = table(HeldRow)
_turn = table(TurnRow)
_label, _mention = table(LabelledRow), table(NoteMentionRow)
WIDE = TicketFilter()

VIEWS = ("open", "mine", "queue", "agent", "mentions", "spam", "asleep", "resolved")
"""What an operator's list can show."""


class SqlDesk:
    """Reads of tickets and held messages, scoped to a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ticket(self, conversation: int) -> Ticket | None:
        """The ticket of a support conversation."""
        row = await self._one(select(_ticket).where(_ticket.c.conversation == conversation))
        return None if row is None else rows_desk.ticket_of(row)

    async def tickets(
        self,
        workspace: int,
        *,
        view: str,
        operator: int,
        before: tuple[float, int] | None,
        limit: int,
        narrowed: TicketFilter = WIDE,
    ) -> list[tuple[Ticket, Conversation]]:
        """Tickets of a view, latest change of the conversation first."""
        query = (
            select(*_ticket.c, *_conversation.c)
            .join(_conversation, _conversation.c.id == _ticket.c.conversation)
            .where(_ticket.c.workspace == workspace, _view(view, operator), *_narrowing(narrowed))
            .order_by(_conversation.c.changed_at.desc(), _conversation.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            at, conversation = before
            query = query.where(
                or_(
                    _conversation.c.changed_at < at,
                    and_(_conversation.c.changed_at == at, _conversation.c.id < conversation),
                )
            )
        width = len(_ticket.c)
        found = await self._all(query)
        return [(rows_desk.ticket_of(row[:width]), rows.conversation_of(row[width:])) for row in found]

    async def counts(self, workspace: int, operator: int) -> dict[str, int]:
        """How many tickets each view has."""
        sums = [func.coalesce(func.sum(case((_view(view, operator), 1), else_=0)), 0) for view in VIEWS]
        query = (
            select(*sums)
            .select_from(_ticket.join(_conversation, _conversation.c.id == _ticket.c.conversation))
            .where(_ticket.c.workspace == workspace)
        )
        row = await self._one(query)
        return {view: int(row[place]) for place, view in enumerate(VIEWS)}

    async def held(self, held: int, workspace: int) -> Held | None:
        """A held message."""
        row = await self._one(select(_held).where(_held.c.id == held, _held.c.workspace == workspace))
        return None if row is None else rows_desk.held_of(row).held

    async def held_list(self, workspace: int, state: HeldState, after: int | None, limit: int) -> list[Held]:
        """Held messages: waiting ones oldest first, decided ones newest first."""
        query = select(_held).where(_held.c.workspace == workspace, _held.c.state == state.value).limit(limit)
        oldest_first = state is HeldState.WAITING
        query = query.order_by(_held.c.id if oldest_first else _held.c.id.desc())
        if after is not None:
            query = query.where(_held.c.id > after if oldest_first else _held.c.id < after)
        return [rows_desk.held_of(row).held for row in await self._all(query)]

    async def held_waiting(self, workspace: int) -> int:
        """How many wait."""
        waiting = and_(_held.c.workspace == workspace, _held.c.state == HeldState.WAITING.value)
        row = await self._one(select(func.count()).select_from(_held).where(waiting))
        return int(row[0])

    async def held_of(self, conversation: int, sender: int) -> list[Held]:
        """What a sender has waiting in a conversation, oldest first."""
        query = (
            select(_held)
            .where(
                _held.c.conversation == conversation,
                _held.c.sender == sender,
                _held.c.state == HeldState.WAITING.value,
            )
            .order_by(_held.c.id)
            .limit(100)
        )
        return [rows_desk.held_of(row).held for row in await self._all(query)]

    async def _one(self, query: Any) -> Any:
        return next(iter(await self._database.all(query.limit(1))), None)

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)


class SqlTurnQueue:
    """Leases of turns: each turn has one worker at a time, whichever process it runs in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, now: float, lease_s: float) -> Turn | None:
        """The turn that has been due longest, leased until `now + lease_s`. One turn per conversation runs at a time."""
        due = and_(_turn.c.state == TurnState.QUEUED.value, _turn.c.due_at <= now)
        if not await self._database.all(select(_turn.c.id).where(due).limit(1)):
            return None
        other = _turn.alias("other")
        running = select(other.c.id).where(
            other.c.conversation == _turn.c.conversation, other.c.state == TurnState.LEASED.value
        )
        query = (
            select(*_turn.c, _conversation.c.kind)
            .join(_conversation, _conversation.c.id == _turn.c.conversation)
            .where(due, ~running.exists())
            .order_by(_turn.c.due_at)
            .limit(1)
            .with_for_update(of=[_turn, _conversation], skip_locked=True)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            turn = rows_desk.turn_of(row)
            # Between our snapshot and our lock on the conversation another worker may have leased in it: look again.
            taken = await connection.execute(
                update(_turn)
                .where(_turn.c.id == turn.id, ~_leased_in(turn.conversation))
                .values(state=TurnState.LEASED.value, attempt=turn.attempt + 1, due_at=now + lease_s)
            )
            if taken.rowcount == 0:
                return None
        kind = ConversationKind(row[-1])
        return Turn(
            turn.id,
            turn.workspace,
            turn.conversation,
            kind,
            turn.agent,
            turn.trigger_seq,
            turn.epoch,
            turn.attempt + 1,
        )

    async def renew(self, turn: Turn, until: float) -> bool:
        """Prolong a lease; False when it was lost."""
        async with self._database.write() as connection:
            done = await connection.execute(update(_turn).where(_lease_of(turn)).values(due_at=until))
        return done.rowcount == 1

    async def defer(self, turn: Turn, due_at: float) -> bool:
        """End a lease and queue the turn again for `due_at`; False when the lease was lost."""
        later = update(_turn).where(_lease_of(turn)).values(state=TurnState.QUEUED.value, due_at=due_at)
        async with self._database.write() as connection:
            done = await connection.execute(later)
        return done.rowcount == 1

    async def expired(self, now: float, limit: int) -> list[tuple[int, int, int | None]]:
        """(turn, conversation, seq of its stream) of leases that ended without an answer."""
        query = (
            select(_turn.c.id, _turn.c.conversation, _turn.c.seq)
            .where(_turn.c.state == TurnState.LEASED.value, _turn.c.due_at < now)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in (await connection.execute(query)).all()]

    async def next_due(self) -> float | None:
        """When the next waiting turn may be leased; one that waits for the end of another has no such time."""
        other = _turn.alias("other")
        running = select(other.c.id).where(
            other.c.conversation == _turn.c.conversation, other.c.state == TurnState.LEASED.value
        )
        waits = (_turn.c.state == TurnState.QUEUED.value, ~running.exists())
        due: float | None = (await self._database.all(select(func.min(_turn.c.due_at)).where(*waits)))[0][0]
        return due

    async def records(self, conversation: int, limit: int) -> list[TurnRecord]:
        """The newest turns of a conversation with their decisions."""
        query = (
            select(_turn).where(_turn.c.conversation == conversation).order_by(_turn.c.id.desc()).limit(limit)
        )
        async with self._database.read() as connection:
            turns = [rows_desk.turn_of(row) for row in (await connection.execute(query)).all()]
        return [
            TurnRecord(each.id, each.trigger_seq, each.seq, each.state, each.decision, each.created_at)
            for each in turns
        ]


def _lease_of(turn: Turn) -> ColumnElement[bool]:
    return and_(
        _turn.c.id == turn.id, _turn.c.attempt == turn.attempt, _turn.c.state == TurnState.LEASED.value
    )


def _leased_in(conversation: int) -> ColumnElement[bool]:
    other = _turn.alias("other")
    running = select(other.c.id).where(
        other.c.conversation == conversation, other.c.state == TurnState.LEASED.value
    )
    return running.exists()


def _view(view: str, operator: int) -> ColumnElement[bool]:
    began = _conversation.c.seq > 0
    unresolved = and_(began, _ticket.c.status == TicketStatus.OPEN.value)
    sleeps = sleeping(time.time())
    is_open = and_(unresolved, ~sleeps)
    match view:
        case "open":
            return is_open
        case "mine":
            return and_(is_open, _ticket.c.owner == Owner.OPERATOR.value, _ticket.c.owner_user == operator)
        case "queue":
            return and_(is_open, _ticket.c.owner == Owner.QUEUE.value)
        case "agent":
            return and_(is_open, _ticket.c.owner == Owner.AGENT.value)
        case "asleep":
            return and_(unresolved, sleeps)
        case "mentions":
            called = and_(_mention.c.user == operator, _mention.c.conversation == _ticket.c.conversation)
            return and_(began, exists().where(called))
        case "spam":
            # Also conversations of which nothing was let through yet.
            bad = _held.c.state.in_((HeldState.WAITING.value, HeldState.BLOCKED.value))
            return exists().where(_held.c.conversation == _ticket.c.conversation, bad)
        case "resolved":
            return and_(began, _ticket.c.status == TicketStatus.RESOLVED.value)
        case _:
            raise Malformed(f"There is no view {view!r}; use one of {', '.join(VIEWS)}.")


def _narrowing(narrowed: TicketFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if narrowed.label is not None:
        worn = and_(_label.c.conversation == _ticket.c.conversation, _label.c.label == narrowed.label)
        found.append(exists().where(worn))
    if narrowed.inbox is not None:
        found.append(_ticket.c.inbox == narrowed.inbox)
    if narrowed.owner is not None:
        found.append(and_(_ticket.c.owner == Owner.OPERATOR.value, _ticket.c.owner_user == narrowed.owner))
    return found
