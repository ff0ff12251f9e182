"""Sends entries to webhooks: in order for each conversation, side by side for different ones, again until they arrive."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from myna.errors import MynaError
from myna.wire import encode
from myna_bots.host.envelope import envelope
from myna_bots.host.model import Delivery, DeliveryState, Entry, HookKind, HookState, Webhook
from myna_bots.host.ports import HookStore
from myna_bots.host.signing import HEADER, signature

RETRY_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 21600.0)
"""Waits between attempts, from 5 seconds to 6 hours; after the last one a delivery is dead."""
MAX_RETRY_AFTER_S = 6 * 3600.0
TIMEOUT_S = 10.0
"""How long a receiver may take."""
LEASE_S = 30.0
"""How long a delivery belongs to the process that took it; longer than a request may take."""
PAUSE_AFTER_S = 24 * 3600.0
"""A webhook that has failed for so long is paused; what waits for it stays."""
MAX_PARALLEL = 32
"""Requests under way in one process."""
IDLE_S = 2.0
GONE = 410

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said."""

    status: int
    body: bytes = b""
    retry_after_s: float | None = None

    @property
    def good(self) -> bool:
        """Whether it took what was sent."""
        return 200 <= self.status < 300


class Egress(Protocol):
    """Requests to addresses that users gave."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """The answer, whatever its status.

        Raises:
            MynaError: the address is not allowed, or there was no answer; the message says which.
        """
        ...


class Translate(Protocol):
    """Another surface's view of an entry, and what it does with a receiver's answer."""

    async def bodies(self, entry: Entry) -> list[dict[str, Any]]:
        """What is sent, one after the other; nothing when the view does not show this entry."""
        ...

    async def answered(self, entry: Entry, answer: Answer) -> None:
        """Act on the body of a successful answer."""
        ...


class Deliverer:
    """The webhook worker of a process."""

    def __init__(self, hooks: HookStore, egress: Egress, dice: random.Random | None = None) -> None:
        self._hooks, self._egress = hooks, egress
        self._dice = dice or random.Random()  # noqa: S311 - jitter, not a secret
        self._wake = asyncio.Event()
        self._room = asyncio.Semaphore(MAX_PARALLEL)
        self.translations: dict[HookKind, Translate] = {}

    def heard(self, entry: Entry) -> None:
        """A hint that something may be due."""
        self._wake.set()

    def nudge(self) -> None:
        """The same, without an entry."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled. What is under way then is tried again by the next process, after its lease."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                taken = await self._hooks.take(time.time(), LEASE_S, MAX_PARALLEL)
                for delivery, entry, hook in taken:
                    await self._room.acquire()
                    group.create_task(self._deliver(delivery, entry, hook))
                if taken:
                    continue
                due = await self._hooks.next_due()
                pause = IDLE_S if due is None else max(0.05, min(IDLE_S, due - time.time()))
                try:
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _deliver(self, delivery: Delivery, entry: Entry, hook: Webhook) -> None:
        answers: list[Answer] = []
        try:
            bodies = await self._bodies(delivery, entry, hook)
            for each in bodies[delivery.part :]:
                answer = await self._posted(delivery, entry, hook, each)
                if not answer.good:
                    part = replace(delivery, part=delivery.part + len(answers))
                    await self._failed(part, hook, answer.status, None, answer.retry_after_s)
                    break
                answers.append(answer)
            else:
                await self._hooks.done(delivery.bot, delivery.seq)
                if hook.failing_since is not None:
                    await self._hooks.set_hook_state(hook.bot, HookState.ACTIVE, None, None, time.time())
            await self._answered(entry, hook, answers)
        except MynaError as failed:
            part = replace(delivery, part=delivery.part + len(answers))
            await self._failed(part, hook, None, failed.message, None)
            await self._answered(entry, hook, answers)
        except Exception:
            logger.exception("a delivery failed in an unforeseen way; it is tried again")
            await self._failed(delivery, hook, None, "An error on this side; it was logged.", None)
        finally:
            self._room.release()
            self._wake.set()

    async def _bodies(self, delivery: Delivery, entry: Entry, hook: Webhook) -> list[dict[str, Any]]:
        """All that an entry is, in order."""
        translation = self.translations.get(hook.kind)
        if translation is None:
            return [{**envelope(entry), "attempt": delivery.attempt + 1}]
        return await translation.bodies(entry)

    async def _answered(self, entry: Entry, hook: Webhook, answers: list[Answer]) -> None:
        translation = self.translations.get(hook.kind)
        for answer in answers if translation is not None else ():
            assert translation is not None
            await translation.answered(entry, answer)

    async def _posted(self, delivery: Delivery, entry: Entry, hook: Webhook, shown: dict[str, Any]) -> Answer:
        now = int(time.time())
        headers = {"Content-Type": "application/json", "User-Agent": "Myna-Webhook/1"}
        body = encode(shown)
        if hook.kind is HookKind.SLACK:
            body = urlencode(shown).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if hook.kind is HookKind.TELEGRAM:
            if hook.secret:
                headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        else:
            headers[HEADER] = signature(body, hook.secrets(now), now)
            headers["X-Myna-Event-Id"] = f"{entry.bot}.{entry.seq}"
            headers["X-Myna-Attempt"] = str(delivery.attempt + 1)
        return await self._egress.post(hook.url, body, headers, TIMEOUT_S)

    async def _failed(
        self,
        delivery: Delivery,
        hook: Webhook,
        status: int | None,
        error: str | None,
        retry_after_s: float | None,
    ) -> None:
        now = time.time()
        why = error or f"The receiver answered {status}."
        attempt = delivery.attempt + 1
        dead = attempt > len(RETRY_S)
        due_at = now + self.wait_s(attempt, retry_after_s)
        state = DeliveryState.DEAD if dead else DeliveryState.WAITING
        noted = replace(delivery, attempt=attempt, due_at=due_at, state=state, status=status, error=why)
        await self._hooks.failed(noted)
        since = hook.failing_since or now
        hook_state = HookState.ACTIVE
        if status == GONE and hook.kind is not HookKind.TELEGRAM:
            hook_state = HookState.OFF
        elif now - since > PAUSE_AFTER_S:
            hook_state = HookState.PAUSED
        await self._hooks.set_hook_state(hook.bot, hook_state, since, why, now)

    def wait_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Seconds until the next attempt: the step of the schedule with up to 20 % more, and at least what was asked for."""
        step = RETRY_S[min(attempt, len(RETRY_S)) - 1]
        jittered = step * (1 + self._dice.uniform(0.0, 0.2))
        return max(jittered, min(retry_after_s or 0.0, MAX_RETRY_AFTER_S))
