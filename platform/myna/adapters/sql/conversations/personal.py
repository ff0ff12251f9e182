"""What belongs to one user, and what is due, on both databases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, select, tuple_

from myna.adapters.sql.conversations.list_queries import mention_counts
from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import not_hidden
from myna.adapters.sql.rows import content
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.messages import DraftRow, MentionRow, MessageRow, ScheduledRow
from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageState, SavedDraft, Scheduled, ScheduledState

_conversation = table(ConversationRow)
_member = table(MemberRow)
_message = table(MessageRow)
_mention = table(MentionRow)
_draft = table(DraftRow)
_scheduled = table(ScheduledRow)
DAY_S = 86_400.0


class SqlPersonal:
    """Reads of what belongs to one user, and of what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mention_counts = mention_counts(sqlite=database.sqlite)

    async def saved(self, user: int) -> int | None:
        """The user's own conversation."""
        query = (
            select(func.min(_conversation.c.id))
            .join(_member, _member.c.conversation == _conversation.c.id)
            .where(_member.c.user == user, _conversation.c.kind == ConversationKind.SAVED.value)
        )
        found = await self._all(query)
        return None if found[0][0] is None else int(found[0][0])

    async def drafts(self, user: int) -> list[SavedDraft]:
        """What the user has begun to write, newest first."""
        query = (
            select(_draft).where(_draft.c.user == user).order_by(_draft.c.at.desc(), _draft.c.conversation)
        )
        return [content.draft_of(row) for row in await self._all(query.limit(1000))]

    async def scheduled(self, user: int) -> list[Scheduled]:
        """The user's messages for later that wait or failed, the next one first."""
        query = (
            select(_scheduled)
            .where(_scheduled.c.user == user, _scheduled.c.state != ScheduledState.SENT.value)
            .order_by(_scheduled.c.due_at, _scheduled.c.id)
            .limit(1000)
        )
        return [content.scheduled_of(row) for row in await self._all(query)]

    async def due(self, now: float, limit: int) -> list[Scheduled]:
        """Messages of anybody whose time has come."""
        query = (
            select(_scheduled)
            .where(_scheduled.c.state == ScheduledState.WAITING.value, _scheduled.c.due_at <= now)
            .order_by(_scheduled.c.due_at, _scheduled.c.id)
            .limit(limit)
        )
        return [content.scheduled_of(row) for row in await self._all(query)]

    async def next_due(self) -> float | None:
        """When the next message for later is due."""
        query = select(func.min(_scheduled.c.due_at)).where(
            _scheduled.c.state == ScheduledState.WAITING.value
        )
        found = await self._all(query)
        return None if found[0][0] is None else float(found[0][0])

    async def mentions(
        self, user: int, *, before: tuple[float, int, int] | None, limit: int
    ) -> list[Message]:
        """Messages that call the user by name, above its floors, newest first by (created_at, conversation, seq)."""
        key = tuple_(_message.c.created_at, _message.c.conversation, _message.c.seq)
        query = (
            select(_message)
            .join(_mention, _at(_message))
            .join(_member, and_(_member.c.conversation == _mention.c.conversation, _member.c.user == user))
            .join(_conversation, _conversation.c.id == _mention.c.conversation)
            .where(
                _mention.c.user == user,
                _member.c.to_seq.is_(None),
                _mention.c.seq >= _member.c.from_seq,
                _mention.c.seq > _member.c.deleted_to,
                _mention.c.seq > _conversation.c.retained_through,
                _message.c.state != MessageState.RECALLED.value,
                not_hidden(user),
            )
            .order_by(_message.c.created_at.desc(), _message.c.conversation.desc(), _message.c.seq.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(key < tuple_(*before))
        return [rows.message_of(row) for row in await self._all(query)]

    async def mention_counts(self, user: int, conversations: Sequence[int]) -> dict[int, int]:
        """Unread messages that call the user, by name or all, by conversation."""
        if not conversations:
            return {}
        found = await self._database.all(self._mention_counts, {"user": user, "places": conversations})
        return {row[0]: row[1] for row in found}

    async def expired(self, now: float, limit: int) -> dict[int, list[int]]:
        """Messages whose time is over, by conversation."""
        query = (
            select(_message.c.conversation, _message.c.seq)
            .where(
                _message.c.expires_at.is_not(None),
                _message.c.expires_at <= now,
                _message.c.state.not_in((MessageState.RECALLED.value, MessageState.STREAMING.value)),
            )
            .order_by(_message.c.expires_at)
            .limit(limit)
        )
        found: dict[int, list[int]] = {}
        for conversation, seq in await self._all(query):
            found.setdefault(conversation, []).append(seq)
        return found

    async def to_retain(self, now: float) -> list[tuple[int, int]]:
        """(conversation, newest message that its retention rule takes away)."""
        ruled = select(_conversation).where(_conversation.c.policy.contains('"retain_days"', autoescape=True))
        due: list[tuple[int, int]] = []
        for row in await self._all(ruled):
            place = rows.conversation_of(row)
            oldest = now - place.policy.retain_days * DAY_S
            newest = select(func.max(_message.c.seq)).where(
                _message.c.conversation == place.id,
                _message.c.seq > place.retained_through,
                _message.c.created_at < oldest,
            )
            through = (await self._all(newest))[0][0]
            if through is not None:
                due.append((place.id, through))
        return due

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)


def _at(messages: Any) -> Any:
    return and_(_mention.c.conversation == messages.c.conversation, _mention.c.seq == messages.c.seq)
