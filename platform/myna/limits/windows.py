"""Sliding windows: how often something was done lately, by key, in bounded memory.

A window is estimated from two fixed ones, the current and the one before, which counts for as much of it as still lies in the
sliding window, as if its uses had been spread evenly (Cloudflare, "How we built rate limiting capable of scaling to millions of
domains", 2017). It takes two numbers a key.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

MAX_KEYS = 50_000
"""Keys that are remembered. Overflow rule: the ones that were idle longest are forgotten first."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bound:
    """So many uses in so many seconds."""

    count: int
    window_s: float

    def __str__(self) -> str:
        return f"{self.count}/{self.window_s:g}"


@dataclass(frozen=True, slots=True)
class Counted:
    """Uses that a process tells the others of: `amount` more in the fixed window number `at`."""

    key: str
    at: int
    window_s: float
    amount: int


class Exchange(Protocol):
    """Counts that several processes share. Each method raises OSError when they cannot be reached."""

    async def add(self, counted: Sequence[Counted]) -> list[int]:
        """Add these uses; the totals of all processes, in the same order."""
        ...

    async def take(
        self, counted: Counted, bound: Bound, share: float, *, force: bool
    ) -> tuple[bool, int, int]:
        """Add the uses if the bound has room, or anyway; whether it had, and the totals of this window and the one before.

        Atomic over all processes. `share` is the weight of the window before, 0..1.
        """
        ...


@dataclass(slots=True)
class _Window:
    at: int
    now: int = 0
    before: int = 0
    untold: int = 0
    """What of `now` the other processes have not been told."""


class Windows:
    """Counts uses. With an `exchange` the windows are shared: exactly by `take`, and by `use` as of the last `share`."""

    def __init__(self, exchange: Exchange | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._exchange, self._clock = exchange, clock
        self._windows: OrderedDict[tuple[str, float], _Window] = OrderedDict()
        self._untold: set[tuple[str, float]] = set()
        self._out_of_reach = False

    @property
    def shared(self) -> bool:
        """Whether other processes count with this one."""
        return self._exchange is not None

    def use(self, key: str, bound: Bound, amount: int = 1, *, force: bool = False) -> float:
        """Count uses if the window has room, or anyway with `force`; seconds until it has room, 0 when it had."""
        now = self._clock()
        found, wait_s = self._look(key, bound, amount, now)
        if wait_s == 0.0 or force:
            found.now += amount
            if self._exchange is not None:
                found.untold += amount
                self._untold.add((key, bound.window_s))
        return wait_s

    def wait_s(self, key: str, bound: Bound, amount: int = 1) -> float:
        """Seconds until there is room for so many uses, as far as this process knows; nothing is counted."""
        return self._look(key, bound, amount, self._clock())[1]

    def used(self, key: str, bound: Bound) -> float:
        """About how many uses the window holds, as far as this process knows."""
        now = self._clock()
        found = self._window(key, bound.window_s, now)
        return found.now + found.before * _share(now, bound.window_s)

    async def take(self, key: str, bound: Bound, amount: int = 1, *, force: bool = False) -> float:
        """The same as `use`, exact over all processes; when they are out of reach, as far as this process knows."""
        if self._exchange is None:
            return self.use(key, bound, amount, force=force)
        now = self._clock()
        at, share = int(now // bound.window_s), _share(now, bound.window_s)
        try:
            told = Counted(key_of(key), at, bound.window_s, amount)
            fits, total, before = await self._exchange.take(told, bound, share, force=force)
        except OSError as failed:
            self._lost(failed)
            return self.use(key, bound, amount, force=force)
        self._found()
        found = self._window(key, bound.window_s, now)
        if found.at == at:
            found.now, found.before = total + found.untold, before
        return 0.0 if fits else _wait_s(total, before, bound, amount, now)

    async def share(self) -> None:
        """Tell the other processes what was used here, and learn what was used there. Quick; call it a few times a second."""
        if self._exchange is None or not self._untold:
            return
        keys, self._untold = list(self._untold), set()
        pairs = [(each, self._windows[each]) for each in keys if each in self._windows]
        # What could not be told because its window ended meanwhile is of no use to anybody any more.
        told = [
            (found, Counted(key_of(key), found.at, window_s, found.untold))
            for (key, window_s), found in pairs
            if found.untold
        ]
        for found, counted in told:
            found.untold -= counted.amount
        try:
            totals = await self._exchange.add([counted for _, counted in told])
        except OSError as failed:
            self._lost(failed)
            return
        self._found()
        for (found, counted), total in zip(told, totals, strict=True):
            if found.at == counted.at:
                found.now = total + found.untold

    def _look(self, key: str, bound: Bound, amount: int, now: float) -> tuple[_Window, float]:
        found = self._window(key, bound.window_s, now)
        if found.now + found.before * _share(now, bound.window_s) + amount <= bound.count:
            return found, 0.0
        return found, _wait_s(found.now, found.before, bound, amount, now)

    def _window(self, key: str, window_s: float, now: float) -> _Window:
        at, place = int(now // window_s), (key, window_s)
        found = self._windows.get(place)
        if found is None:
            found = self._windows[place] = _Window(at)
            if len(self._windows) > MAX_KEYS:
                gone, _ = self._windows.popitem(last=False)
                self._untold.discard(gone)
            return found
        self._windows.move_to_end(place)
        if found.at != at:
            found.before = found.now if found.at == at - 1 else 0
            found.at, found.now, found.untold = at, 0, 0
        return found

    def _lost(self, failed: OSError) -> None:
        if not self._out_of_reach:
            logger.warning("limits are counted by this process alone for now: %s", failed)
        self._out_of_reach = True

    def _found(self) -> None:
        if self._out_of_reach:
            logger.info("limits are shared again")
        self._out_of_reach = False


def key_of(key: str) -> str:
    """How a key is named outside this process: without the address or handle that is in it."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _share(now: float, window_s: float) -> float:
    return 1.0 - now % window_s / window_s


def _wait_s(used: int, before: int, bound: Bound, amount: int, now: float) -> float:
    """Seconds until the estimate leaves room, if nothing more is used until then."""
    width, rest_s = bound.window_s, bound.window_s - now % bound.window_s
    room = max(0, bound.count - amount)
    if before and used <= room:
        # used + before * share = room, and share falls by 1 / width each second.
        return max(0.001, (_share(now, width) - (room - used) / before) * width)
    return rest_s + max(0.0, (1.0 - room / used) * width) if used else rest_s
