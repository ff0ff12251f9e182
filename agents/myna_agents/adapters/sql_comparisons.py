"""Versions side by side, on both databases."""

from typing import Any

from sqlalchemy import case, exists, func, insert, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.desk import TicketRow, TurnRow
from myna.adapters.sql.tables.workspace import AgentRow
from myna.errors import Conflict, NotFound
from myna_agents.adapters.sql_bundles import bundle_of, ended
from myna_agents.adapters.sql_ledger import cases, outcome_of
from myna_agents.adapters.steering_tables import ComparisonRow
from myna_agents.adapters.tables import BundleRow, SpendRow
from myna_agents.ledger import Outcome
from myna_agents.versions.bundles import Bundle
from myna_agents.versions.comparisons import Comparison, Costs

_comparison, _bundle, _spend = table(ComparisonRow), table(BundleRow), table(SpendRow)
_agent, _ticket, _turn = table(AgentRow), table(TicketRow), table(TurnRow)
_NAMES = Comparison.__slots__


class SqlComparisons:
    """`Comparisons` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def running(self, agent: int) -> tuple[Comparison, Bundle] | None:
        """The comparison that runs, with the challenger."""
        query = select(_comparison).where(_comparison.c.agent == agent, _comparison.c.ended_at.is_(None))
        row = next(iter(await self._database.all(query)), None)
        if row is None:
            return None
        # A comparison never changes its challenger, and a version that was published stays.
        challenger = select(_bundle).where(_bundle.c.agent == agent, _bundle.c.number == row.challenger)
        return _comparison_of(row), bundle_of((await self._database.all(challenger))[0])

    async def latest(self, agent: int) -> Comparison | None:
        """The newest, running or not."""
        query = select(_comparison).where(_comparison.c.agent == agent)
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_comparison.c.id.desc()).limit(1))).first()
        return None if row is None else _comparison_of(row)

    async def start(self, comparison: Comparison) -> None:
        """Begin one. The agent's row is locked meanwhile: one runs at a time."""
        running = select(_comparison.c.id).where(
            _comparison.c.agent == comparison.agent, _comparison.c.ended_at.is_(None)
        )
        async with self._database.write() as connection:
            lock = select(_agent.c.user).where(_agent.c.user == comparison.agent).with_for_update()
            if (await connection.execute(lock)).first() is None:
                raise NotFound(f"There is no agent {comparison.agent}.")
            if (await connection.execute(running)).first() is not None:
                raise Conflict(
                    "A comparison of this agent runs already; end it first.", code="comparison_runs"
                )
            await connection.execute(
                insert(_comparison).values({name: getattr(comparison, name) for name in _NAMES})
            )

    async def end(self, agent: int, kept: int, at: float) -> None:
        """End the one that runs, if one does."""
        async with self._database.write() as connection:
            await connection.execute(ended(agent, kept, at))

    async def outcomes(self, comparison: Comparison) -> list[Outcome]:
        """The cases that began while it ran and in which the agent took a turn."""
        took_part = exists().where(
            _turn.c.conversation == _ticket.c.conversation,
            _turn.c.agent == comparison.agent,
            _turn.c.decision.is_not(None),
        )
        which = [
            _ticket.c.workspace == comparison.workspace,
            _ticket.c.conversation > comparison.id,
            took_part,
        ]
        if comparison.ended_at is not None:
            began = select(func.min(_turn.c.created_at)).where(
                _turn.c.conversation == _ticket.c.conversation, _turn.c.agent == comparison.agent
            )
            which.append(began.correlate(_ticket).scalar_subquery() < comparison.ended_at)
        async with self._database.read() as connection:
            return [outcome_of(row) for row in (await connection.execute(cases(*which))).all()]

    async def costs(self, comparison: Comparison) -> list[Costs]:
        """What the turns of those conversations took, by version."""
        unpriced = func.sum(case((_spend.c.cost.is_(None), 1), else_=0))
        during = [_spend.c.agent == comparison.agent, _spend.c.conversation > comparison.id]
        if comparison.ended_at is not None:
            during.append(_spend.c.at < comparison.ended_at)
        query = (
            select(_spend.c.version, func.count(_spend.c.turn.distinct()), func.sum(_spend.c.cost), unpriced)
            .where(*during)
            .group_by(_spend.c.version)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [Costs(row[0], row[1], None if row[3] else float(row[2] or 0.0)) for row in found]


def _comparison_of(row: Any) -> Comparison:
    return Comparison(*(getattr(row, name) for name in _NAMES))
