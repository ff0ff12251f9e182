"""Pins, versions, reactions and threads on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import not_hidden
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.messages import MessageRow, MessageVersionRow, PinRow, ReactionRow
from myna.model.message import Message

_message = table(MessageRow)
_version = table(MessageVersionRow)
_reaction = table(ReactionRow)
_pin = table(PinRow)


class SqlMarks:
    """Reads of what was done to messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pins(
        self, conversation: int, *, floor: int, hides_for: int
    ) -> list[tuple[Message, int, float]]:
        """Pinned messages with who pinned them and when, newest pin first."""
        pinned = and_(_pin.c.conversation == _message.c.conversation, _pin.c.seq == _message.c.seq)
        query = (
            select(*_message.c, _pin.c.user, _pin.c.at)
            .join(_pin, pinned)
            .where(_pin.c.conversation == conversation, _pin.c.seq >= floor, not_hidden(hides_for))
            .order_by(_pin.c.at.desc(), _pin.c.seq.desc())
        )
        return [(rows.message_of(row), row[-2], row[-1]) for row in await self._all(query)]

    async def versions(self, conversation: int, seq: int) -> list[tuple[int, Mapping[str, Any], int, float]]:
        """(rev of the edit, body before it, who edited, when), oldest first."""
        query = (
            select(_version.c.rev, _version.c.body, _version.c.replaced_by, _version.c.replaced_at)
            .where(_version.c.conversation == conversation, _version.c.seq == seq)
            .order_by(_version.c.rev)
        )
        return [(row[0], rows.from_json(row[1]), row[2], row[3]) for row in await self._all(query)]

    async def reactions(self, conversation: int, seq: int, limit: int) -> list[tuple[str, int, float]]:
        """(emoji, user, when), oldest first."""
        query = (
            select(_reaction.c.emoji, _reaction.c.user, _reaction.c.at)
            .where(_reaction.c.conversation == conversation, _reaction.c.seq == seq)
            .order_by(_reaction.c.at, _reaction.c.user, _reaction.c.emoji)
            .limit(limit)
        )
        return [(row[0], row[1], row[2]) for row in await self._all(query)]

    async def reactions_of(self, user: int, conversation: int, seqs: Sequence[int]) -> dict[int, list[str]]:
        """What the user put on each of these messages."""
        if not seqs or not user:
            return {}
        query = (
            select(_reaction.c.seq, _reaction.c.emoji)
            .where(
                _reaction.c.conversation == conversation,
                _reaction.c.seq.in_(seqs),
                _reaction.c.user == user,
            )
            .order_by(_reaction.c.seq, _reaction.c.at, _reaction.c.emoji)
        )
        found: dict[int, list[str]] = {}
        for seq, emoji in await self._all(query):
            found.setdefault(seq, []).append(emoji)
        return found

    async def threads(self, conversation: int, roots: Sequence[int]) -> dict[int, tuple[int, int]]:
        """How many replies each thread has, and the newest of them."""
        if not roots:
            return {}
        query = (
            select(_message.c.thread, func.count(), func.max(_message.c.seq))
            .where(
                _message.c.conversation == conversation,
                _message.c.thread.is_not(None),
                _message.c.thread.in_(roots),
            )
            .group_by(_message.c.thread)
        )
        return {row[0]: (row[1], row[2]) for row in await self._all(query)}

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)
