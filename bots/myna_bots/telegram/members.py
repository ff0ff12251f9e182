"""`ChatMember` and `ChatFullInfo` from seats, and from what bots said about a conversation."""

from collections.abc import Mapping
from typing import Any

from myna.model.conversation import Member, MemberRole
from myna.model.workspace import User
from myna_bots.telegram.objects import ADMIN_RIGHTS, PERMISSIONS, user

FAR = 0
"""`until_date` of what has no end."""
ADMINS = frozenset({MemberRole.ADMIN, MemberRole.MODERATOR})
_MODERATOR_RIGHTS = frozenset(
    {"can_manage_chat", "can_delete_messages", "can_restrict_members", "can_invite_users"}
)


def _until(at: float, now: float) -> int:
    """Ends that lie more than a year ahead are no end, as in the Bot API."""
    return FAR if at > now + 366 * 24 * 3600 else int(at)


def full_chat(short: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`ChatFullInfo`."""
    made = {
        **short,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
        **extra,
    }
    if short["type"] != "private":
        made.setdefault("permissions", permissions())
    return made


def permissions() -> dict[str, bool]:
    """What members may do unless somebody restricted them."""
    denied = {"can_change_info", "can_pin_messages", "can_manage_topics", "can_edit_tag"}
    return {each: each not in denied for each in PERMISSIONS}


def member(
    seat: Member | None, found: User, now: float, about: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`ChatMember`, by status. Who was never there has left. Titles and tags stand in what was said `about` the conversation."""
    made = _member(seat, found, now)
    for name, kind, statuses in (
        ("custom_title", "titles", {"administrator", "creator"}),
        ("tag", "tags", {"member", "restricted"}),
    ):
        given = (about or {}).get(kind, {}).get(str(found.id))
        if given and made["status"] in statuses:
            made[name] = given
    return made


def _member(seat: Member | None, found: User, now: float) -> dict[str, Any]:
    who = user(found)
    if seat is None:
        return {"status": "left", "user": who}
    banned = getattr(seat, "banned_until", None)
    if seat.to_seq is not None:
        if banned is not None and banned > now:
            return {"status": "kicked", "user": who, "until_date": _until(banned, now)}
        return {"status": "left", "user": who}
    if seat.role is MemberRole.OWNER:
        return {"status": "creator", "user": who, "is_anonymous": False}
    if seat.role in ADMINS:
        full = seat.role is MemberRole.ADMIN
        rights = {each: full or each in _MODERATOR_RIGHTS for each in ADMIN_RIGHTS}
        return {
            "status": "administrator",
            "user": who,
            "can_be_edited": False,
            "is_anonymous": False,
            **rights,
            "can_post_messages": True,
            "can_edit_messages": full,
            "can_pin_messages": True,
            "can_manage_topics": full,
            "can_manage_direct_messages": False,
            "can_manage_tags": False,
        }
    muted = getattr(seat, "muted_until", None)
    if muted is not None and muted > now:
        rights = dict.fromkeys(PERMISSIONS, False)
        return {
            "status": "restricted",
            "user": who,
            "is_member": True,
            "until_date": _until(muted, now),
            **rights,
        }
    return {"status": "member", "user": who}
