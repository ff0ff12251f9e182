"""The entries of a bot's log as Telegram's updates; `update_id` is the entry's seq. Pure functions."""

from collections.abc import Mapping
from typing import Any

from myna.model.conversation import ConversationKind
from myna.model.workspace import UserKind
from myna_bots.host.model import Bot, Entry
from myna_bots.telegram import objects

BY_CHOICE = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Update kinds that only come when a bot asks for them by name."""


def updates_of(bot: Bot, entry: Entry, allowed: list[str]) -> list[dict[str, Any]]:
    """The updates of an entry: one, an album's several with one `update_id`, or none when Telegram has none or the bot does
    not want it."""
    found = _update(bot, entry)
    if found is None:
        return []
    kind, value = found
    if (allowed and kind not in allowed) or (not allowed and kind in BY_CHOICE):
        return []
    return [{"update_id": entry.seq, kind: each} for each in (value, *_rest_of_album(bot, entry))]


def _rest_of_album(bot: Bot, entry: Entry) -> list[dict[str, Any]]:
    """The messages for all files but the first that somebody attached to one message."""
    body: Mapping[str, Any] = entry.data.get("message", {}).get("body", {})
    if entry.type not in {"message.created", "command.invoked"} or "telegram" in body:
        return []
    made = (_message(bot, entry, part) for part in range(1, len(body.get("files") or ())))
    return [each for each in made if each is not None]


def _update(bot: Bot, entry: Entry) -> tuple[str, dict[str, Any]] | None:
    data = entry.data
    match entry.type:
        case "message.created" | "command.invoked":
            return _said(bot, entry, "message", "channel_post")
        case "message.edited":
            return _said(bot, entry, "edited_message", "edited_channel_post")
        case "action.clicked":
            who = objects.wire_user(data["user"])
            where = _where(bot, entry, who)
            return "callback_query", {
                "id": str(entry.seq),
                "from": who,
                "chat_instance": str(abs(where["id"])),
                "message": objects.message(data["message"], where, objects.me(bot)),
                "data": str(data["value"] if data["action"] == "telegram" else data["action"]),
            }
        case "draft.stopped":
            who = objects.wire_user(data["user"])
            return "stopped_message_generation", {
                "chat": _where(bot, entry, who),
                "from": who,
                "draft_id": data["message"]["seq"],
            }
        case "member.joined" | "member.left" | "member.changed":
            return _membership(bot, entry)
        case "member.requested":
            return _request(bot, entry)
        case "reaction.changed":
            return _reaction(bot, entry)
        case "poll.changed":
            return "poll", data["poll"]
        case "poll.answered":
            return "poll_answer", _vote(data)
        case "inline.asked":
            kind = "private" if data["place"]["kind"] == ConversationKind.DIRECT else "supergroup"
            asked = {"query": data["query"], "offset": data["offset"], "chat_type": kind}
            return "inline_query", {"id": str(entry.seq), "from": objects.wire_user(data["user"]), **asked}
        case "inline.chosen":
            chosen = {"result_id": data["result"], "query": data["query"]}
            return "chosen_inline_result", {"from": objects.wire_user(data["user"]), **chosen}
        case _:
            return None


def _said(bot: Bot, entry: Entry, plain: str, post: str) -> tuple[str, dict[str, Any]] | None:
    made = _message(bot, entry, 0)
    return None if made is None else ((post if made["chat"]["type"] == "channel" else plain), made)


def _message(bot: Bot, entry: Entry, part: int) -> dict[str, Any] | None:
    data = entry.data
    if "sender" not in data or "message" not in data:
        return None
    who = objects.wire_user(data["sender"])
    return objects.message(data["message"], _where(bot, entry, who), who, part=part)


def _where(bot: Bot, entry: Entry, who: dict[str, Any]) -> dict[str, Any]:
    place = entry.data["place"]
    if place["kind"] == ConversationKind.DIRECT:
        return objects.private_chat(who)
    return objects.chat_of(int(place["id"]), place["kind"], place["title"])


def _membership(bot: Bot, entry: Entry) -> tuple[str, dict[str, Any]] | None:
    found: dict[str, Any] = entry.data.get("user") or {}
    if "name" not in found or entry.data["place"]["kind"] == ConversationKind.DIRECT:
        return None
    who = objects.wire_user({"kind": UserKind.HUMAN, **found})
    here = {"user": who, "status": "member"}
    gone = {"user": who, "status": "left"}
    old, new = (gone, here) if entry.type == "member.joined" else (here, gone)
    if entry.type == "member.changed":
        old = new = here
    kind = "my_chat_member" if str(found.get("id")) == str(bot.user) else "chat_member"
    return kind, {
        "chat": _where(bot, entry, who),
        "from": who,
        "date": int(entry.at),
        "old_chat_member": old,
        "new_chat_member": new,
    }


def _request(bot: Bot, entry: Entry) -> tuple[str, dict[str, Any]]:
    who = objects.wire_user(entry.data["user"])
    made: dict[str, Any] = {
        "chat": _where(bot, entry, who),
        "from": who,
        "user_chat_id": who["id"],
        "date": objects.unix(entry.data["asked_at"]),
        "query_id": str(entry.seq),
    }
    return "chat_join_request", made | ({"bio": entry.data["note"]} if entry.data["note"] else {})


def _reaction(bot: Bot, entry: Entry) -> tuple[str, dict[str, Any]] | None:
    data = entry.data
    if data.get("by") is None or data["place"]["kind"] == ConversationKind.CHANNEL:
        return None
    who = objects.wire_user(data["by"])
    here, gone = [{"type": "emoji", "emoji": data["emoji"]}], list[dict[str, str]]()
    return "message_reaction", {
        "chat": _where(bot, entry, who),
        "message_id": data["seq"],
        "user": who,
        "date": int(entry.at),
        "old_reaction": gone if data["on"] else here,
        "new_reaction": here if data["on"] else gone,
    }


def _vote(data: Mapping[str, Any]) -> dict[str, Any]:
    options = data["poll"]["options"]
    return {
        "poll_id": data["poll"]["id"],
        "user": objects.wire_user(data["user"]),
        "option_ids": data["options"],
        "option_persistent_ids": [options[each]["persistent_id"] for each in data["options"]],
    }
