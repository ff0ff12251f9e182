"""Members, links, requests and blocks on both databases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import content
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import (
    BlockRow,
    ConversationRow,
    InviteRow,
    JoinRequestRow,
    MemberRow,
)
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.conversation import Conversation, ConversationKind, Invite, JoinRequest, Member, RequestState
from myna.model.workspace import User

_member = table(MemberRow)
_user = table(UserRow)
_invite = table(InviteRow)
_request = table(JoinRequestRow)
_block = table(BlockRow)
_conversation = table(ConversationRow)


class SqlSeats:
    """Reads of who is, was and may come into a conversation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, conversation: int, *, after: tuple[float, int] | None, limit: int
    ) -> list[tuple[Member, User]]:
        """Present members by (joined_at, user), longest first."""
        present: ColumnElement[bool] = _member.c.to_seq.is_(None)
        if after is not None:
            present = and_(present, tuple_(_member.c.joined_at, _member.c.user) > tuple_(*after))
        return await self._people(conversation, present, limit)

    async def banned(self, conversation: int, now: float) -> list[tuple[Member, User]]:
        """Who may not come in now."""
        return await self._people(conversation, _member.c.banned_until > now, 1000)

    async def invites(self, conversation: int) -> list[Invite]:
        """The links of a conversation, newest first."""
        query = select(_invite).where(_invite.c.conversation == conversation).order_by(_invite.c.id.desc())
        return [content.invite_of(row) for row in await self._all(query.limit(1000))]

    async def invite(self, code: str, workspace: int) -> tuple[Invite, Conversation, int] | None:
        """A link by its code, with its conversation and how many members that has."""
        query = (
            select(*_invite.c, *_conversation.c, _members_of(_conversation.c.id))
            .join(_conversation, _conversation.c.id == _invite.c.conversation)
            .where(_invite.c.code == code, _invite.c.workspace == workspace)
        )
        found = await self._all(query)
        if not found:
            return None
        row, width = found[0], len(_invite.c)
        return content.invite_of(row[:width]), rows.conversation_of(row[width:-1]), row[-1]

    async def requests(self, conversation: int, limit: int) -> list[tuple[JoinRequest, User]]:
        """Who waits to be let in, longest first."""
        query = (
            select(*_request.c, *_user.c)
            .join(_user, _user.c.id == _request.c.user)
            .where(_request.c.conversation == conversation, _request.c.state == RequestState.WAITING.value)
            .order_by(_request.c.created_at, _request.c.user)
            .limit(limit)
        )
        width = len(_request.c)
        return [
            (content.request_of(row[:width]), rows.user_of_columns(row[width:]))
            for row in await self._all(query)
        ]

    async def joinable(
        self, workspace: int, user: int, *, after: int, limit: int
    ) -> list[tuple[Conversation, int]]:
        """Conversations that anybody may enter or ask to, where the user has no seat, by id; with member counts."""
        mine = exists().where(
            _member.c.conversation == _conversation.c.id,
            _member.c.user == user,
            _member.c.to_seq.is_(None),
        )
        groups = (ConversationKind.GROUP.value, ConversationKind.CHANNEL.value)
        query = (
            select(*_conversation.c, _members_of(_conversation.c.id))
            .where(
                _conversation.c.workspace == workspace,
                _conversation.c.kind.in_(groups),
                or_(
                    _conversation.c.policy.contains('"join":"open"', autoescape=True),
                    _conversation.c.policy.contains('"join":"request"', autoescape=True),
                ),
                _conversation.c.id > after,
                ~mine,
            )
            .order_by(_conversation.c.id)
            .limit(limit)
        )
        return [(rows.conversation_of(row[:-1]), row[-1]) for row in await self._all(query)]

    async def blocks(self, user: int) -> list[User]:
        """Whom the user blocks."""
        query = (
            select(_user)
            .join(_block, _block.c.other == _user.c.id)
            .where(_block.c.user == user)
            .order_by(_block.c.at.desc(), _user.c.id)
        )
        return [rows.user_of_columns(row) for row in await self._all(query)]

    async def blocked(self, one: int, other: int) -> bool:
        """Whether one of the two blocks the other."""
        pairs = [(one, other), (other, one)]
        query = select(_block.c.user).where(tuple_(_block.c.user, _block.c.other).in_(pairs))
        return bool(await self._all(query.limit(1)))

    async def _people(
        self, conversation: int, which: ColumnElement[bool], limit: int
    ) -> list[tuple[Member, User]]:
        query = (
            select(*_member.c, *_user.c)
            .join(_user, _user.c.id == _member.c.user)
            .where(_member.c.conversation == conversation, which)
            .order_by(_member.c.joined_at, _member.c.user)
            .limit(limit)
        )
        width = len(_member.c)
        return [
            (rows.member_of(row[:width]), rows.user_of_columns(row[width:])) for row in await self._all(query)
        ]

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)


def _members_of(conversation: Any) -> Any:
    return (
        select(func.count())
        .select_from(_member)
        .where(_member.c.conversation == conversation, _member.c.to_seq.is_(None))
        .correlate(_conversation)
        .scalar_subquery()
    )
