"""Notes, prepared replies, ratings, contacts and figures on both databases."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Float, and_, case, cast, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.desk import HeldRow, TicketRow, TurnRow
from myna.adapters.sql.tables.service import (
    NoteMentionRow,
    NoteRow,
    PreparedReplyRow,
    RatingRow,
    SavedViewRow,
)
from myna.adapters.sql.tables.workspace import InboxRow, UserRow
from myna.errors import Conflict
from myna.model.service import (
    MAX_NOTES,
    MAX_REPLIES,
    MAX_VIEWS,
    WHOLE,
    Contact,
    Day,
    Note,
    PreparedReply,
    Rating,
    SavedView,
    TicketFilter,
)
from myna.model.workspace import Inbox, UserKind

_note, _reply, _rating = table(NoteRow), table(PreparedReplyRow), table(RatingRow)
_mention, _view = table(NoteMentionRow), table(SavedViewRow)
_ticket, _turn, _held = table(TicketRow), table(TurnRow), table(HeldRow)
_user, _conversation, _inbox = table(UserRow), table(ConversationRow), table(InboxRow)
DAY_S = 86_400


class SqlService:
    """Keeps what a service team keeps beside conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def notes(self, conversation: int) -> list[Note]:
        """Notes of a conversation, oldest first; at most `MAX_NOTES`."""
        query = (
            select(_note).where(_note.c.conversation == conversation).order_by(_note.c.id).limit(MAX_NOTES)
        )
        found = await self._all(query)
        called: dict[int, list[int]] = defaultdict(list)
        calls = select(_mention.c.note, _mention.c.user).where(
            _mention.c.note.in_([each.id for each in found])
        )
        for number, user in await self._all(calls.order_by(_mention.c.user)) if found else ():
            called[number].append(user)
        return [
            Note(
                each.id,
                each.conversation,
                each.author,
                each.text,
                each.created_at,
                tuple(called.get(each.id, ())),
            )
            for each in found
        ]

    async def add_note(self, note: Note) -> None:
        """Store a note.

        Raises:
            Conflict: the conversation holds as many as it may; nothing was stored.
        """
        async with self._database.write() as connection:
            here = select(func.count()).select_from(_note).where(_note.c.conversation == note.conversation)
            if ((await connection.execute(here)).scalar() or 0) >= MAX_NOTES:
                raise Conflict(f"A conversation holds at most {MAX_NOTES} notes.", code="too_many_notes")
            await connection.execute(
                insert(_note).values(
                    id=note.id,
                    conversation=note.conversation,
                    author=note.author,
                    text=note.text,
                    created_at=note.created_at,
                )
            )
            for user in set(note.mentions):
                called = {"user": user, "note": note.id, "conversation": note.conversation}
                await connection.execute(insert(_mention).values(called))

    async def remove_note(self, conversation: int, note: int, author: int | None) -> bool:
        """Remove a note, with `author` only if it is theirs; whether there was one."""
        chosen = [_note.c.id == note, _note.c.conversation == conversation]
        if author is not None:
            chosen.append(_note.c.author == author)
        removed = await self._removed(delete(_note).where(*chosen))
        if removed:
            await self._removed(delete(_mention).where(_mention.c.note == note))
        return removed

    async def views(self, user: int) -> list[SavedView]:
        """An operator's saved views, oldest first."""
        found = await self._all(select(_view).where(_view.c.user == user).order_by(_view.c.id))
        return [_saved_view(each) for each in found]

    async def put_view(self, view: SavedView) -> SavedView:
        """Store a view under its name, in place of one that has it; gives what is stored.

        Raises:
            Conflict: the operator has as many as they may; nothing was stored.
        """
        narrowed = view.narrowed
        values = {
            "view": view.view,
            "label": narrowed.label,
            "inbox": narrowed.inbox,
            "owner": narrowed.owner,
        }
        same = and_(_view.c.user == view.user, _view.c.name == view.name)
        async with self._database.write() as connection:
            known = (await connection.execute(select(_view.c.id).where(same))).scalar()
            if known is not None:
                await connection.execute(update(_view).where(same).values(values))
                return replace(view, id=known)
            here = select(func.count()).select_from(_view).where(_view.c.user == view.user)
            if ((await connection.execute(here)).scalar() or 0) >= MAX_VIEWS:
                raise Conflict(f"At most {MAX_VIEWS} views are kept.", code="too_many_views")
            await connection.execute(
                insert(_view).values(id=view.id, user=view.user, name=view.name, **values)
            )
        return view

    async def remove_view(self, user: int, view: int) -> bool:
        """Remove a saved view; whether there was one."""
        return await self._removed(delete(_view).where(_view.c.id == view, _view.c.user == user))

    async def replies(self, workspace: int) -> list[PreparedReply]:
        """Prepared replies by shortcut."""
        query = select(_reply).where(_reply.c.workspace == workspace).order_by(_reply.c.shortcut)
        return [_reply_of(each) for each in await self._all(query)]

    async def put_reply(self, reply: PreparedReply) -> PreparedReply:
        """Store a reply under its shortcut, replacing the text of one that is there; gives what is stored.

        Raises:
            Conflict: the workspace holds as many as it may; nothing was stored.
        """
        same = and_(_reply.c.workspace == reply.workspace, _reply.c.shortcut == reply.shortcut)
        async with self._database.write() as connection:
            known = (await connection.execute(select(_reply).where(same))).first()
            if known is None:
                await self._add_reply(connection, reply)
                return reply
            values = {"text": reply.text, "changed_at": reply.changed_at}
            await connection.execute(update(_reply).where(same).values(values))
        return PreparedReply(known.id, reply.workspace, reply.shortcut, reply.text, reply.changed_at)

    async def _add_reply(self, connection: AsyncConnection, reply: PreparedReply) -> None:
        kept = select(func.count()).select_from(_reply).where(_reply.c.workspace == reply.workspace)
        if ((await connection.execute(kept)).scalar() or 0) >= MAX_REPLIES:
            raise Conflict(f"A workspace holds at most {MAX_REPLIES} replies.", code="too_many_replies")
        await connection.execute(
            insert(_reply).values(
                id=reply.id,
                workspace=reply.workspace,
                shortcut=reply.shortcut,
                text=reply.text,
                changed_at=reply.changed_at,
            )
        )

    async def remove_reply(self, workspace: int, reply: int) -> bool:
        """Remove a reply; whether there was one."""
        return await self._removed(
            delete(_reply).where(_reply.c.id == reply, _reply.c.workspace == workspace)
        )

    async def rate(self, rating: Rating) -> None:
        """Store a rating in place of what the same user said about the same thing before."""
        same = (
            _rating.c.conversation == rating.conversation,
            _rating.c.user == rating.user,
            _rating.c.seq == rating.seq,
        )
        async with self._database.write() as connection:
            await connection.execute(delete(_rating).where(*same))
            await connection.execute(
                insert(_rating).values(
                    conversation=rating.conversation,
                    user=rating.user,
                    seq=rating.seq,
                    score=rating.score,
                    comment=rating.comment,
                    rated_at=rating.rated_at,
                )
            )

    async def ratings(self, conversation: int) -> list[Rating]:
        """All ratings of a conversation by seq."""
        query = select(_rating).where(_rating.c.conversation == conversation).order_by(_rating.c.seq)
        return [
            Rating(each.conversation, each.user, each.seq, each.score, each.comment, each.rated_at)
            for each in await self._all(query)
        ]

    async def change_inbox(self, inbox: Inbox) -> None:
        """Replace an inbox's name, texts and allowed origins."""
        values = {
            "name": inbox.name,
            "allowed_origins": rows.to_json(inbox.allowed_origins),
            "texts": rows.to_json(inbox.texts),
        }
        async with self._database.write() as connection:
            await connection.execute(update(_inbox).where(_inbox.c.id == inbox.id).values(values))

    async def contacts(
        self, workspace: int, search: str, before: tuple[float, int] | None, limit: int
    ) -> list[Contact]:
        """Visitors with a conversation, last active first, whose name holds `search`, in pages."""
        seen = (
            select(
                _ticket.c.visitor,
                func.count().label("conversations"),
                func.max(_ticket.c.conversation).label("conversation"),
                func.min(_ticket.c.created_at).label("first_at"),
                func.max(_conversation.c.changed_at).label("last_at"),
            )
            .join(_conversation, _conversation.c.id == _ticket.c.conversation)
            .where(_ticket.c.workspace == workspace)
            .group_by(_ticket.c.visitor)
            .subquery()
        )
        query = select(
            _user, seen.c.conversations, seen.c.conversation, seen.c.first_at, seen.c.last_at
        ).join(seen, seen.c.visitor == _user.c.id)
        query = query.where(_user.c.kind == UserKind.VISITOR.value)
        if search:
            query = query.where(func.lower(_user.c.name).contains(search.lower(), autoescape=True))
        if before is not None:
            at, user = before
            query = query.where(or_(seen.c.last_at < at, and_(seen.c.last_at == at, _user.c.id < user)))
        query = query.order_by(seen.c.last_at.desc(), _user.c.id.desc()).limit(limit)
        return [
            Contact(
                rows.user_of_columns(each), each.conversations, each.conversation, each.first_at, each.last_at
            )
            for each in await self._all(query)
        ]

    async def days(self, workspace: int, since: float) -> Sequence[Day]:
        """Figures per day from a moment on, oldest first; days without any are left out."""
        found: defaultdict[int, dict[str, float]] = defaultdict(dict)
        async with self._database.read() as connection:
            for query in self._figures(workspace, since):
                for row in await connection.execute(query):
                    values = {str(name): value for name, value in row._mapping.items()}
                    day = int(values.pop("day"))
                    found[day].update(
                        {name: float(value) for name, value in values.items() if value is not None}
                    )
        return [Day(day, counts) for day, counts in sorted(found.items())]

    def _figures(self, workspace: int, since: float) -> list[Any]:
        def day(at: Any) -> Any:
            # SQLite's cast cuts off, PostgreSQL's rounds.
            shifted = at / DAY_S if self._database.sqlite else func.floor(at / DAY_S)
            return cast(shifted, BigInteger)

        def count(holds: Any) -> Any:
            return func.sum(case((holds, 1), else_=0))

        def said(decision: str) -> Any:
            return count(_turn.c.decision.contains(f'"decision":"{decision}"', autoescape=True))

        opened = day(_ticket.c.created_at)
        resolved = day(_ticket.c.changed_at)
        turned = day(_turn.c.created_at)
        held = day(_held.c.created_at)
        rated = day(_rating.c.rated_at)
        whole = _rating.c.seq == WHOLE
        return [
            select(opened.label("day"), func.count().label("opened"))
            .where(_ticket.c.workspace == workspace, _ticket.c.created_at >= since)
            .group_by(opened),
            select(resolved.label("day"), func.count().label("resolved"))
            .where(
                _ticket.c.workspace == workspace,
                _ticket.c.changed_at >= since,
                _ticket.c.status == "resolved",
            )
            .group_by(resolved),
            select(
                turned.label("day"),
                *(said(each).label(each) for each in ("answer", "ask_back", "hand_off", "decline")),
            )
            .where(_turn.c.workspace == workspace, _turn.c.created_at >= since, _turn.c.decision.is_not(None))
            .group_by(turned),
            select(
                held.label("day"),
                func.count().label("held"),
                count(_held.c.state == "blocked").label("blocked"),
            )
            .where(_held.c.workspace == workspace, _held.c.created_at >= since, _held.c.state != "flagged")
            .group_by(held),
            select(
                rated.label("day"),
                count(and_(~whole, _rating.c.score > 0)).label("helpful"),
                count(and_(~whole, _rating.c.score < 0)).label("unhelpful"),
                count(whole).label("rated"),
                func.avg(case((whole, cast(_rating.c.score, Float)))).label("stars"),
            )
            .join(_ticket, _ticket.c.conversation == _rating.c.conversation)
            .where(_ticket.c.workspace == workspace, _rating.c.rated_at >= since)
            .group_by(rated),
        ]

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)

    async def _removed(self, statement: Any) -> bool:
        async with self._database.write() as connection:
            return bool((await connection.execute(statement)).rowcount)


def _reply_of(row: Any) -> PreparedReply:
    return PreparedReply(row.id, row.workspace, row.shortcut, row.text, row.changed_at)


def _saved_view(row: Any) -> SavedView:
    return SavedView(row.id, row.user, row.name, row.view, TicketFilter(row.label, row.inbox, row.owner))
