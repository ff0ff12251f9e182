"""Methods that run a group: who is in it, what they may do, how others come in, what it is called."""

import time
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from myna.errors import MynaError
from myna.model.conversation import MemberRole
from myna_bots.telegram import objects
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.errors import bad

_DEMAND = 30
_FOREVER_S = 366 * 24 * 3600
_ADMIN = ("can_promote_members", "can_change_info")
"""Rights that make an administrator; with fewer, somebody moderates."""


async def group_of(call: Call) -> Chat:
    """The chat of a call, when it is no private one."""
    chat = await call.chat()
    if chat.other is not None:
        raise bad("method is available for supergroup and channel chats only")
    return chat


async def _allowed(work: Awaitable[Any], what: str) -> Any:
    """The result; a right that is missing in Telegram's words."""
    try:
        return await work
    except MynaError as refused:
        if refused.status == 403:
            raise bad(f"not enough rights to {what}") from None
        if refused.status == 404:
            raise bad("PARTICIPANT_ID_INVALID") from None
        if refused.status == 409:
            raise bad("CHAT_ADMIN_REQUIRED") from None
        raise


def _seconds(until: int | None) -> int:
    """How long from now; 0 is for good. Less than half a minute or more than a year is for good, as in the Bot API."""
    left = int((until or 0) - time.time())
    return left if _DEMAND <= left <= _FOREVER_S else 0


@method("leaveChat")
async def leave(call: Call) -> Any:
    """Give up the seat, until somebody installs the bot again."""
    chat = await call.chat()
    if chat.other is not None:
        raise bad("chat member status can't be changed in private chats")
    await call.platform.registry.left(chat.place.id, call.bot.user)
    return True


@method("banChatMember", "kickChatMember")
async def ban(call: Call) -> Any:
    """Take a seat away; the user cannot come back before `until_date`."""
    chat, user = await group_of(call), await call.user()
    membership = call.platform.services.membership
    ban_s = _seconds(call.params.integer("until_date"))
    work = membership.remove(call.principal, chat.place.id, user.id, ban_s)
    await _allowed(work, "restrict/unrestrict chat member")
    return True


@method("unbanChatMember")
async def unban(call: Call) -> Any:
    """Let somebody come back. A member is put out, unless `only_if_banned` is set, as in the Bot API."""
    chat, user = await group_of(call), await call.user()
    membership = call.platform.services.membership
    seat = await call.seat_of(chat, user.id)
    present = seat is not None and seat.to_seq is None
    if present and not call.params.flag("only_if_banned"):
        work = membership.remove(call.principal, chat.place.id, user.id, None)
        await _allowed(work, "restrict/unrestrict chat member")
    elif not present:
        await _allowed(
            membership.unban(call.principal, chat.place.id, user.id), "restrict/unrestrict chat member"
        )
    return True


@method("restrictChatMember")
async def restrict(call: Call) -> Any:
    """Mute a member, or let it speak again: Myna knows no finer difference between kinds of messages."""
    chat, user = await group_of(call), await call.user()
    given = call.params.object("permissions")
    if given is None:
        raise bad("can't parse permissions JSON object")
    speaks = bool(given.get("can_send_messages"))
    mute_s = 0 if speaks else _seconds(call.params.integer("until_date")) or 10 * _FOREVER_S
    membership = call.platform.services.membership
    work = membership.set_seat(call.principal, chat.place.id, user.id, None, mute_s)
    await _allowed(work, "restrict/unrestrict chat member")
    return True


@method("promoteChatMember")
async def promote(call: Call) -> Any:
    """A moderator, an administrator where it may promote others or change the group, or a plain member again."""
    chat, user = await group_of(call), await call.user()
    rights = [each for each in objects.ADMIN_RIGHTS if call.params.flag(each)]
    role = MemberRole.MEMBER
    if rights:
        role = MemberRole.ADMIN if any(each in rights for each in _ADMIN) else MemberRole.MODERATOR
    work = call.platform.services.membership.set_seat(call.principal, chat.place.id, user.id, role, None)
    await _allowed(work, "promote a chat member")
    return True


@method("setChatPermissions")
async def set_permissions(call: Call) -> Any:
    """Who may invite and pin is a rule of the conversation; what else is given for everybody has none."""
    chat, given = await group_of(call), call.params.object("permissions")
    if given is None:
        raise bad("can't parse permissions JSON object")
    rules = {
        rule: "member" if given.get(name) else "moderator"
        for rule, name in (("invites", "can_invite_users"), ("pins", "can_pin_messages"))
    }
    work = call.platform.services.membership.configure(call.principal, chat.place.id, None, rules)
    await _allowed(work, "change chat permissions")
    return True


@method("setChatTitle")
async def set_title(call: Call) -> Any:
    """Another title."""
    chat, title = await group_of(call), (call.params.text("title") or "").strip()
    if not title:
        raise bad("CHAT_TITLE_EMPTY")
    if len(title) > 128:
        raise bad("CHAT_TITLE_TOO_LONG")
    work = call.platform.services.membership.configure(call.principal, chat.place.id, title, {})
    await _allowed(work, "change chat title")
    return True


