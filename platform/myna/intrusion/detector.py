"""Makes alerts of signs, and lets follow what the policy says. Everything here is bounded and waits for nothing."""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress

from myna.errors import MynaError
from myna.ids import new_id
from myna.intrusion.model import Alert, By, Policy, Response, Shielded, Sign
from myna.intrusion.ports import SafetyStore
from myna.intrusion.shield import Shield
from myna.limits.addresses import place_of
from myna.limits.windows import Windows
from myna.ports.bus import Bus

MAX_OPEN = 5_000
"""Alerts that are going on. Overflow rule: the one that was quiet longest is closed; its next sign opens another."""
MAX_SEEN = 50_000
"""Pairs that were seen (address and handle, sign-in and program). Overflow rule: the oldest is forgotten."""
QUIET_S = 900.0
"""An alert that had no sign for so long is over."""
REFRESH_S = 2.0
"""How often a process looks what others have blocked and what the policy is, if nobody tells it before."""
REST_S = 0.25
"""Least time between two looks."""

logger = logging.getLogger("myna.intrusion")


class Detector:
    """Counts signs, shared with the other processes through the same windows as limits."""

    def __init__(
        self,
        windows: Windows,
        shield: Shield,
        store: SafetyStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.shield, self._windows, self._store, self._clock = shield, windows, store, clock
        self.policy = Policy()
        self.signs: Counter[str] = Counter()
        """How many of each kind this process has seen."""
        self._open: OrderedDict[tuple[str, str], Alert] = OrderedDict()
        self._changed: dict[int, Alert] = {}
        self._shielded: dict[str, Shielded] = {}
        self._seen: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.others: Bus | None = None
        """Where processes tell each other that something holds now, or no longer. The database says what."""
        self._woken = asyncio.Event()
        self._settling = asyncio.Lock()
        """One looks or lifts at a time: what is being stored must not come back after it was lifted."""
        self.owner_of: Callable[[str], Awaitable[int | None]] = _nobody
        """Whose a handle is."""
        self.readers: list[Callable[[], Awaitable[None]]] = []
        """Look for signs elsewhere, such as in the audit log, each time this one settles."""
        self.raised: list[Callable[[Alert], None]] = []
        """Told each new alert."""

    def saw(self, sign: Sign) -> None:
        """Count a sign; the one too many makes an alert."""
        rule = self.policy.rules.get(sign.kind)
        if rule is None:
            return
        self.signs[sign.kind] += 1
        place = place_of(sign.address)
        key = {By.ADDRESS: place, By.USER: str(sign.user), By.HANDLE: sign.handle}[rule.by]
        if self._windows.use(f"sign:{sign.kind}:{key}", rule.bound) > 0:
            self._alert(sign, key, place)

    def new_pair(self, kind: str, one: str, other: str) -> bool:
        """Whether these two were not seen together lately: how many different handles an address tried, say."""
        place = (f"{kind}:{one}", other)
        if place in self._seen:
            self._seen.move_to_end(place)
            return False
        self._remember(place, "")
        return True

    def changed(self, kind: str, key: str, value: str) -> str | None:
        """What the value of a key was before, when it is another one now."""
        place = (kind, key)
        before = self._seen.get(place)
        if before != value:
            self._remember(place, value)
        return before if before is not None and before != value else None

    def seen(self, kind: str, key: str) -> str | None:
        """The value of a key, as it was last told to `changed`."""
        return self._seen.get((kind, key))

    def respond(self, shielded: Shielded) -> bool:
        """Let something hold for an address from now on, in all processes within `REFRESH_S`."""
        if not self.shield.put(shielded):
            return False
        self._shielded[shielded.place] = shielded
        self._woken.set()
        return True

    async def lift(self, place: str) -> bool:
        """End what holds for an address."""
        async with self._settling:
            waited = self._shielded.pop(place, None)
            self.shield.lift(place)
            lifted = await self._store.lift(place) or waited is not None
        if lifted:
            await self._tell()
        return lifted

    async def run(self) -> None:
        """Store what is new and learn what others decided, until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self.others is not None:
                group.create_task(self._listen(self.others))
            while True:
                self._woken.clear()
                await self.settle()
                await asyncio.sleep(REST_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_S - REST_S):
                        await self._woken.wait()

    async def settle(self) -> None:
        """Store what waits and read what holds, and what was written meanwhile."""
        async with self._settling:
            await self._settle()

    async def _settle(self) -> None:
        for read in self.readers:
            await read()
        fresh = list(self._shielded.values())
        if fresh:
            await self._store.shield(fresh)
            for each in fresh:
                if self._shielded.get(each.place) is each:
                    del self._shielded[each.place]
            await self._tell()
        changed, self._changed = list(self._changed.values()), {}
        for alert in changed:
            if alert.handle and alert.user is None:
                alert.user = await self.owner_of(alert.handle)
        if changed:
            await self._store.keep(changed)
        self.policy = await self._store.policy()
        self.shield.replace(await self._store.shielded(self._clock()), self.policy.allow)
        for waiting in self._shielded.values():
            self.shield.put(waiting)

    async def _tell(self) -> None:
        if self.others is not None:
            try:
                await self.others.publish(b"look")
            except MynaError as away:
                logger.warning("other processes learn of a block within %d s: %s", REFRESH_S, away.message)

    async def _listen(self, others: Bus) -> None:
        async with others.subscribe() as frames:
            async for _ in frames:
                self._woken.set()

    def _remember(self, place: tuple[str, str], value: str) -> None:
        self._seen[place] = value
        self._seen.move_to_end(place)
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)

    def _alert(self, sign: Sign, key: str, place: str) -> None:
        rule, now = self.policy.rules[sign.kind], self._clock()
        found = self._open.get((sign.kind, key))
        if found is not None and now - found.last_at < QUIET_S:
            found.last_at, found.count = now, found.count + 1
            self._open.move_to_end((sign.kind, key))
            self._changed[found.id] = found
            if rule.response is Response.LOG or self.shield.of(place) is not None:
                return
            # What held has run out and it goes on: it holds again.
            self._follow(found, rule.response, place, now + rule.for_s)
            return
        made = Alert(
            new_id(),
            sign.workspace or 0,
            sign.kind,
            key if rule.by is not By.HANDLE else "",
            sign.address,
            sign.user,
            now,
            now,
            rule.bound.count + 1,
            rule.response,
            handle=sign.handle,
        )
        self._open[(sign.kind, key)] = self._changed[made.id] = made
        if len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        if rule.response is not Response.LOG:
            self._follow(made, rule.response, place, now + rule.for_s)
        # Only numbers, addresses and our own words: what an attacker wrote could forge lines of the log.
        logger.warning(
            "intrusion kind=%s address=%s user=%s count=%d response=%s",
            made.kind,
            made.address or "-",
            made.user or "-",
            made.count,
            made.response.value,
        )
        for listener in self.raised:
            listener(made)

    def _follow(self, alert: Alert, response: Response, place: str, until: float) -> None:
        if place and self.respond(Shielded(place, response, until, alert.kind, None, self._clock())):
            alert.until = until


async def _nobody(_: str) -> int | None:
    return None
