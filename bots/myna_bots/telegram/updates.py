"""The bot's log as Telegram's updates: `update_id` is the entry's seq. Polling, webhooks, and the two in each other's way."""

import asyncio
import re
import time
from typing import Any

from myna_bots.host.delivering import Answer
from myna_bots.host.model import Bot, DeliveryState, Entry, HookKind, HookState, View, Webhook
from myna_bots.host.platform import BotPlatform
from myna_bots.host.webhooks import check_url
from myna_bots.telegram.call import Call, method
from myna_bots.telegram.errors import TelegramError, bad
from myna_bots.telegram.mapping import updates_of

MAX_WAIT_S = 50
MAX_UPDATES = 100
POLL_S = 1.0
_ENDED = "terminated by other getUpdates request; make sure that only one bot instance is running"
_HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class Pollers:
    """The one poll of each bot: a new one ends the one before."""

    def __init__(self) -> None:
        self._here: dict[int, asyncio.Future[str]] = {}

    def begin(self, bot: int) -> "asyncio.Future[str]":
        """A new poll; its future is set with the reason when something ends it."""
        self.end(bot, _ENDED)
        made: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._here[bot] = made
        return made

    def end(self, bot: int, why: str) -> None:
        """End the bot's poll."""
        before = self._here.pop(bot, None)
        if before is not None and not before.done():
            before.set_result(why)

    def done(self, bot: int, poll: "asyncio.Future[str]") -> None:
        """The poll has ended by itself."""
        if self._here.get(bot) is poll:
            del self._here[bot]


POLLERS = Pollers()


@method("getUpdates")
async def get_updates(call: Call) -> Any:
    """Updates from an offset on, at once or as soon as there are some; the offset confirms those before it."""
    hook = await call.platform.hooks.hook(call.bot.user)
    if hook is not None and hook.kind is HookKind.TELEGRAM:
        raise TelegramError(409, _HOOKED)
    limit = call.params.integer("limit", MAX_UPDATES) or MAX_UPDATES
    limit = limit if 1 <= limit <= MAX_UPDATES else MAX_UPDATES
    wait_s = max(0, min(call.params.integer("timeout", 0) or 0, MAX_WAIT_S))
    allowed = await _allowed(call)
    poll = POLLERS.begin(call.bot.user)
    try:
        after = await _offset(call)
        until = time.monotonic() + wait_s
        while True:
            found, after = await _page(call.platform, call.bot, after, limit, allowed)
            left = until - time.monotonic()
            if found or left <= 0 or call.platform.services.draining:
                return found
            waiting: asyncio.Future[Any] = asyncio.ensure_future(
                call.platform.readers.wait(call.bot.user, min(left, POLL_S))
            )
            ended: asyncio.Future[Any] = poll
            await asyncio.wait([waiting, ended], return_when=asyncio.FIRST_COMPLETED)
            if poll.done():
                waiting.cancel()
                raise TelegramError(409, poll.result())
    finally:
        POLLERS.done(call.bot.user, poll)


async def _offset(call: Call) -> int:
    """Where to read on; what lies before is confirmed."""
    log, bot = call.platform.log, call.bot
    given = call.params.integer("offset", 0) or 0
    if given > 0:
        return await log.confirm(bot.user, View.TELEGRAM, given - 1)
    if given < 0:
        found = await call.platform.store.bot(bot.user)
        head = found.seq if found else bot.seq
        return await log.confirm(bot.user, View.TELEGRAM, max(0, head + given))
    return await log.cursor(bot.user, View.TELEGRAM)


async def _allowed(call: Call) -> list[str]:
    """The kinds that the bot wants; kept when it does not say."""
    given = call.params.array("allowed_updates")
    if given is None:
        return list(call.settings().get("allowed", []))
    names = [str(each) for each in given]
    if names != call.settings().get("allowed", []):
        await call.remember(allowed=names)
    return names


