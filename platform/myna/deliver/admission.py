"""How many new connections a process takes in: a burst, then a steady rate, so that a storm of reconnects cannot take it down."""

import random
import time
from collections.abc import Callable

from myna.errors import Busy

SPREAD = 4.0
"""Refused clients come back within this many times the wait for a free place, at random, so that they do not come together."""


class Admission:
    """A token bucket: `burst` connections at once, and `per_s` more each second. 0 per second takes in everybody."""

    def __init__(self, per_s: int, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, float(burst), clock
        self._free, self._at = float(burst), clock()

    def enter(self) -> None:
        """Take a place.

        Raises:
            Busy: there is none now; `retry_ms` says when to try again, another time for everybody.
        """
        if not self._per_s:
            return
        now = self._clock()
        self._free = min(self._burst, self._free + (now - self._at) * self._per_s)
        self._at = now
        if self._free < 1.0:
            wait_s = max(1.0, SPREAD * self._burst / self._per_s) * random.random()  # noqa: S311 - jitter
            raise Busy(
                "Too many clients connect at once; come back in a moment.",
                code="crowded",
                retry_ms=int(((1.0 - self._free) / self._per_s + wait_s) * 1000) + 1,
            )
        self._free -= 1.0
