"""Alerts, blocked addresses and the policy of the detector, on both databases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import msgspec
from sqlalchemy import delete, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.safety import AlertRow, SafetyRow, ShieldRow
from myna.adapters.sql.upserts import upserting
from myna.intrusion.model import RULES, Alert, Hook, Policy, Response, Shielded
from myna.limits.windows import Bound

MAX_ALERTS = 20_000
"""Alerts that are kept; an attack must not fill the disk. The oldest are forgotten."""
_alert, _shield, _safety = table(AlertRow), table(ShieldRow), table(SafetyRow)


class SqlSafety:
    """See `myna.intrusion.ports.SafetyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, alerts: Sequence[Alert]) -> None:
        """Store new alerts and what has changed of known ones."""
        # Two statements however many they are: between any two a busy loop lets the log's commits wait for one of its turns.
        kept = ("workspace", "kind", "key", "address", "at", "response", "seen_by")
        put = upserting(_alert, sqlite_driver=self._database.sqlite, but=kept)
        oldest = select(_alert.c.id).order_by(_alert.c.id.desc()).offset(MAX_ALERTS).limit(1)
        async with self._database.write() as connection:
            await connection.execute(put, [_values(each) for each in alerts])
            await connection.execute(delete(_alert).where(_alert.c.id <= oldest.scalar_subquery()))

    async def alerts(
        self, workspace: int | None, *, before: int | None, kind: str | None, limit: int
    ) -> list[Alert]:
        """Alerts, newest first."""
        query = select(_alert)
        if workspace is not None:
            query = query.where(_alert.c.workspace == workspace)
        if before is not None:
            query = query.where(_alert.c.id < before)
        if kind is not None:
            query = query.where(_alert.c.kind == kind)
        rows = await self._database.all(query.order_by(_alert.c.id.desc()).limit(limit))
        return [
            Alert(**{**cast("Mapping[str, Any]", row._mapping), "response": Response(row.response)})
            for row in rows
        ]

    async def seen(self, workspace: int | None, alert: int, user: int) -> bool:
        """Note that somebody has looked."""
        change = update(_alert).where(_alert.c.id == alert).values(seen_by=user)
        if workspace is not None:
            change = change.where(_alert.c.workspace == workspace)
        async with self._database.write() as connection:
            return bool((await connection.execute(change)).rowcount)

    async def shield(self, shielded: Sequence[Shielded]) -> None:
        """Let something hold for each of these addresses."""
        values = {
            each.place: {
                "place": each.place,
                "response": each.response.value,
                "until": each.until,
                "reason": each.reason,
                "by": each.by,
                "at": each.at,
            }
            for each in sorted(shielded, key=lambda each: each.place)
        }
        # In the order of the places, so that two writers wait for each other and not both for the other.
        put = upserting(_shield, sqlite_driver=self._database.sqlite)
        async with self._database.write() as connection:
            await connection.execute(put, list(values.values()))

    async def lift(self, place: str) -> bool:
        """End it."""
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(_shield).where(_shield.c.place == place))).rowcount)

    async def shielded(self, now: float) -> list[Shielded]:
        """Everything that holds now."""
        holds = _shield.c.until.is_(None) | (_shield.c.until > now)
        rows = await self._database.all(select(_shield).where(holds).order_by(_shield.c.at.desc()))
        return [
            Shielded(row.place, Response(row.response), row.until, row.reason, row.by, row.at) for row in rows
        ]

    async def forget(self, now: float) -> None:
        """Drop what has run out."""
        async with self._database.write() as connection:
            await connection.execute(delete(_shield).where(_shield.c.until < now))

    async def policy(self) -> Policy:
        """What the administrators decided."""
        rows = await self._database.all(select(_safety))
        if not rows:
            return Policy()
        row = rows[0]
        changed: dict[str, list[Any]] = msgspec.json.decode(row.rules)
        rules = {
            kind: rule
            if kind not in changed
            else replace(
                rule,
                bound=Bound(changed[kind][0], rule.bound.window_s),
                response=Response(changed[kind][1]),
                for_s=changed[kind][2],
            )
            for kind, rule in RULES.items()
        }
        hook = Hook(row.hook, row.secret) if row.hook else None
        return Policy(rules, tuple(msgspec.json.decode(row.allow)), hook)

    async def set_policy(self, policy: Policy) -> None:
        """Replace it."""
        rules = {
            kind: [rule.bound.count, rule.response.value, rule.for_s]
            for kind, rule in policy.rules.items()
            if rule != RULES[kind]
        }
        values = {
            "id": 1,
            "rules": msgspec.json.encode(rules).decode(),
            "allow": msgspec.json.encode(policy.allow).decode(),
            "hook": policy.hook.url if policy.hook else "",
            "secret": policy.hook.secret if policy.hook else "",
        }
        async with self._database.write() as connection:
            await connection.execute(delete(_safety))
            await connection.execute(insert(_safety).values(values))


def _values(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "workspace": alert.workspace,
        "kind": alert.kind,
        "key": alert.key,
        "address": alert.address,
        "user": alert.user,
        "at": alert.at,
        "last_at": alert.last_at,
        "count": alert.count,
        "response": alert.response.value,
        "until": alert.until,
        "seen_by": alert.seen_by,
    }
