"""A bot's event as it goes over every native transport."""

from typing import Any

from myna.wire import optional_id, stamp
from myna_bots.host.model import Bot, Delivery, Entry, Installation, Token, Webhook


def envelope(entry: Entry) -> dict[str, Any]:
    """An event; `id` names it everywhere, `seq` is the bot's cursor."""
    return {
        "id": f"{entry.bot}.{entry.seq}",
        "seq": entry.seq,
        "type": entry.type,
        "bot": str(entry.bot),
        "conversation": optional_id(entry.conversation),
        "ts": stamp(entry.at),
        "data": entry.data,
    }


def bot_object(bot: Bot) -> dict[str, Any]:
    """A bot as its makers see it."""
    return {
        "id": str(bot.user),
        "name": bot.name,
        "handle": bot.handle,
        "description": bot.description,
        "privacy": bot.privacy,
        "hears_bots": bot.hears_bots,
        "commands": bot.settings.get("commands", []),
        "inline": inline_hint(bot),
        "photo": photo_of(bot) is not None,
        "created_by": optional_id(bot.created_by),
        "created_at": stamp(bot.created_at),
    }


def inline_hint(bot: Bot) -> str:
    """What one may ask the bot for from any conversation; empty when clients do not offer it."""
    return str(bot.settings.get("inline", ""))


def photo_of(bot: Bot) -> str | None:
    """The file with a bot's picture; Telegram's methods set the same one."""
    found = bot.settings.get("telegram", {}).get("photo")
    return None if found is None else str(found)


def token_object(token: Token) -> dict[str, Any]:
    """A key without its secret."""
    return {
        "id": str(token.id),
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": stamp(token.created_at),
        "revoked_at": None if token.revoked_at is None else stamp(token.revoked_at),
    }


def installation_object(installation: Installation) -> dict[str, Any]:
    """A bot in a conversation."""
    return {
        "conversation": str(installation.conversation),
        "bot": str(installation.bot),
        "scopes": sorted(installation.scopes),
        "privacy": installation.privacy,
        "installed_by": optional_id(installation.installed_by),
        "created_at": stamp(installation.created_at),
    }


def webhook_object(hook: Webhook, waiting: int, dead: int) -> dict[str, Any]:
    """A webhook without its secrets."""
    return {
        "url": hook.url,
        "kind": hook.kind,
        "types": list(hook.types),
        "state": hook.state,
        "failing_since": None if hook.failing_since is None else stamp(hook.failing_since),
        "last_error": hook.last_error,
        "last_error_at": None if hook.last_error_at is None else stamp(hook.last_error_at),
        "old_secret_until": None if hook.old_until is None else stamp(hook.old_until),
        "parallel": hook.parallel,
        "waiting": waiting,
        "dead": dead,
    }


def delivery_object(delivery: Delivery, entry: Entry) -> dict[str, Any]:
    """A delivery with its event."""
    return {
        "seq": delivery.seq,
        "state": delivery.state,
        "attempts": delivery.attempt,
        "due_at": stamp(delivery.due_at),
        "status": delivery.status,
        "error": delivery.error,
        "event": envelope(entry),
    }
