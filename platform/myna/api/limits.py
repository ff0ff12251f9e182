"""Rate limits in memory: so many per window and key."""

import time
from collections import deque

from myna.errors import TooMany

MAX_KEYS = 20_000
"""Keys that are remembered. Overflow rule: the ones that were idle longest are forgotten first."""


class Limits:
    """A sliding window per key."""

    def __init__(self, *, count: int, window_s: float) -> None:
        self._count, self._window_s = count, window_s
        self._taken: dict[str, deque[float]] = {}

    def take(self, key: str) -> None:
        """Count one use.

        Raises:
            TooMany: the key used up its window; `retry_ms` says when it is free again.
        """
        self.check(key)
        self.note(key)

    def check(self, key: str) -> None:
        """Let pass whose window has room, and count nothing. Raises as `take`."""
        now = time.monotonic()
        times = self._within(key, now)
        if len(times) >= self._count:
            wait_s = self._window_s - (now - times[0])
            raise TooMany(f"Too many tries; wait {wait_s:.0f} s.", retry_ms=int(wait_s * 1000) + 1)

    def note(self, key: str) -> None:
        """Count one use of whoever was let pass."""
        now = time.monotonic()
        times = self._within(key, now)
        times.append(now)
        self._taken[key] = times
        while len(self._taken) > MAX_KEYS:
            del self._taken[next(iter(self._taken))]

    def _within(self, key: str, now: float) -> deque[float]:
        times = self._taken.pop(key, None) or deque[float](maxlen=self._count)
        while times and now - times[0] > self._window_s:
            times.popleft()
        if times:
            self._taken[key] = times
        return times
