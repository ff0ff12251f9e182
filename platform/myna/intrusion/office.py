"""What administrators see and decide about attacks. Every decision leaves a line in the audit log."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from myna.errors import Conflict, Malformed, NotFound
from myna.identity.trail import Trail
from myna.intrusion.detector import Detector
from myna.intrusion.heralds import Heralds, alert_object
from myna.intrusion.model import Hook, Policy, Response, Rule, Shielded
from myna.intrusion.ports import SafetyStore
from myna.intrusion.requests import Requests
from myna.intrusion.shield import Shield, address_of, network_of
from myna.limits.windows import Bound
from myna.log.committer import Committer
from myna.ports.accounts import Accounts
from myna.rights import Principal
from myna.wire import optional_id, stamp

MAX_ALLOWED = 500


@dataclass(frozen=True, slots=True)
class Intrusion:
    """The parts of intrusion detection in a process."""

    detector: Detector
    shield: Shield
    requests: Requests
    store: SafetyStore
    committer: Committer
    accounts: Accounts
    heralds: Heralds
    check: Callable[[str], Awaitable[None]]
    """Raises Malformed when alerts may not be sent to an address."""

    async def alerts(
        self, workspace: int | None, before: int | None, kind: str | None, limit: int
    ) -> dict[str, Any]:
        """A page of alerts, newest first."""
        found = await self.store.alerts(workspace, before=before, kind=kind, limit=limit)
        users = sorted({each.user for each in found if each.user is not None})
        names: dict[int, str] = {}
        for each in users:
            user = await self.accounts.user(each)
            if user is not None:
                names[each] = user.name
        return {
            "alerts": [{**alert_object(each), "user_name": names.get(each.user or 0)} for each in found],
            "before": str(found[-1].id) if len(found) == limit else None,
        }

    async def blocked(self) -> list[dict[str, Any]]:
        """Everything that holds for addresses, newest first."""
        return [_shielded_object(each) for each in await self.store.shielded(time.time())]

    async def block(self, asker: Principal, address: str, seconds: int | None, reason: str) -> None:
        """Block an address by hand.

        Raises:
            Malformed: it is no address. Conflict: it is on the list of those that nothing follows for.
        """
        place, now = address_of(address), time.time()
        until = None if seconds is None else now + seconds
        shielded = Shielded(place, Response.BLOCK, until, reason, asker.user, now)
        async with self._trail.act(asker, "address.blocked", place, until=until):
            if not self.detector.respond(shielded):
                raise Conflict("This address is on the allow-list; take it off first.", code="allowed")
            await self.detector.settle()

    async def lift(self, asker: Principal, address: str) -> None:
        """End what holds for an address.

        Raises:
            NotFound: nothing does.
        """
        place = address_of(address)
        async with self._trail.act(asker, "address.lifted", place):
            if not await self.detector.lift(place):
                raise NotFound("Nothing holds for this address.")

    async def change(
        self,
        asker: Principal,
        rules: Mapping[str, tuple[int, Response, int]],
        allow: Sequence[str],
        hook: str | None,
    ) -> tuple[Policy, str | None]:
        """Change the policy; with a new address of the hook its new secret, shown this once."""
        if len(allow) > MAX_ALLOWED:
            raise Malformed(f"At most {MAX_ALLOWED} addresses are on the allow-list.")
        before = await self.store.policy()
        unknown = rules.keys() - before.rules.keys()
        if unknown:
            raise Malformed(f"There is no rule {sorted(unknown)[0]!r}.")
        made = {kind: _changed(rule, rules.get(kind)) for kind, rule in before.rules.items()}
        fresh = None
        kept = before.hook
        if hook != (kept.url if kept else None):
            fresh = secrets.token_urlsafe(32) if hook else None
            kept = Hook(hook, fresh) if hook and fresh else None
        policy = Policy(made, tuple(sorted({network_of(each) for each in allow})), kept)
        changed = sorted(kind for kind, rule in made.items() if rule != before.rules[kind])
        told = {"rules": changed, "allow": list(policy.allow)}
        async with self._trail.act(asker, "detection.changed", "detection", **told):
            await self.store.set_policy(policy)
        await self.detector.settle()
        return policy, fresh

    @property
    def _trail(self) -> Trail:
        return Trail(self.committer)


def _changed(rule: Rule, to: tuple[int, Response, int] | None) -> Rule:
    if to is None:
        return rule
    count, response, for_s = to
    return replace(rule, bound=Bound(count, rule.bound.window_s), response=response, for_s=for_s)


def policy_object(policy: Policy, signs: Mapping[str, int]) -> dict[str, Any]:
    """The policy as administrators see it; the hook's secret is never shown again."""
    return {
        "rules": [
            {
                "kind": kind,
                "what": rule.what,
                "by": rule.by,
                "ordinary": rule.bound.count,
                "window_s": rule.bound.window_s,
                "response": rule.response,
                "for_s": rule.for_s,
                "signs": signs.get(kind, 0),
            }
            for kind, rule in policy.rules.items()
        ],
        "allow": list(policy.allow),
        "hook": policy.hook.url if policy.hook else None,
    }


def _shielded_object(shielded: Shielded) -> dict[str, Any]:
    return {
        "address": shielded.place,
        "response": shielded.response,
        "until": None if shielded.until is None else stamp(shielded.until),
        "reason": shielded.reason,
        "by": optional_id(shielded.by),
        "at": stamp(shielded.at),
    }
