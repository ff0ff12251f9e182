"""Telegram's objects from the core's. Fields that client libraries require are always there: one missing field stops a bot."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from myna.model.conversation import Conversation, ConversationKind
from myna.model.workspace import User, UserKind
from myna_bots.host.model import Bot, Privacy
from myna_bots.telegram.attached import shown
from myna_bots.telegram.ids import chat_id, message_id
from myna_bots.telegram.markup import with_found

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
_MEDIA = ("photo", "document", "audio", "video", "voice", "animation", "video_note", "sticker")
_SERVICE = (
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
)
_EXTRAS = (
    *_MEDIA,
    *_SERVICE,
    *("location", "venue", "contact", "dice", "poll", "checklist", "media_group_id", "web_app_data"),
)


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
        "supports_inline_queries": bool(bot.settings.get("inline")),
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


def unix(stamp: str) -> int:
    """Unix seconds of a wire time."""
    return int(datetime.fromisoformat(stamp).timestamp())


def message(
    found: Mapping[str, Any],
    where: Mapping[str, Any],
    sender: Mapping[str, Any] | None,
    replied: Mapping[str, Any] | None = None,
    part: int = 0,
) -> dict[str, Any]:
    """`Message` from a wire message, its chat and its sender; of several files the one with this number, as one of an album."""
    body: Mapping[str, Any] = found["body"]
    made: dict[str, Any] = {
        "message_id": message_id(found["seq"], part),
        "date": unix(found["created_at"]),
        "chat": dict(where),
    }
    if where["type"] == "channel":
        made["sender_chat"] = dict(where)
    elif sender is not None:
        made["from"] = dict(sender)
    if replied is not None:
        made["reply_to_message"] = dict(replied)
    files: Sequence[Mapping[str, Any]] = body.get("files") or ()
    telegram: Mapping[str, Any] = body.get("telegram") or shown(files[part : part + 1])
    if len(files) > 1 and "telegram" not in body:
        made["media_group_id"] = f"{found['conversation']}{found['seq']}"[-18:]
    made |= {key: telegram[key] for key in _EXTRAS if key in telegram}
    if "forward_origin" in telegram:
        made["forward_origin"] = telegram["forward_origin"]
    # The numbers of a poll change with each vote, which is no edit.
    if found.get("edited_at") and "poll" not in telegram:
        made["edit_date"] = unix(found["edited_at"])
    topic = found["seq"] if "forum_topic_created" in telegram else found.get("thread")
    if topic is not None:
        made |= {"message_thread_id": topic, "is_topic_message": True}
    text = str(body.get("text", ""))
    captioned = any(key in telegram for key in _MEDIA)
    bare = bool(telegram.get("bare"))
    # As in an album of Telegram's, the words stand under the first.
    if text and not bare and part == 0:
        entities = body.get("entities")
        entities = with_found(text, list(entities or []))
        made["caption" if captioned else "text"] = text
        if entities:
            made["caption_entities" if captioned else "entities"] = entities
    if isinstance(body.get("via_bot"), Mapping):
        via = cast("Mapping[str, Any]", body["via_bot"])
        made["via_bot"] = person(str(via["id"]), UserKind.BOT, str(via["name"]), via.get("handle"))
    if body.get("reply_markup"):
        made["reply_markup"] = body["reply_markup"]
    return made