async def _page(
    platform: BotPlatform, bot: Bot, after: int, limit: int, allowed: list[str]
) -> tuple[list[dict[str, Any]], int]:
    """Updates after a seq; entries that are none for this bot are passed over. An album comes whole, beyond the limit, too."""
    while True:
        entries = await platform.log.entries(bot.user, after, limit)
        found = [made for each in entries for made in updates_of(bot, each, allowed)]
        if found or len(entries) < limit:
            if not found and entries:
                after = entries[-1].seq
            return found, after
        after = entries[-1].seq


@method("setWebhook")
async def set_webhook(call: Call) -> Any:
    """Send updates to an address from now on; an empty one removes the webhook."""
    url = call.params.text("url") or ""
    if not url:
        return await delete_webhook(call)
    secret = call.params.text("secret_token") or ""
    if len(secret) > 256 or not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    parallel = call.params.integer("max_connections", 40) or 40
    from myna.errors import MynaError

    try:
        check_url(url)
        await call.platform.webhooks.checks.check(url)
    except MynaError as wrong:
        raise bad(f"bad webhook: {wrong.message}") from None
    await _allowed(call)
    POLLERS.end(call.bot.user, "terminated by setWebhook request")
    platform, bot = call.platform, call.bot.user
    before = await platform.hooks.hook(bot)
    if before is None and call.params.flag("drop_pending_updates"):
        await platform.log.confirm(bot, View.TELEGRAM, 2**53)
    hook = Webhook(
        bot,
        HookKind.TELEGRAM,
        url,
        secret,
        None,
        None,
        (),
        HookState.ACTIVE,
        None,
        max(1, min(parallel, 100)),
        time.time(),
    )
    await platform.hooks.put_hook(hook)
    if call.params.flag("drop_pending_updates"):
        await platform.hooks.forget(bot)
    elif before is None:
        await platform.hooks.queue_from(bot, await platform.log.cursor(bot, View.TELEGRAM), time.time())
    platform.deliverer.nudge()
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> Any:
    """Back to polling; what was not delivered is there."""
    platform, bot = call.platform, call.bot.user
    hook = await platform.hooks.hook(bot)
    if hook is None or hook.kind is not HookKind.TELEGRAM:
        if call.params.flag("drop_pending_updates"):
            await platform.log.confirm(bot, View.TELEGRAM, 2**53)
        return True
    waiting = await platform.hooks.deliveries(bot, DeliveryState.WAITING, 0, 1)
    reached = waiting[0][0].seq - 1 if waiting and not call.params.flag("drop_pending_updates") else 2**53
    await platform.log.confirm(bot, View.TELEGRAM, reached)
    await platform.hooks.drop_hook(bot)
    return True


@method("getWebhookInfo")
async def webhook_info(call: Call) -> Any:
    """Where updates go and how many wait."""
    platform, bot = call.platform, call.bot.user
    hook = await platform.hooks.hook(bot)
    allowed = call.settings().get("allowed", [])
    made: dict[str, Any] = {"url": "", "has_custom_certificate": False}
    if hook is None or hook.kind is not HookKind.TELEGRAM:
        found = await platform.store.bot(bot)
        head = found.seq if found else 0
        made["pending_update_count"] = head - await platform.log.cursor(bot, View.TELEGRAM)
        return made
    made |= {
        "url": hook.url,
        "pending_update_count": await platform.hooks.waiting(bot),
        "max_connections": hook.parallel,
    }
    if hook.last_error is not None and hook.last_error_at is not None:
        made |= {"last_error_date": int(hook.last_error_at), "last_error_message": hook.last_error}
    return made | ({"allowed_updates": allowed} if allowed else {})


class TelegramHooks:
    """What the webhook worker asks: how an entry looks, and what to do with a method in the answer."""

    def __init__(self, platform: BotPlatform, run: Any) -> None:
        self._platform, self._run = platform, run

    async def bodies(self, entry: Entry) -> list[dict[str, Any]]:
        """The updates."""
        bot = await self._platform.store.bot(entry.bot)
        if bot is None or bot.disabled_at is not None:
            return []
        allowed = list(bot.settings.get("telegram", {}).get("allowed", []))
        return updates_of(bot, entry, allowed)

    async def answered(self, entry: Entry, answer: Answer) -> None:
        """Run the method that a receiver put into its answer."""
        await self._run(entry.bot, answer.body)
