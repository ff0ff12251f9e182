"""From a method's name to its answer, in Telegram's own shape, whatever goes wrong."""

import json
import logging
from dataclasses import dataclass
from typing import Any, cast

from myna.errors import MynaError, Unauthorised
from myna_bots.host.platform import BotPlatform
from myna_bots.telegram import (
    chats,
    checklists,
    decor,
    edits,
    files,
    forums,
    groups,
    inline,
    passing,
    polls,
    sending,
    speaking,
    updates,
    whispers,
)
from myna_bots.telegram.call import METHODS, Call
from myna_bots.telegram.errors import TelegramError, translated
from myna_bots.telegram.names import UNSUPPORTED
from myna_bots.telegram.params import Params

MODULES = (
    *(chats, checklists, decor, edits, files, forums, groups),
    *(inline, passing, polls, sending, updates, whispers),
)
"""Importing them registers their methods."""
NOT_IN_ANSWERS = ("get", "setwebhook", "deletewebhook", "close", "logout")
"""Methods that a webhook's answer may not run."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None


async def run(platform: BotPlatform, token: str, name: str, params: Params) -> Outcome:
    """The answer to a call; nothing was changed when it is an error."""
    try:
        principal = await platform.registry.principal(token)
    except Unauthorised:
        return failed(TelegramError(401, ""))
    return await called(platform, principal.user, token, name, params)


async def called(platform: BotPlatform, user: int, token: str, name: str, params: Params) -> Outcome:
    """The same for a token that was checked."""
    method = METHODS.get(name.lower())
    if method is None:
        if name.lower() in UNSUPPORTED:
            return failed(TelegramError(400, "method is not supported by this server"))
        return failed(TelegramError(404, "method not found"))
    try:
        principal = await platform.registry.principal(token)
        bot = await platform.store.bot(user)
        assert bot is not None
        result = await method(Call(platform, principal, bot, params, speaking))
        return Outcome(200, {"ok": True, "result": result})
    except MynaError as refused:
        return failed(translated(refused))
    except Exception:
        logger.exception("%s failed", name)
        return failed(TelegramError(500, "Internal Server Error"))


def failed(error: TelegramError) -> Outcome:
    """An error as an outcome."""
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.message}
    if error.parameters is not None:
        body["parameters"] = error.parameters
    return Outcome(error.status, body, (error.parameters or {}).get("retry_after"))


class Answers:
    """Runs the method that a webhook's receiver put into the body of its answer."""

    def __init__(self, platform: BotPlatform) -> None:
        self._platform = platform

    async def run(self, bot: int, body: bytes) -> None:
        """Errors are logged: there is nobody to tell."""
        try:
            given = json.loads(body) if body.strip() else None
        except ValueError:
            return
        if not isinstance(given, dict):
            return
        values = cast("dict[str, Any]", given)
        name = str(values.pop("method", ""))
        if not name or name.lower().startswith(NOT_IN_ANSWERS):
            return
        method, found = METHODS.get(name.lower()), await self._platform.store.bot(bot)
        if method is None or found is None:
            logger.warning("a webhook's answer named the method %r, which is not supported", name[:64])
            return
        principal = await self._platform.registry.principal_of(bot)
        try:
            await method(Call(self._platform, principal, found, Params(values, {}), speaking))
        except MynaError as refused:
            logger.warning("%s in a webhook's answer failed: %s", name, refused.message)
