"""Versions and evaluation sets on both databases."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import AgentRow
from myna.errors import Conflict, NotFound
from myna_agents.adapters.steering_tables import ComparisonRow
from myna_agents.adapters.tables import BundleRow, CaseRow
from myna_agents.versions.bundles import MAX_BUNDLES, MAX_CASES, Bundle, EvalCase

_bundle, _case, _agent = table(BundleRow), table(CaseRow), table(AgentRow)
_comparison = table(ComparisonRow)


class SqlBundles:
    """`Bundles` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bundles(self, agent: int) -> list[Bundle]:
        """All versions, newest first."""
        query = select(_bundle).where(_bundle.c.agent == agent).order_by(_bundle.c.number.desc())
        async with self._database.read() as connection:
            return [bundle_of(row) for row in (await connection.execute(query)).all()]

    async def bundle(self, agent: int, number: int) -> Bundle | None:
        """One version."""
        query = select(_bundle).where(_bundle.c.agent == agent, _bundle.c.number == number)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else bundle_of(row)

    async def add(self, bundle: Bundle) -> Bundle:
        """Store a new version; it gets the next number. The agent's row is locked meanwhile: numbers have no twins."""
        async with self._database.write() as connection:
            lock = select(_agent.c.user).where(_agent.c.user == bundle.agent).with_for_update()
            if (await connection.execute(lock)).first() is None:
                raise NotFound(f"There is no agent {bundle.agent}.")
            newest = select(func.coalesce(func.max(_bundle.c.number), 0)).where(
                _bundle.c.agent == bundle.agent
            )
            number = int((await connection.execute(newest)).scalar_one()) + 1
            if number > MAX_BUNDLES:
                raise Conflict(f"An agent has at most {MAX_BUNDLES} versions.", code="too_many")
            values = {
                "id": bundle.id,
                "workspace": bundle.workspace,
                "agent": bundle.agent,
                "number": number,
                "body": rows.to_json(dict(bundle.body)),
                "note": bundle.note,
                "gate": None,
                "made_by": bundle.made_by,
                "created_at": bundle.created_at,
            }
            await connection.execute(insert(_bundle).values(values))
            made = await connection.execute(select(_bundle).where(_bundle.c.id == bundle.id))
            return bundle_of(made.one())

    async def change(self, bundle: Bundle) -> bool:
        """Replace the body and note of a version that never answered customers; what was found of the old one goes."""
        values = {"body": rows.to_json(dict(bundle.body)), "note": bundle.note, "gate": None}
        compared = exists().where(
            _comparison.c.agent == _bundle.c.agent, _comparison.c.challenger == _bundle.c.number
        )
        never_live = (_bundle.c.id == bundle.id, _bundle.c.published_at.is_(None), ~compared)
        query = update(_bundle).where(*never_live).values(values)
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount == 1

    async def judged(self, agent: int, number: int, gate: Mapping[str, Any]) -> None:
        """Keep what the evaluation found."""
        which = (_bundle.c.agent == agent, _bundle.c.number == number)
        async with self._database.write() as connection:
            await connection.execute(update(_bundle).where(*which).values(gate=rows.to_json(dict(gate))))

    async def publish(self, agent: int, number: int, by: int, at: float) -> None:
        """Make a version the live one: settings, knowledge bases and the end of a comparison in one transaction."""
        which = (_bundle.c.agent == agent, _bundle.c.number == number)
        async with self._database.write() as connection:
            row = (await connection.execute(select(_bundle).where(*which).with_for_update())).first()
            if row is None:
                raise NotFound(f"Agent {agent} has no version {number}.")
            body = dict(rows.from_json(row.body))
            bases = [int(base) for base in body.pop("bases", ())]
            settings = {**body, "version": number}
            await connection.execute(
                update(_agent)
                .where(_agent.c.user == agent)
                .values(bases=rows.to_json(bases), settings=rows.to_json(settings))
            )
            await connection.execute(ended(agent, number, at))
            if row.published_at is None:
                await connection.execute(
                    update(_bundle).where(*which).values(published_at=at, published_by=by)
                )

    async def cases(self, agent: int) -> list[EvalCase]:
        """The evaluation set, oldest first."""
        query = select(_case).where(_case.c.agent == agent).order_by(_case.c.id)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            EvalCase(
                row.id,
                row.workspace,
                row.agent,
                row.question,
                row.expect,
                tuple(rows.from_json(row.holds)),
                row.created_at,
            )
            for row in found
        ]

    async def add_case(self, case: EvalCase) -> None:
        """Add a question."""
        values = {
            "id": case.id,
            "workspace": case.workspace,
            "agent": case.agent,
            "question": case.question,
            "expect": case.expect,
            "holds": rows.to_json(list(case.holds)),
            "created_at": case.created_at,
        }
        async with self._database.write() as connection:
            count = select(func.count()).select_from(_case).where(_case.c.agent == case.agent)
            if int((await connection.execute(count)).scalar_one()) >= MAX_CASES:
                raise Conflict(f"An evaluation set has at most {MAX_CASES} questions.", code="too_many")
            await connection.execute(insert(_case).values(values))

    async def remove_case(self, agent: int, case: int) -> bool:
        """Remove a question; whether there was one."""
        async with self._database.write() as connection:
            gone = await connection.execute(delete(_case).where(_case.c.agent == agent, _case.c.id == case))
        return gone.rowcount == 1


def ended(agent: int, kept: int, at: float) -> Any:
    """The end of the comparison that runs, if one does."""
    running = (_comparison.c.agent == agent, _comparison.c.ended_at.is_(None))
    return update(_comparison).where(*running).values(ended_at=at, kept=kept)


def bundle_of(row: Any) -> Bundle:
    return Bundle(
        row.id,
        row.workspace,
        row.agent,
        row.number,
        rows.from_json(row.body),
        row.note,
        row.made_by,
        row.created_at,
        None if row.gate is None else rows.from_json(row.gate),
        row.published_by,
        row.published_at,
    )
