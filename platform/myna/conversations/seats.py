"""Who is in a conversation: adding, leaving, roles, mutes, bans, links, requests, rules and blocks."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from myna.conversations.access import Access
from myna.errors import Forbidden, Malformed, NotFound
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.personal_writes import SetBlock
from myna.log.seat_writes import (
    Configure,
    DecideRequest,
    Enter,
    Leave,
    MakeInvite,
    Remove,
    RevokeInvite,
    SetSeat,
    Unban,
)
from myna.log.seating import FOREVER
from myna.log.writes import Join
from myna.model.conversation import Conversation, Invite, JoinRequest, MemberRole
from myna.model.policy import Policy
from myna.model.workspace import User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.content import Seats
from myna.rights import Principal, Seat, Verb, require
from myna.wire import member_object, optional_stamp, stamp, user_object

MAX_ADDED = 200
"""Users who are added with one call."""
MAX_TITLE_CHARS = 200
MAX_NOTE_CHARS = 500
CODE_BYTES = 16
"""128 bits: a link cannot be guessed."""


class Membership:
    """Changes of seats. When one returns, it is durable; rights are checked again inside the commit."""

    def __init__(self, access: Access, accounts: Accounts, committer: Committer, seats: Seats) -> None:
        self._access, self._accounts = access, accounts
        self._committer, self._seats = committer, seats

    async def members(
        self, principal: Principal, conversation: int, after: tuple[float, int] | None, limit: int
    ) -> tuple[list[dict[str, Any]], tuple[float, int] | None]:
        """Present members, longest first, and where the next page begins."""
        await self._access.fresh_seat(principal, conversation)
        found = await self._seats.page(conversation, after=after, limit=limit)
        last = found[-1][0] if len(found) == limit else None
        return [member_object(*each) for each in found], None if last is None else (last.joined_at, last.user)

    async def add(self, principal: Principal, conversation: int, users: Sequence[int]) -> list[int]:
        """Give seats to users of the workspace; the ids of those who have one now.

        Raises:
            NotFound: some of them do not exist; nobody was added.
            Forbidden: the principal may not invite here, or a user is banned or has blocked the principal.
        """
        if len(users) > MAX_ADDED:
            raise Malformed(f"At most {MAX_ADDED} members are added at once.")
        seat = await self._need(principal, conversation, Verb.INVITE)
        wanted = sorted(set(users))
        found = await self._accounts.users(wanted, principal.workspace)
        found = [user for user in found if user.kind is not UserKind.VISITOR]
        if len(found) != len(wanted):
            raise NotFound("Some of these users do not exist here.")
        for user in found:
            if await self._seats.blocked(principal.user, user.id):
                raise Forbidden(f"You cannot add {user.name!r}; send a link instead.", code="blocked")
        for user in found:
            await self._committer.write(
                Join(
                    seat.conversation.id,
                    user.id,
                    MemberRole.MEMBER,
                    user_object(user),
                    agent=user.agent,
                    by=principal.user,
                )
            )
        return wanted

    async def leave(self, principal: Principal, conversation: int) -> None:
        """Give up the own seat. The last owner's rights pass to the member that stands highest and longest."""
        await self._access.seat(principal, conversation)
        await self._committer.write(Leave(conversation, principal.user))

    async def remove(self, principal: Principal, conversation: int, user: int, ban_s: int | None) -> None:
        """Take a seat away; with `ban_s` the user cannot come back for so many seconds, with 0 never."""
        await self._need(principal, conversation, Verb.REMOVE if ban_s is None else Verb.BAN)
        if not await self._accounts.users([user], principal.workspace):
            raise NotFound(f"There is no user {user} here.")
        until = None if ban_s is None else time.time() + ban_s if ban_s else FOREVER
        await self._committer.write(Remove(conversation, principal.user, user, until))

    async def unban(self, principal: Principal, conversation: int, user: int) -> None:
        """Let somebody come back."""
        await self._need(principal, conversation, Verb.BAN)
        await self._committer.write(Unban(conversation, principal.user, user))

    async def banned(self, principal: Principal, conversation: int) -> list[dict[str, Any]]:
        """Who may not come in now, and until when (null: for good)."""
        await self._need(principal, conversation, Verb.BAN)
        return [
            {"user": user_object(user), "banned_until": _until(member.banned_until)}
            for member, user in await self._seats.banned(conversation, time.time())
        ]

    async def set_seat(
        self,
        principal: Principal,
        conversation: int,
        user: int,
        role: MemberRole | None,
        mute_s: int | None,
    ) -> dict[str, Any]:
        """Change a member's role, or mute it for so many seconds (0 ends that)."""
        until = None if mute_s is None else time.time() + mute_s if mute_s else 0.0
        for verb, value in ((Verb.SET_ROLE, role), (Verb.MUTE, until)):
            if value is not None:
                await self._need(principal, conversation, verb)
        if role is None and until is None:
            raise Malformed("Give a role or mute_s.")
        if role is not None:
            await self._committer.write(SetSeat(conversation, principal.user, user, role=role))
        if until is not None:
            await self._committer.write(SetSeat(conversation, principal.user, user, muted_until=until))
        people = await self._accounts.users([user], principal.workspace)
        member = (await self._access.fresh_member(conversation, user)) if people else None
        if member is None:
            raise NotFound(f"User {user} is no member here.", code="not_a_member")
        return member_object(member, people[0])

    async def configure(
        self, principal: Principal, conversation: int, title: str | None, rules: Mapping[str, Any]
    ) -> Conversation:
        """Change the title or some rules; the others stay."""
        seat = await self._need(principal, conversation, Verb.CONFIGURE)
        if title is not None:
            title = title.strip()
            if not 1 <= len(title) <= MAX_TITLE_CHARS or "\x00" in title:
                raise Malformed(f"A title has 1 to {MAX_TITLE_CHARS} characters, without NUL.")
        policy: Policy | None = None
        if rules:
            fresh = await self._access.fresh_seat(principal, seat.conversation.id)
            policy = replace(fresh.conversation.policy, **rules).checked()
        made = await self._committer.write(Configure(conversation, principal.user, title, policy))
        assert isinstance(made, Conversation)
        return made

    async def make_invite(
        self,
        principal: Principal,
        conversation: int,
        *,
        role: MemberRole,
        expires_s: int | None,
        max_uses: int | None,
        approval: bool,
    ) -> dict[str, Any]:
        """A new link. Whoever has it comes in, or asks to where `approval` is set."""
        await self._need(principal, conversation, Verb.INVITE)
        expires_at = None if expires_s is None else time.time() + expires_s
        code = secrets.token_urlsafe(CODE_BYTES)
        made = await self._committer.write(
            MakeInvite(conversation, new_id(), principal.user, code, role, expires_at, max_uses, approval)
        )
        assert isinstance(made, Invite)
        return invite_object(made)

    async def invites(self, principal: Principal, conversation: int) -> list[dict[str, Any]]:
        """The links of a conversation, newest first, also those that ended."""
        await self._need(principal, conversation, Verb.INVITE)
        return [invite_object(each) for each in await self._seats.invites(conversation)]

    async def revoke_invite(self, principal: Principal, conversation: int, invite: int) -> None:
        """End a link."""
        await self._need(principal, conversation, Verb.INVITE)
        await self._committer.write(RevokeInvite(conversation, principal.user, invite))

    async def preview(self, principal: Principal, code: str) -> dict[str, Any]:
        """What a link leads to, before one enters."""
        invite, place, members = await self._invite(principal, code)
        return {**place_object(place, members), "approval": invite.approval, "role": invite.role}

    async def enter(self, principal: Principal, code: str, note: str) -> dict[str, Any]:
        """Come in by a link, or ask to."""
        invite, place, _ = await self._invite(principal, code)
        return await self._enter(principal, place.id, invite.id, note)

    async def join(self, principal: Principal, conversation: int, note: str) -> dict[str, Any]:
        """Come into an open conversation, or ask to come into one that admits on request."""
        if principal.kind is UserKind.VISITOR:
            raise Forbidden("Visitors come in by a link only.")
        return await self._enter(principal, conversation, None, note)

    async def joinable(self, principal: Principal, after: int, limit: int) -> list[dict[str, Any]]:
        """Conversations of the workspace that one may enter or ask to, by id."""
        require(principal, Verb.OPEN_GROUP)
        found = await self._seats.joinable(principal.workspace, principal.user, after=after, limit=limit)
        return [{**place_object(*each), "join": each[0].policy.join} for each in found]

    async def requests(self, principal: Principal, conversation: int) -> list[dict[str, Any]]:
        """Who waits to be let in, longest first."""
        await self._need(principal, conversation, Verb.ADMIT)
        return [
            {
                "user": user_object(user),
                "note": request.note,
                "role": request.role,
                "created_at": stamp(request.created_at),
            }
            for request, user in await self._seats.requests(conversation, 200)
        ]

    async def decide(self, principal: Principal, conversation: int, user: int, allow: bool) -> None:
        """Let somebody in who asked, or not."""
        await self._need(principal, conversation, Verb.ADMIT)
        data = await self._data(user)
        await self._committer.write(DecideRequest(conversation, principal.user, user, allow, data))

    async def block(self, principal: Principal, other: int, on: bool) -> None:
        """Block a user: it cannot write to this one directly, nor add it to groups. Nobody is told."""
        if other == principal.user:
            raise Malformed("You cannot block yourself.")
        if not await self._accounts.users([other], principal.workspace):
            raise NotFound(f"There is no user {other} here.")
        await self._committer.write(SetBlock(principal.user, principal.workspace, new_id(), other, on))

    async def blocks(self, principal: Principal) -> list[dict[str, Any]]:
        """Whom the principal blocks, newest first."""
        return [user_object(each) for each in await self._seats.blocks(principal.user)]

    async def _enter(
        self, principal: Principal, conversation: int, invite: int | None, note: str
    ) -> dict[str, Any]:
        if len(note) > MAX_NOTE_CHARS or "\x00" in note:
            raise Malformed(f"A note has at most {MAX_NOTE_CHARS} characters, without NUL.")
        place = await self._access.somewhere(principal, conversation)
        if invite is None and place.policy.join == "invite":
            raise NotFound(f"There is no conversation {conversation} that you can see.")
        data = await self._data(principal.user)
        made = await self._committer.write(Enter(conversation, principal.user, data, invite, note))
        waits = isinstance(made, JoinRequest)
        return {"conversation": str(conversation), "state": "waiting" if waits else "joined"}

    async def _invite(self, principal: Principal, code: str) -> tuple[Invite, Conversation, int]:
        found = await self._seats.invite(code, principal.workspace)
        if found is None:
            raise NotFound("There is no such link.")
        return found

    async def _need(self, principal: Principal, conversation: int, verb: Verb) -> Seat:
        seat = await self._access.seat(principal, conversation)
        require(principal, verb, seat)
        return seat

    async def _data(self, user: int) -> dict[str, Any]:
        found: User | None = await self._accounts.user(user)
        return {} if found is None else user_object(found)


def invite_object(invite: Invite) -> dict[str, Any]:
    """A link as those see it who may invite."""
    return {
        "id": str(invite.id),
        "conversation": str(invite.conversation),
        "code": invite.code,
        "role": invite.role,
        "created_by": str(invite.created_by),
        "created_at": stamp(invite.created_at),
        "expires_at": optional_stamp(invite.expires_at),
        "max_uses": invite.max_uses,
        "uses": invite.uses,
        "approval": invite.approval,
        "revoked_at": optional_stamp(invite.revoked_at),
    }


def place_object(place: Conversation, members: int) -> dict[str, Any]:
    """A conversation as somebody sees it who is not in it."""
    return {"id": str(place.id), "kind": place.kind, "title": place.title, "members": members}


def _until(at: float | None) -> str | None:
    return None if at is None or at >= FOREVER else stamp(at)
