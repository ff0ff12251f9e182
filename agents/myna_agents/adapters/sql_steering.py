"""What operators tell agents, and what they allow them to do, on both databases."""

from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.upserts import inserting_once
from myna.errors import Conflict
from myna_agents.adapters.steering_tables import ApprovalRow, GuidanceRow
from myna_agents.answers.guidance import MAX_KEPT, Guided
from myna_agents.approvals import MAX_LISTED, RUN_S, Approval, ApprovalState

_guidance, _approval = table(GuidanceRow), table(ApprovalRow)
_ENDED = [each.value for each in (ApprovalState.DONE, ApprovalState.FAILED, ApprovalState.REFUSED)]


class SqlGuidance:
    """`Guidance` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, guided: Guided) -> None:
        """Keep one."""
        count = select(func.count()).select_from(_guidance)
        async with self._database.write() as connection:
            kept = await connection.execute(count.where(_guidance.c.conversation == guided.conversation))
            if int(kept.scalar_one()) >= MAX_KEPT:
                raise Conflict(f"An agent is told at most {MAX_KEPT} things here.", code="too_many")
            values = {name: getattr(guided, name) for name in Guided.__slots__}
            await connection.execute(insert(_guidance).values(values))

    async def of(self, conversation: int) -> list[Guided]:
        """All of a conversation, oldest first."""
        query = select(_guidance).where(_guidance.c.conversation == conversation).order_by(_guidance.c.id)
        found = await self._database.all(query)
        return [Guided(*(getattr(row, name) for name in Guided.__slots__)) for row in found]

    async def remove(self, conversation: int, guided: int) -> bool:
        """Take one back; whether there was one."""
        which = (_guidance.c.conversation == conversation, _guidance.c.id == guided)
        async with self._database.write() as connection:
            gone = await connection.execute(delete(_guidance).where(*which))
        return gone.rowcount == 1


class SqlApprovals:
    """`Approvals` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, approval: Approval) -> None:
        """Keep one that waits; the same key again changes nothing."""
        values: dict[str, Any] = {name: getattr(approval, name) for name in Approval.__slots__}
        values |= {"arguments": rows.to_json(dict(approval.arguments)), "state": approval.state.value}
        made = inserting_once(_approval, sqlite_driver=self._database.sqlite, keys=["key"])
        async with self._database.write() as connection:
            await connection.execute(made.values(values))

    async def one(self, workspace: int, approval: int) -> Approval | None:
        """One of a workspace."""
        query = select(_approval).where(_approval.c.id == approval, _approval.c.workspace == workspace)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _approval_of(row)

    async def listed(self, workspace: int, conversation: int | None, *, waiting: bool) -> list[Approval]:
        """The newest of a workspace or a conversation; only those that wait, oldest first, or all."""
        query = select(_approval).where(_approval.c.workspace == workspace).limit(MAX_LISTED)
        if conversation is not None:
            query = query.where(_approval.c.conversation == conversation)
        if waiting:
            query = query.where(_approval.c.state == ApprovalState.WAITING.value)
        query = query.order_by(_approval.c.id if waiting else _approval.c.id.desc())
        async with self._database.read() as connection:
            return [_approval_of(row) for row in (await connection.execute(query)).all()]

    async def begin(self, approval: int, by: int, note: str, now: float) -> bool:
        """Take one to do it: a waiting one, or one that was begun long ago."""
        dead = and_(_approval.c.state == ApprovalState.RUNNING.value, _approval.c.decided_at < now - RUN_S)
        free = or_(_approval.c.state == ApprovalState.WAITING.value, dead)
        return await self._moved(approval, free, ApprovalState.RUNNING, by, note, now)

    async def refuse(self, approval: int, by: int, note: str, now: float) -> bool:
        """End one that waits; whether it still did."""
        waits = _approval.c.state == ApprovalState.WAITING.value
        return await self._moved(approval, waits, ApprovalState.REFUSED, by, note, now)

    async def end(self, approval: int, state: ApprovalState, result: str) -> None:
        """Keep what came of one that was begun."""
        which = (_approval.c.id == approval, _approval.c.state == ApprovalState.RUNNING.value)
        done = update(_approval).where(*which).values(state=state.value, result=result)
        async with self._database.write() as connection:
            await connection.execute(done)

    async def untold(self, conversation: int, turn: int) -> Approval | None:
        """The oldest ended one that the customer was not told of, or that this turn was about to tell."""
        here = and_(_approval.c.conversation == conversation, _approval.c.state.in_(_ENDED))
        mine = or_(_approval.c.told.is_(None), _approval.c.told == turn)
        query = select(_approval).where(here, mine).order_by(_approval.c.id).limit(1)
        row = next(iter(await self._database.all(query)), None)
        if row is None:
            return None
        async with self._database.write() as connection:
            claimed = await connection.execute(
                update(_approval).where(_approval.c.id == row.id, mine).values(told=turn)
            )
        return _approval_of(row) if claimed.rowcount == 1 else None

    async def _moved(
        self, approval: int, free: Any, state: ApprovalState, by: int, note: str, now: float
    ) -> bool:
        values = {"state": state.value, "decided_by": by, "decided_at": now, "note": note}
        async with self._database.write() as connection:
            done = await connection.execute(
                update(_approval).where(_approval.c.id == approval, free).values(values)
            )
        return done.rowcount == 1


def _approval_of(row: Any) -> Approval:
    values = {name: getattr(row, name) for name in Approval.__slots__}
    return Approval(
        **{**values, "arguments": rows.from_json(row.arguments), "state": ApprovalState(row.state)}
    )