@method("banChatSenderChat", "unbanChatSenderChat")
async def sender_chats(call: Call) -> Any:
    """Only users speak in conversations, so no channel can be banned as a sender."""
    await group_of(call)
    raise bad("SENDER_CHAT_INVALID")


@method("createChatInviteLink")
async def create_link(call: Call) -> Any:
    """A link by which others come in."""
    chat = await group_of(call)
    expires = call.params.integer("expire_date")
    approval = call.params.flag("creates_join_request")
    limit = call.params.integer("member_limit")
    if limit is not None and not 1 <= limit <= 99_999:
        raise bad("member limit must be between 1 and 99999")
    made = await _link(call, chat, expires, limit, approval)
    return _shown(call, made, call.params.text("name"), primary=False)


@method("exportChatInviteLink")
async def export_link(call: Call) -> Any:
    """A new link without bounds."""
    chat = await group_of(call)
    return _address(call, await _link(call, chat, None, None, False))


@method("editChatInviteLink")
async def edit_link(call: Call) -> Any:
    """Links cannot be changed here: the old one ends and another one is given."""
    chat = await group_of(call)
    before = await _find(call, chat)
    await call.platform.services.membership.revoke_invite(call.principal, chat.place.id, int(before["id"]))
    return await create_link(call)


@method("revokeChatInviteLink")
async def revoke_link(call: Call) -> Any:
    """End a link."""
    chat = await group_of(call)
    found = await _find(call, chat)
    work = call.platform.services.membership.revoke_invite(call.principal, chat.place.id, int(found["id"]))
    await _allowed(work, "manage chat invite link")
    return {**_shown(call, found, None, primary=False), "is_revoked": True}


@method("approveChatJoinRequest")
async def approve(call: Call) -> Any:
    """Let somebody in who asked."""
    return await _decided(call, True)


@method("declineChatJoinRequest")
async def decline(call: Call) -> Any:
    """Do not let somebody in."""
    return await _decided(call, False)


@method("answerChatJoinRequestQuery")
async def answer_request(call: Call) -> Any:
    """The answer to a `chat_join_request` by its `query_id`; `queue` leaves it to others."""
    given, result = call.params.need_text("chat_join_request_query_id"), call.params.need_text("result")
    asked = await call.platform.feed.entry(call.bot.user, int(given)) if given.isdecimal() else None
    if asked is None or asked.type != "member.requested" or asked.conversation is None:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if result not in {"approve", "decline", "queue"}:
        raise bad("wrong result specified")
    if result == "queue":
        return True
    return await _admitted(
        call, await call.place(asked.conversation), int(asked.data["user"]["id"]), result == "approve"
    )


async def _decided(call: Call, allow: bool) -> bool:
    chat, user = await group_of(call), await call.user()
    return await _admitted(call, chat, user.id, allow)


async def _admitted(call: Call, chat: Chat, user: int, allow: bool) -> bool:
    try:
        await call.platform.services.membership.decide(call.principal, chat.place.id, user, allow)
    except MynaError as refused:
        if refused.status == 404:
            raise bad("HIDE_REQUESTER_MISSING") from None
        if refused.status == 403:
            raise bad("not enough rights to manage chat join requests") from None
        raise
    return True


async def _link(
    call: Call, chat: Chat, expires: int | None, limit: int | None, approval: bool
) -> dict[str, Any]:
    expires_s = None if not expires else max(1, int(expires - time.time()))
    work = call.platform.services.membership.make_invite(
        call.principal,
        chat.place.id,
        role=MemberRole.MEMBER,
        expires_s=expires_s,
        max_uses=limit,
        approval=approval,
    )
    found: dict[str, Any] = await _allowed(work, "manage chat invite link")
    return found


async def _find(call: Call, chat: Chat) -> dict[str, Any]:
    code = call.params.need_text("invite_link").rpartition("/")[2]
    work = call.platform.services.membership.invites(call.principal, chat.place.id)
    for each in await _allowed(work, "manage chat invite link"):
        if each["code"] == code and each["revoked_at"] is None:
            return dict(each)
    raise bad("INVITE_HASH_EXPIRED")


def _address(call: Call, invite: dict[str, Any]) -> str:
    return f"{call.platform.services.settings.base_url}/join/{invite['code']}"


def _shown(call: Call, invite: dict[str, Any], name: str | None, *, primary: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "invite_link": _address(call, invite),
        "creator": objects.me(call.bot),
        "creates_join_request": invite["approval"],
        "is_primary": primary,
        "is_revoked": False,
    }
    if name:
        made["name"] = name[:32]
    if invite["expires_at"]:
        made["expire_date"] = int(datetime.fromisoformat(invite["expires_at"]).timestamp())
    if invite["max_uses"]:
        made["member_limit"] = invite["max_uses"]
    return made
