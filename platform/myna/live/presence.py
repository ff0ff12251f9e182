"""Who is there: a lease for each device, told only to those who look, in batches; counts alone where there are many."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from myna.conversations.access import Access
from myna.deliver.frames import PresenceFrame
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.deliver.session import Session
from myna.errors import Malformed
from myna.live.receipts import COUNTED_MEMBERS, Receipts
from myna.ports.accounts import Accounts
from myna.ports.conversations import Crowds
from myna.rights import Principal, Verb, may
from myna.wire import encode, stamp

BATCH_S = 2.0
"""How often watchers hear of changes."""
BEAT_S = 25.0
"""How often each process tells the others who is connected to it."""
LEASE_S = 60.0
"""How long that holds: the users of a process that died are away after it."""
GRACE_S = 15.0
"""How long a user may be away between two connections without being shown as offline."""
WATCHED = 500
"""Users that one session may watch: what fits on a screen."""
REMEMBERED = 50_000
"""Users whose last moment is remembered. Overflow rule: those who left first are forgotten."""

logger = logging.getLogger(__name__)


class Presence:
    """Status and last activity of users, over all processes. Nothing of it is stored: after a restart it begins anew."""

    def __init__(
        self, relay: Relay, hub: Hub, access: Access, accounts: Accounts, crowds: Crowds, receipts: Receipts
    ) -> None:
        self._relay, self._hub = relay, hub
        self._access, self._accounts, self._crowds, self._receipts = access, accounts, crowds, receipts
        self._leases: dict[int, dict[int, float]] = {}
        self._leaving: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._watchers: dict[int, set[Session]] = {}
        self._changed: set[int] = set()
        self._told: set[int] = set()
        """Users of whom watchers last heard that they are online."""
        self._here: set[int] = set()
        self._gone: set[int] = set()
        hub.arrivals.append(self._arrived)
        hub.departures.append(self._departed)
        relay.presences.append(self._heard)

    async def watch(
        self, principal: Principal, session: Session, add: Sequence[int], remove: Sequence[int]
    ) -> bytes | None:
        """Look at more users and at others no more; the frame with how those are now whom the principal may see.

        Raises:
            Malformed: the session would watch more than `WATCHED` users; nothing was changed.
        """
        seen = await self._visible(principal, add)
        kept = (session.watching - set(remove)) | set(seen)
        if len(kept) > WATCHED:
            raise Malformed(f"A session watches at most {WATCHED} users; remove some first.")
        for user in session.watching - kept:
            self._unwatch(session, user)
        session.watching = kept
        if session not in self._hub.sessions_of(session.user.id):
            return None
        for user in kept:
            self._watchers.setdefault(user, set()).add(session)
        return _frame({user: self.status(user) for user in seen}) if seen else None

    async def of(self, principal: Principal, users: Sequence[int]) -> dict[str, Any]:
        """The status of those of the users whom the principal may see."""
        return {str(user): self.status(user) for user in await self._visible(principal, users[:WATCHED])}

    async def within(self, principal: Principal, conversation: int) -> dict[str, Any]:
        """How many members of a conversation are there, and who, unless there are more than 5,000 members."""
        await self._access.fresh_seat(principal, conversation)
        online = [user for user in {*self._hub.users(), *self._leases} if self.online(user)]
        here = await self._crowds.seated(conversation, online)
        many = await self._receipts.size(conversation) > COUNTED_MEMBERS
        return {
            "online": len(here),
            "users": None if many else [str(user) for user in sorted(here)[:WATCHED]],
        }

    def online(self, user: int) -> bool:
        """Whether the user has a connection to any process, or had one a moment ago."""
        if self._hub.online(user) or user in self._leaving:
            return True
        now = time.monotonic()
        return any(until > now for until in self._leases.get(user, {}).values())

    def status(self, user: int) -> list[str | None]:
        """(`online` or `offline`, last activity); the latter is null when this process has not seen the user."""
        at = self._last.get(user)
        return ["online" if self.online(user) else "offline", None if at is None else stamp(at)]

    async def run(self) -> None:
        """Tell watchers and other processes until cancelled."""
        beat_at = 0.0
        while True:
            await asyncio.sleep(BATCH_S)
            now = time.monotonic()
            self._expire(now)
            if now >= beat_at:
                beat_at = now + BEAT_S
                self._here.update(self._hub.users())
            self._tell_processes()
            self._tell_watchers()

    def _arrived(self, session: Session) -> None:
        user = session.user.id
        self._leaving.pop(user, None)
        self._active(user)
        if len(self._hub.sessions_of(user)) == 1:
            self._changed.add(user)
            self._here.add(user)
            self._gone.discard(user)

    def _departed(self, session: Session) -> None:
        for user in session.watching:
            self._unwatch(session, user)
        user = session.user.id
        self._active(user)
        if not self._hub.online(user):
            self._leaving[user] = time.monotonic() + GRACE_S

    def _expire(self, now: float) -> None:
        for user in [user for user, until in self._leaving.items() if until <= now]:
            del self._leaving[user]
            self._changed.add(user)
            self._gone.add(user)
            self._here.discard(user)
        for user, leases in list(self._leases.items()):
            for origin in [origin for origin, until in leases.items() if until <= now]:
                del leases[origin]
            if not leases:
                del self._leases[user]
                self._changed.add(user)

    def _heard(self, origin: int, frame: PresenceFrame) -> None:
        until = time.monotonic() + LEASE_S
        for user in frame.here:
            if user not in self._leases:
                self._changed.add(user)
            self._leases.setdefault(user, {})[origin] = until
            self._active(user)
        for user in frame.gone:
            leases = self._leases.get(user, {})
            leases.pop(origin, None)
            if not leases:
                self._leases.pop(user, None)
                self._changed.add(user)

    def _tell_processes(self) -> None:
        if self._here or self._gone:
            self._relay.tell_presence(PresenceFrame(sorted(self._here), sorted(self._gone)))
            self._here, self._gone = set(), set()

    def _tell_watchers(self) -> None:
        changed, self._changed = self._changed, set()
        news: dict[Session, dict[int, list[str | None]]] = {}
        for user in changed:
            online = self.online(user)
            if online == (user in self._told):
                continue
            (self._told.add if online else self._told.discard)(user)
            for session in self._watchers.get(user, ()):
                news.setdefault(session, {})[user] = self.status(user)
        for session, users in news.items():
            session.signal(_frame(users), minor=True)

    def _unwatch(self, session: Session, user: int) -> None:
        watching = self._watchers.get(user)
        if watching is not None:
            watching.discard(session)
            if not watching:
                del self._watchers[user]

    def _active(self, user: int) -> None:
        self._last.pop(user, None)
        self._last[user] = time.time()
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]

    async def _visible(self, principal: Principal, users: Sequence[int]) -> list[int]:
        """Colleagues see one another; a visitor sees whom it shares a conversation with."""
        wanted = sorted({*users})
        if not wanted:
            return []
        if may(principal, Verb.OPEN_GROUP):
            return [user.id for user in await self._accounts.users(wanted, principal.workspace)]
        return sorted(
            {*await self._crowds.acquainted(principal.user, wanted)} | ({principal.user} & {*wanted})
        )


def _frame(users: dict[int, list[str | None]]) -> bytes:
    return encode({"op": "presence", "users": {str(user): status for user, status in users.items()}})
