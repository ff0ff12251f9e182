"""Webhooks as a bot's makers manage them: address, secrets, dead letters, replay."""

import secrets
import time
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from myna.errors import Malformed, NotFound
from myna_bots.host.envelope import delivery_object, webhook_object
from myna_bots.host.model import DeliveryState, HookKind, HookState, View, Webhook
from myna_bots.host.ports import BotLog, HookStore

SECRET_BYTES = 32
OLD_SECRET_S = 24 * 3600.0
"""How long the old secret signs too after a rotation."""
MAX_URL_CHARS = 2_000
PAGE = 200


class Checks(Protocol):
    """Says which addresses may be called."""

    async def check(self, url: str) -> None:
        """Raises Malformed when the address may not be called."""
        ...


class Webhooks:
    """One webhook for each bot. A bot has either a webhook or reads its log itself; the log is the same."""

    def __init__(self, hooks: HookStore, log: BotLog, checks: Checks) -> None:
        self._hooks, self._log, self.checks = hooks, log, checks

    async def put(
        self, bot: int, url: str, types: tuple[str, ...], parallel: int
    ) -> tuple[Webhook, str | None]:
        """Set the address; the secret comes only when it was made now. What was not read yet is sent to it.

        Raises:
            Malformed: the address may not be called.
        """
        check_url(url)
        await self.checks.check(url)
        known = await self._hooks.hook(bot)
        if known is not None and known.kind is HookKind.NATIVE:
            made, secret = replace(known, url=url, types=types, parallel=parallel), None
            made = replace(made, state=HookState.ACTIVE, failing_since=None)
        else:
            secret = new_secret()
            made = Webhook(
                bot,
                HookKind.NATIVE,
                url,
                secret,
                None,
                None,
                types,
                HookState.ACTIVE,
                None,
                parallel,
                time.time(),
            )
        await self._hooks.put_hook(made)
        if known is None:
            await self._hooks.queue_from(bot, await self._log.cursor(bot, View.LOG), time.time())
        return made, secret

    async def put_slash(self, bot: int, url: str) -> str:
        """Send the bot's commands to a Slack-compatible address; the token that each of them carries."""
        check_url(url)
        await self.checks.check(url)
        token, types = secrets.token_urlsafe(18), ("command.invoked",)
        await self._hooks.put_hook(
            Webhook(
                bot, HookKind.SLACK, url, token, None, None, types, HookState.ACTIVE, None, 8, time.time()
            )
        )
        return token

    async def rotate(self, bot: int) -> str:
        """A new secret; the old one signs too for a day, so that the receiver can change over without a gap."""
        known = await self._native(bot)
        secret = new_secret()
        until = time.time() + OLD_SECRET_S
        await self._hooks.put_hook(replace(known, secret=secret, old_secret=known.secret, old_until=until))
        return secret

    async def resume(self, bot: int) -> None:
        """Try a paused webhook again."""
        known = await self._native(bot)
        await self._hooks.put_hook(replace(known, state=HookState.ACTIVE, failing_since=None))

    async def drop(self, bot: int) -> None:
        """Remove the webhook; what waits for it stays in the bot's log."""
        if not await self._hooks.drop_hook(bot):
            raise NotFound("This bot has no webhook.")

    async def shown(self, bot: int) -> dict[str, Any]:
        """The webhook with how much waits and how much is dead."""
        known = await self._native(bot)
        dead = await self._hooks.deliveries(bot, DeliveryState.DEAD, 0, PAGE)
        return webhook_object(known, await self._hooks.waiting(bot), len(dead))

    async def deliveries(
        self, bot: int, state: DeliveryState, after: int, limit: int
    ) -> list[dict[str, Any]]:
        """Deliveries of a state with their events, oldest first."""
        found = await self._hooks.deliveries(bot, state, after, min(limit, PAGE))
        return [delivery_object(*each) for each in found]

    async def replay(self, bot: int, seq: int | None) -> int:
        """Send dead letters again, one or all; how many.

        Raises:
            NotFound: there is no such dead letter.
        """
        count = await self._hooks.replay(bot, seq, time.time())
        if seq is not None and not count:
            raise NotFound(f"There is no dead delivery {seq}.")
        return count

    async def _native(self, bot: int) -> Webhook:
        known = await self._hooks.hook(bot)
        if known is None:
            raise NotFound("This bot has no webhook.")
        return known


def new_secret() -> str:
    """A signing secret of 256 random bits."""
    return f"whsec_{secrets.token_urlsafe(SECRET_BYTES)}"


def check_url(url: str) -> None:
    """An http(s) address with a host and without credentials.

    Raises:
        Malformed: it is something else.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a wrong port
    except ValueError as wrong:
        raise Malformed(f"This is not an address: {wrong}.") from None
    if len(url) > MAX_URL_CHARS or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Malformed("A webhook needs an http or https address.")
    if parts.username or parts.password:
        raise Malformed("A webhook's address holds no user or password; verify the signature instead.")
