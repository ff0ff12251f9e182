"""Webhooks and their deliveries in SQL. Deliveries are leased, so several processes send side by side."""

from typing import Any

from sqlalchemy import and_, case, delete, func, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows.core import from_json, to_json
from myna.adapters.sql.tables.columns import table
from myna_bots.adapters.sql_bots import BOT, INSTALLATION
from myna_bots.adapters.sql_feed import DELIVERY, EVENT, HOOK, delivery_row, entry_of
from myna_bots.adapters.tables import BotHookRow
from myna_bots.host.model import (
    Delivery,
    DeliveryState,
    Entry,
    HookKind,
    HookState,
    IncomingHook,
    Scope,
    Webhook,
)

INCOMING = table(BotHookRow)
WAITING, DEAD = DeliveryState.WAITING.value, DeliveryState.DEAD.value


class SqlHooks:
    """`HookStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hook(self, bot: int) -> Webhook | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(HOOK).where(HOOK.c.bot == bot))).first()
        return None if row is None else _hook(row)

    async def put_hook(self, hook: Webhook) -> None:
        values = {
            "bot": hook.bot,
            "kind": hook.kind.value,
            "url": hook.url,
            "secret": hook.secret,
            "old_secret": hook.old_secret,
            "old_until": hook.old_until,
            "types": to_json(list(hook.types)),
            "state": hook.state.value,
            "failing_since": hook.failing_since,
            "parallel": hook.parallel,
            "created_at": hook.created_at,
            "last_error": hook.last_error,
            "last_error_at": hook.last_error_at,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(HOOK).where(HOOK.c.bot == hook.bot))
            await connection.execute(insert(HOOK).values(values))

    async def drop_hook(self, bot: int) -> bool:
        async with self._database.write() as connection:
            await connection.execute(delete(DELIVERY).where(DELIVERY.c.bot == bot))
            return bool((await connection.execute(delete(HOOK).where(HOOK.c.bot == bot))).rowcount)

    async def set_hook_state(
        self, bot: int, state: HookState, failing_since: float | None, error: str | None, now: float
    ) -> None:
        values: dict[str, Any] = {"state": state.value, "failing_since": failing_since}
        if error is not None:
            values |= {"last_error": error, "last_error_at": now}
        async with self._database.write() as connection:
            await connection.execute(update(HOOK).where(HOOK.c.bot == bot).values(values))

    async def take(self, now: float, lease_s: float, limit: int) -> list[tuple[Delivery, Entry, Webhook]]:
        oldest = _oldest()
        due = and_(DELIVERY.c.due_at <= now, DELIVERY.c.leased_until <= now)
        query = (
            select(*DELIVERY.c, *EVENT.c, *HOOK.c)
            .join(oldest, and_(oldest.c.bot == DELIVERY.c.bot, oldest.c.seq == DELIVERY.c.seq))
            .join(EVENT, and_(EVENT.c.bot == DELIVERY.c.bot, EVENT.c.seq == DELIVERY.c.seq))
            .join(HOOK, HOOK.c.bot == DELIVERY.c.bot)
            .where(due, HOOK.c.state == HookState.ACTIVE.value)
            .order_by(DELIVERY.c.due_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        if not found:
            return []
        taken: list[tuple[Delivery, Entry, Webhook]] = []
        one, two = len(DELIVERY.c), len(DELIVERY.c) + len(EVENT.c)
        async with self._database.write() as connection:
            for row in found:
                lease = (
                    update(DELIVERY)
                    .where(*_key(row[0], row[1]), due, DELIVERY.c.state == WAITING)
                    .values(leased_until=now + lease_s)
                )
                if (await connection.execute(lease)).rowcount:
                    taken.append((_delivery(row[:one]), entry_of(row[one:two]), _hook(row[two:])))
        return taken

    async def done(self, bot: int, seq: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(DELIVERY).where(*_key(bot, seq)))

    async def failed(self, delivery: Delivery) -> None:
        values = {
            "attempt": delivery.attempt,
            "due_at": delivery.due_at,
            "leased_until": 0.0,
            "state": delivery.state.value,
            "status": delivery.status,
            "error": delivery.error,
            "part": delivery.part,
        }
        async with self._database.write() as connection:
            await connection.execute(update(DELIVERY).where(*_key(delivery.bot, delivery.seq)).values(values))

    async def deliveries(
        self, bot: int, state: DeliveryState, after: int, limit: int
    ) -> list[tuple[Delivery, Entry]]:
        query = (
            select(*DELIVERY.c, *EVENT.c)
            .join(EVENT, and_(EVENT.c.bot == DELIVERY.c.bot, EVENT.c.seq == DELIVERY.c.seq))
            .where(DELIVERY.c.bot == bot, DELIVERY.c.state == state.value, DELIVERY.c.seq > after)
            .order_by(DELIVERY.c.seq)
            .limit(limit)
        )
        width = len(DELIVERY.c)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [(_delivery(row[:width]), entry_of(row[width:])) for row in found]

    async def waiting(self, bot: int) -> int:
        query = (
            select(func.count())
            .select_from(DELIVERY)
            .where(DELIVERY.c.bot == bot, DELIVERY.c.state == WAITING)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def replay(self, bot: int, seq: int | None, now: float) -> int:
        dead = update(DELIVERY).where(DELIVERY.c.bot == bot, DELIVERY.c.state == DEAD)
        if seq is not None:
            dead = dead.where(DELIVERY.c.seq == seq)
        again = dead.values(state=WAITING, attempt=0, due_at=now, leased_until=0.0)
        async with self._database.write() as connection:
            return int((await connection.execute(again)).rowcount)

    async def queue_from(self, bot: int, after: int, now: float) -> int:
        query = (
            select(EVENT.c.seq, EVENT.c.conversation, EVENT.c.type)
            .outerjoin(DELIVERY, and_(DELIVERY.c.bot == EVENT.c.bot, DELIVERY.c.seq == EVENT.c.seq))
            .where(EVENT.c.bot == bot, EVENT.c.seq > after, DELIVERY.c.seq.is_(None))
            .order_by(EVENT.c.seq)
        )
        async with self._database.write() as connection:
            stored = (await connection.execute(select(HOOK.c.types).where(HOOK.c.bot == bot))).scalar()
            types = from_json(stored) or []
            made = [
                delivery_row(bot, row[0], row[1], now)
                for row in (await connection.execute(query)).all()
                if not types or row[2] in types
            ]
            if made:
                await connection.execute(insert(DELIVERY), made)
        return len(made)

    async def forget(self, bot: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(DELIVERY).where(DELIVERY.c.bot == bot))

    async def judging(self) -> dict[int, list[Webhook]]:
        """`Judging`: who judges where."""
        query = (
            select(INSTALLATION.c.conversation, *HOOK.c)
            .join(BOT, BOT.c.user == INSTALLATION.c.bot)
            .join(HOOK, HOOK.c.bot == INSTALLATION.c.bot)
            .where(
                INSTALLATION.c.scopes.contains(f'"{Scope.MODERATE}"'),
                INSTALLATION.c.removed_at.is_(None),
                BOT.c.disabled_at.is_(None),
                HOOK.c.kind == HookKind.NATIVE.value,
                HOOK.c.state == HookState.ACTIVE.value,
            )
            .order_by(INSTALLATION.c.created_at, INSTALLATION.c.bot)
        )
        found: dict[int, list[Webhook]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(row[0], []).append(_hook(row[1:]))
        return found

    async def next_due(self) -> float | None:
        oldest = _oldest()
        free = case(
            (DELIVERY.c.leased_until > DELIVERY.c.due_at, DELIVERY.c.leased_until), else_=DELIVERY.c.due_at
        )
        query = (
            select(func.min(free))
            .select_from(DELIVERY)
            .join(oldest, and_(oldest.c.bot == DELIVERY.c.bot, oldest.c.seq == DELIVERY.c.seq))
            .join(HOOK, HOOK.c.bot == DELIVERY.c.bot)
            .where(DELIVERY.c.state == WAITING, HOOK.c.state == HookState.ACTIVE.value)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).scalar()
        return None if found is None else float(found)


class SqlIncoming:
    """`IncomingStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, hook: IncomingHook, digest: str) -> None:
        values = {name: getattr(hook, name) for name in IncomingHook.__dataclass_fields__}
        async with self._database.write() as connection:
            await connection.execute(insert(INCOMING).values({**values, "digest": digest}))

    async def find(self, id_: int) -> tuple[IncomingHook, str] | None:
        query = select(INCOMING).where(INCOMING.c.id == id_, INCOMING.c.revoked_at.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else (_incoming(row), row[3])

    async def of_bot(self, bot: int) -> list[IncomingHook]:
        query = select(INCOMING).where(INCOMING.c.bot == bot).order_by(INCOMING.c.id)
        async with self._database.read() as connection:
            return [_incoming(row) for row in (await connection.execute(query)).all()]

    async def revoke(self, bot: int, id_: int, now: float) -> bool:
        living = (INCOMING.c.bot == bot, INCOMING.c.id == id_, INCOMING.c.revoked_at.is_(None))
        async with self._database.write() as connection:
            ended = await connection.execute(update(INCOMING).where(*living).values(revoked_at=now))
            return bool(ended.rowcount)


def _incoming(row: Any) -> IncomingHook:
    return IncomingHook(row[0], row[1], row[2], row[4], row[5], row[6])


def _oldest() -> Any:
    """The first delivery of each conversation of each bot: the one that may be tried."""
    return (
        select(DELIVERY.c.bot, DELIVERY.c.place, func.min(DELIVERY.c.seq).label("seq"))
        .where(DELIVERY.c.state == WAITING)
        .group_by(DELIVERY.c.bot, DELIVERY.c.place)
        .subquery()
    )


def _key(bot: int, seq: int) -> tuple[Any, ...]:
    return (DELIVERY.c.bot == bot, DELIVERY.c.seq == seq)


def _delivery(row: Any) -> Delivery:
    place = row[2] or None
    return Delivery(row[0], row[1], place, row[3], row[4], DeliveryState(row[6]), row[7], row[8], row[9])


def _hook(row: Any) -> Webhook:
    return Webhook(
        row[0],
        HookKind(row[1]),
        row[2],
        row[3],
        row[4],
        row[5],
        tuple(from_json(row[6])),
        HookState(row[7]),
        row[8],
        row[9],
        row[10],
        row[11],
        row[12],
    )
