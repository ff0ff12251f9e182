"""How fast bots may send: 30 messages a second each, and one a second into a conversation, with a burst of 20."""

import time

from myna.errors import TooMany
from myna.rights import Principal

PER_BOT, BOT_BURST = 30.0, 60.0
PER_PLACE, PLACE_BURST = 1.0, 20.0
MAX_BUCKETS = 50_000
"""Buckets that are remembered. Overflow rule: full ones, which say nothing, are forgotten; then all."""


class Buckets:
    """Token buckets by key; each gains `rate` tokens a second up to `burst`."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[tuple[int, ...], tuple[float, float]] = {}

    def wait_s(self, key: tuple[int, ...], now: float) -> float:
        """Seconds until one token is there; nothing is taken."""
        left = self._level(key, now)
        return 0.0 if left >= 1 else (1 - left) / self._rate

    def take(self, key: tuple[int, ...], now: float) -> None:
        """Take a token."""
        if len(self._left) >= MAX_BUCKETS:
            self._left = {
                each: was for each, was in self._left.items() if self._level(each, now) < self._burst
            }
            if len(self._left) >= MAX_BUCKETS:
                self._left.clear()
        self._left[key] = (self._level(key, now) - 1, now)

    def _level(self, key: tuple[int, ...], now: float) -> float:
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._rate)


class Throttle:
    """Counts what bots send, in this process."""

    def __init__(self) -> None:
        self._bots = Buckets(PER_BOT, BOT_BURST)
        self._places = Buckets(PER_PLACE, PLACE_BURST)

    def __call__(self, principal: Principal, conversation: int) -> None:
        """Count one message.

        Raises:
            TooMany: the bot sends too fast; nothing was counted.
        """
        now = time.monotonic()
        bot, place = (principal.user,), (principal.user, conversation)
        wait_s = max(self._bots.wait_s(bot, now), self._places.wait_s(place, now))
        if wait_s > 0:
            raise TooMany(
                f"A bot sends at most {PER_PLACE:.0f} message a second into a conversation (after "
                f"{PLACE_BURST:.0f} at once) and {PER_BOT:.0f} in all; wait {wait_s:.1f} s.",
                retry_ms=int(wait_s * 1000) + 1,
            )
        self._bots.take(bot, now)
        self._places.take(place, now)
