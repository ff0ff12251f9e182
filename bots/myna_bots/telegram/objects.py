"""Telegram's objects from the core's. Fields that client libraries require are always there: one missing field stops a bot."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from myna.model import Conversation, ConversationKind, Member, MemberRole, User, UserKind
from myna_bots.host.model import Bot, Privacy
from myna_bots.telegram.attached import shown
from myna_bots.telegram.ids import chat_id
from myna_bots.telegram.markup import with_found

FAR = 0
"""`until_date` of what has no end."""
ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
ADMINS = frozenset({MemberRole.ADMIN, MemberRole.MODERATOR})
_MEDIA = ("photo", "document", "audio", "video", "voice", "animation", "video_note", "sticker")
_EXTRAS = (*_MEDIA, "location", "venue", "contact", "dice", "poll", "media_group_id", "web_app_data")


def user(found: User) -> dict[str, Any]:
    """A user. Names are never empty: bots greet by them."""
    return person(str(found.id), found.kind, found.name, found.handle, found.locale)


def person(
    id_: str, kind: str, name: str, handle: str | None = None, locale: str | None = None
) -> dict[str, Any]:
    """A user from its fields."""
    made: dict[str, Any] = {
        "id": int(id_),
        "is_bot": kind == UserKind.BOT,
        "first_name": name or handle or f"User {id_}",
    }
    if handle:
        made["username"] = handle
    if locale and kind != UserKind.BOT:
        made["language_code"] = locale.split("-")[0].lower()
    return made


def wire_user(found: Mapping[str, Any]) -> dict[str, Any]:
    """A user from a wire object."""
    return person(
        str(found["id"]), str(found["kind"]), str(found["name"]), found.get("handle"), found.get("locale")
    )


def me(bot: Bot) -> dict[str, Any]:
    """The bot itself, as `getMe` gives it."""
    return {
        **person(str(bot.user), UserKind.BOT, bot.name, bot.handle or f"bot{bot.user}"),
        "can_join_groups": True,
        "can_read_all_group_messages": bot.privacy is Privacy.ALL,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_guest_queries": False,
    }


def private_chat(found: Mapping[str, Any]) -> dict[str, Any]:
    """The chat with a user."""
    made: dict[str, Any] = {"id": found["id"], "type": "private", "first_name": found["first_name"]}
    return made | ({"username": found["username"]} if "username" in found else {})


def chat(place: Conversation) -> dict[str, Any]:
    """A group, channel or support conversation."""
    return chat_of(place.id, place.kind, place.title)


def chat_of(conversation: int, kind: str, title: str) -> dict[str, Any]:
    """The same from its fields; groups are supergroups, so that every administrative method works."""
    type_ = "channel" if kind == ConversationKind.CHANNEL else "supergroup"
    return {"id": chat_id(conversation), "type": type_, "title": title or "Group"}


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


def member(seat: Member | None, found: User, now: float) -> dict[str, Any]:
    """`ChatMember`, by status. Who was never there has left."""
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


_MODERATOR_RIGHTS = frozenset(
    {"can_manage_chat", "can_delete_messages", "can_restrict_members", "can_invite_users"}
)


def _until(at: float, now: float) -> int:
    """Ends that lie more than a year ahead are no end, as in the Bot API."""
    return FAR if at > now + 366 * 24 * 3600 else int(at)


def unix(stamp: str) -> int:
    """Unix seconds of a wire time."""
    return int(datetime.fromisoformat(stamp).timestamp())


def message(
    found: Mapping[str, Any],
    where: Mapping[str, Any],
    sender: Mapping[str, Any] | None,
    replied: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`Message` from a wire message, its chat and its sender."""
    body: Mapping[str, Any] = found["body"]
    made: dict[str, Any] = {
        "message_id": found["seq"],
        "date": unix(found["created_at"]),
        "chat": dict(where),
    }
    if where["type"] == "channel":
        made["sender_chat"] = dict(where)
    elif sender is not None:
        made["from"] = dict(sender)
    if found.get("edited_at"):
        made["edit_date"] = unix(found["edited_at"])
    if replied is not None:
        made["reply_to_message"] = dict(replied)
    telegram: Mapping[str, Any] = body.get("telegram") or shown(body.get("files") or ())
    made |= {key: telegram[key] for key in _EXTRAS if key in telegram}
    if "forward_origin" in telegram:
        made["forward_origin"] = telegram["forward_origin"]
    text = str(body.get("text", ""))
    captioned = any(key in telegram for key in _MEDIA)
    bare = bool(telegram.get("bare"))
    if text and not bare:
        entities = body.get("entities")
        entities = with_found(text, list(entities or []))
        made["caption" if captioned else "text"] = text
        if entities:
            made["caption_entities" if captioned else "entities"] = entities
    if body.get("reply_markup"):
        made["reply_markup"] = body["reply_markup"]
    return made
