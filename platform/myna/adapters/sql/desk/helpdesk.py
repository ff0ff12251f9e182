"""The service desk's store on both databases."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.sleeps import sleeping
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.rows import desk as rows_desk
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.desk import TicketRow
from myna.adapters.sql.tables.helpdesk import (
    InboxDeskRow,
    ItemRow,
    LabelledRow,
    OperatorRow,
    StayRow,
    TeamRow,
)
from myna.adapters.sql.upserts import inserting_once, upserting
from myna.errors import Conflict
from myna.helpdesk.model import (
    Hours,
    InboxDesk,
    Item,
    ItemKind,
    OperatorState,
    Promise,
    Stay,
    Team,
)
from myna.model.ticket import Owner, Ticket, TicketStatus

_team = table(TeamRow)
_operator = table(OperatorRow)
_inbox = table(InboxDeskRow)
_item = table(ItemRow)
_labelled = table(LabelledRow)
_stay = table(StayRow)
_ticket = table(TicketRow)
_conversation = table(ConversationRow)


class SqlHelpdesk:
    """Everything of the service desk that is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def teams(self, workspace: int) -> list[Team]:
        """All teams by name."""
        query = select(_team).where(_team.c.workspace == workspace).order_by(_team.c.name)
        return [
            Team(row.id, row.workspace, row.name, tuple(rows.from_json(row.members)))
            for row in await self._all(query)
        ]

    async def put_team(self, team: Team) -> None:
        """Store a team, replacing what it was."""
        values = {
            "id": team.id,
            "workspace": team.workspace,
            "name": team.name,
            "members": rows.to_json(list(team.members)),
        }
        await self._put(_team, values, named=f"A team {team.name!r}")

    async def delete_team(self, workspace: int, team: int) -> bool:
        """Delete a team; its inboxes are staffed by everybody then."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(_team).where(_team.c.id == team, _team.c.workspace == workspace)
            )
            if gone.rowcount:
                await connection.execute(update(_inbox).where(_inbox.c.team == team).values(team=None))
        return gone.rowcount == 1

    async def operators(self, workspace: int) -> list[OperatorState]:
        """Everybody who ever said whether they are available."""
        query = select(_operator).where(_operator.c.workspace == workspace).order_by(_operator.c.user)
        return [
            OperatorState(row.user, row.workspace, row.available, row.capacity)
            for row in await self._all(query)
        ]

    async def put_operator(self, state: OperatorState) -> None:
        """Store whether an operator is available."""
        values = {
            "user": state.user,
            "workspace": state.workspace,
            "available": state.available,
            "capacity": state.capacity,
        }
        await self._put(_operator, values)

    async def inbox(self, inbox: int, workspace: int) -> InboxDesk | None:
        """How an inbox is staffed."""
        query = select(_inbox).where(_inbox.c.inbox == inbox, _inbox.c.workspace == workspace)
        row = await self._one(query)
        if row is None:
            return None
        stored = rows.from_json(row.settings)
        hours = stored["hours"]
        week = {day: tuple((start, end) for start, end in spans) for day, spans in hours["week"].items()}
        return InboxDesk(
            row.inbox,
            row.workspace,
            row.team,
            row.assign,
            Hours(hours["timezone"], week, tuple(hours["closed"])),
            Promise(**stored["promise"]),
        )

    async def put_inbox(self, desk: InboxDesk) -> None:
        """Store how an inbox is staffed."""
        hours, promise = desk.hours, desk.promise
        settings = {
            "hours": {"timezone": hours.timezone, "week": dict(hours.week), "closed": list(hours.closed)},
            "promise": {
                "first_reply_s": promise.first_reply_s,
                "next_reply_s": promise.next_reply_s,
                "resolve_s": promise.resolve_s,
            },
        }
        values = {
            "inbox": desk.inbox,
            "workspace": desk.workspace,
            "team": desk.team,
            "assign": desk.assign,
            "settings": rows.to_json(settings),
        }
        await self._put(_inbox, values)

    async def items(self, workspace: int, kind: ItemKind) -> list[Item]:
        """Macros or labels by name."""
        query = (
            select(_item)
            .where(_item.c.workspace == workspace, _item.c.kind == kind.value)
            .order_by(_item.c.name)
        )
        return [
            Item(row.id, row.workspace, ItemKind(row.kind), row.name, rows.from_json(row.body))
            for row in await self._all(query)
        ]

    async def put_item(self, item: Item) -> None:
        """Store a macro or label."""
        values = {
            "id": item.id,
            "workspace": item.workspace,
            "kind": item.kind.value,
            "name": item.name,
            "body": rows.to_json(dict(item.body)),
        }
        await self._put(_item, values, named=f"A {item.kind} {item.name!r}")

    async def delete_item(self, workspace: int, item: int) -> bool:
        """Delete a macro or label, and a label from every conversation."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(_item).where(_item.c.id == item, _item.c.workspace == workspace)
            )
            if gone.rowcount:
                await connection.execute(delete(_labelled).where(_labelled.c.label == item))
        return gone.rowcount == 1

    async def labels_of(self, conversations: Sequence[int]) -> dict[int, list[int]]:
        """The labels of conversations."""
        query = (
            select(_labelled).where(_labelled.c.conversation.in_(conversations)).order_by(_labelled.c.label)
        )
        found: dict[int, list[int]] = {}
        for row in await self._all(query):
            found.setdefault(row.conversation, []).append(row.label)
        return found

    async def set_label(self, conversation: int, label: int, on: bool) -> None:
        """Put a label on or take it off."""
        if on:
            await self._put(_labelled, {"conversation": conversation, "label": label})
            return
        mine = (_labelled.c.conversation == conversation, _labelled.c.label == label)
        async with self._database.write() as connection:
            await connection.execute(delete(_labelled).where(*mine))

    async def queued(self, stay: Stay) -> None:
        """Write down that a conversation waits."""
        values = {
            "conversation": stay.conversation,
            "epoch": stay.epoch,
            "inbox": stay.inbox,
            "workspace": stay.workspace,
            "since": stay.since,
            "until": stay.until,
        }
        async with self._database.write() as connection:
            await connection.execute(
                inserting_once(_stay, sqlite_driver=self._database.sqlite).values(values)
            )

    async def left_queue(self, conversation: int, epoch: int, at: float, *, taken: bool) -> None:
        """End or forget the stays that began before this epoch."""
        open_ones = (_stay.c.conversation == conversation, _stay.c.epoch < epoch, _stay.c.until.is_(None))
        change = (
            update(_stay).where(*open_ones).values(until=at) if taken else delete(_stay).where(*open_ones)
        )
        async with self._database.write() as connection:
            await connection.execute(change)

    async def stays(self, workspace: int, inbox: int | None, limit: int) -> list[Stay]:
        """The newest stays that an operator ended."""
        query = (
            select(_stay)
            .where(_stay.c.workspace == workspace, _stay.c.until.is_not(None))
            .order_by(_stay.c.until.desc())
            .limit(limit)
        )
        if inbox is not None:
            query = query.where(_stay.c.inbox == inbox)
        return [
            Stay(row.conversation, row.epoch, row.inbox, row.workspace, row.since, row.until)
            for row in await self._all(query)
        ]

    async def waiting(self, workspace: int | None, limit: int) -> list[Ticket]:
        """Tickets in the queue, longest first."""
        query = (
            select(_ticket)
            .where(_ticket.c.status == TicketStatus.OPEN.value, _ticket.c.owner == Owner.QUEUE.value)
            .join(_conversation, _conversation.c.id == _ticket.c.conversation)
            .where(_conversation.c.seq > 0, ~sleeping(time.time()))
            .order_by(_ticket.c.changed_at, _ticket.c.conversation)
            .limit(limit)
        )
        if workspace is not None:
            query = query.where(_ticket.c.workspace == workspace)
        return [rows_desk.ticket_of(row) for row in await self._all(query)]

    async def load(self, workspace: int) -> dict[int, int]:
        """How many open conversations each operator owns."""
        query = (
            select(_ticket.c.owner_user, func.count())
            .where(
                _ticket.c.workspace == workspace,
                _ticket.c.status == TicketStatus.OPEN.value,
                _ticket.c.owner == Owner.OPERATOR.value,
            )
            .group_by(_ticket.c.owner_user)
        )
        return {row[0]: row[1] for row in await self._all(query) if row[0] is not None}

    async def _put(self, target: Any, values: dict[str, Any], *, named: str = "") -> None:
        insert = upserting(target, sqlite_driver=self._database.sqlite).values(values)
        try:
            async with self._database.write() as connection:
                await connection.execute(insert)
        except IntegrityError as taken:
            raise Conflict(f"{named} exists already; choose another name.", code="name_taken") from taken

    async def _one(self, query: Any) -> Any:
        async with self._database.read() as connection:
            return (await connection.execute(query)).first()

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)
