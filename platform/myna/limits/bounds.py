"""How much of what anybody may do in how much time. On by default; `MYNA_LIMITS` changes or lifts bounds."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from myna.errors import MynaError, TooMany
from myna.limits.windows import Bound, Windows

SHARE_S = 0.25
"""How often processes tell each other what was used: so long may the others be ahead, for limits that are not exact."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is bounded, for whom, and why the number is what it is."""

    bound: Bound
    per: str
    what: str


LIMITS: Mapping[str, Limit] = {
    "request_address": Limit(
        Bound(6000, 60), "address", "Requests. An office behind one address has many people."
    ),
    "request_token": Limit(Bound(3000, 60), "token", "Requests of one sign-in or key."),
    "connect_address": Limit(Bound(3000, 60), "address", "Sockets that are opened."),
    "sign_in_address": Limit(Bound(10, 60), "address", "Wrong passwords, codes and tokens."),
    "sign_in_free": Limit(
        Bound(10, 600), "address", "Wrong passwords after which a proof of work is asked for."
    ),
    "sign_in_handle": Limit(Bound(20, 300), "handle", "Wrong passwords, from wherever."),
    "link_address": Limit(Bound(20, 60), "address", "Invitations and links that are looked at."),
    "visitor_free": Limit(Bound(20, 60), "address", "Visitors that begin without a proof of work."),
    "visitor_address": Limit(Bound(60, 60), "address", "Visitors that begin."),
    "visitor_inbox": Limit(Bound(1200, 60), "inbox", "Visitors that begin."),
    "ticket_user": Limit(Bound(60, 60), "user", "Tickets for sockets and streams."),
    "proof_user": Limit(Bound(10, 60), "user", "Passwords shown again for a change of the account."),
    "message_user": Limit(Bound(1200, 60), "user", "Messages of a person."),
    "message_visitor": Limit(Bound(120, 60), "user", "Messages of a visitor."),
    "message_conversation": Limit(Bound(3000, 60), "conversation", "Messages of people and visitors."),
    "message_inbox": Limit(Bound(12_000, 60), "inbox", "Messages of visitors."),
    "proof_once": Limit(Bound(1, 600), "challenge", "Uses of one proof of work."),
    "preview_user": Limit(Bound(30, 60), "user", "Previews of links."),
    "report_user": Limit(Bound(30, 3600), "user", "Messages that are reported."),
    "export_user": Limit(Bound(5, 3600), "user", "Exports of everything about a user."),
    "upload_user": Limit(Bound(600, 60), "user", "Files that are begun."),
}
"""Every limit by name."""
OFF = "off"


def bounds_of(setting: str) -> dict[str, Bound]:
    """The bounds that hold: the usual ones, with those of the setting: `name=count/seconds` or `name=off`, or `off` for all.

    Raises:
        MynaError: the setting names no limit or gives no numbers.
    """
    if setting.strip() == OFF:
        return {}
    bounds = {name: each.bound for name, each in LIMITS.items()}
    for part in filter(None, (each.strip() for each in setting.split(","))):
        name, _, value = part.partition("=")
        count, _, seconds = value.partition("/")
        if name not in LIMITS or not (value == OFF or (count.isdecimal() and seconds.isdecimal())):
            known = ", ".join(LIMITS)
            raise MynaError(
                f"MYNA_LIMITS has {part!r}; write name=count/seconds or name=off. Names: {known}.",
                code="bad_setting",
            )
        if value == OFF:
            del bounds[name]
        elif int(count) < 1 or int(seconds) < 1:
            raise MynaError(f"MYNA_LIMITS has {part!r}; both numbers are at least 1.", code="bad_setting")
        else:
            bounds[name] = Bound(int(count), float(seconds))
    return bounds


class Limits:
    """Refuses what comes too often. A limit that is lifted lets everything pass."""

    def __init__(self, bounds: Mapping[str, Bound], windows: Windows) -> None:
        self.bounds, self.windows = dict(bounds), windows
        self.refused: Counter[str] = Counter()
        """How often each limit refused something in this process since its start."""
        self.listeners: list[Callable[[str, str], None]] = []
        """Told (limit, key) of each refusal."""

    def use(self, name: str, key: str | int, amount: int = 1) -> None:
        """Count a use at once: other processes hear of it within `SHARE_S`.

        Raises:
            TooMany: the window is full; nothing was counted, and `retry_ms` says when it has room.
        """
        bound = self.bounds.get(name)
        if bound is not None:
            self._judge(name, key, self.windows.use(f"{name}:{key}", bound, amount))

    def refuses(self, name: str, key: str, amount: int = 1) -> float:
        """Seconds until the window has room for a use, 0 when it has; a refusal is counted, a use is not."""
        bound = self.bounds.get(name)
        if bound is None:
            return 0.0
        wait_s = self.windows.wait_s(f"{name}:{key}", bound, amount)
        if wait_s > 0.0:
            self.refused[name] += 1
        return wait_s

    async def take(self, name: str, key: str | int) -> None:
        """Count a use, exactly over all processes. Raises as `use`."""
        bound = self.bounds.get(name)
        if bound is not None:
            self._judge(name, key, await self.windows.take(f"{name}:{key}", bound))

    async def check(self, name: str, key: str | int) -> None:
        """Let pass whose window has room, and count nothing. Raises as `use`."""
        bound = self.bounds.get(name)
        if bound is not None:
            self._judge(name, key, await self.windows.take(f"{name}:{key}", bound, 0))
            self._judge(name, key, self.windows.wait_s(f"{name}:{key}", bound))

    async def note(self, name: str, key: str | int) -> None:
        """Count a use of whoever was let pass."""
        bound = self.bounds.get(name)
        if bound is not None:
            await self.windows.take(f"{name}:{key}", bound, force=True)

    async def run(self) -> None:
        """Share with the other processes, until cancelled."""
        while True:
            await asyncio.sleep(SHARE_S)
            await self.windows.share()

    def _judge(self, name: str, key: str | int, wait_s: float) -> None:
        if wait_s <= 0.0:
            return
        self.refused[name] += 1
        for listener in self.listeners:
            listener(name, str(key))
        raise too_many(name, wait_s)


def too_many(name: str, wait_s: float) -> TooMany:
    """What is said to whoever comes too often."""
    return TooMany(
        f"Too often; wait {max(1, round(wait_s))} s.",
        retry_ms=int(wait_s * 1000) + 1,
        extra={"limit": name},
    )
