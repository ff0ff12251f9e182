"""The ledger on both databases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, and_, case, cast, exists, func, select
from sqlalchemy.dialects import postgresql

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.desk import TicketRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.service import RatingRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.adapters.sql.upserts import inserting_once
from myna.model.message import MessageKind
from myna.model.service import WHOLE
from myna.model.ticket import Owner, TicketStatus
from myna.model.workspace import UserKind
from myna_agents.adapters.tables import MarkRow, SpendRow
from myna_agents.ledger import MAX_CASES, Line, Outcome, Spend

_spend, _mark = table(SpendRow), table(MarkRow)
_ticket, _conversation = table(TicketRow), table(ConversationRow)
_message, _user, _rating = table(MessageRow), table(UserRow), table(RatingRow)


class SqlLedger:
    """`Ledger` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, spends: Sequence[Spend]) -> None:
        """Store what a turn took; the same ids again change nothing."""
        if not spends:
            return
        insert = inserting_once(_spend, sqlite_driver=self._database.sqlite)
        values = [_values(each) for each in spends]
        async with self._database.write() as connection:
            await connection.execute(insert.values(values))

    async def spent(self, agent: int, customer: int | None, since: float) -> float:
        """What an agent's turns cost since a moment, of one customer or of all."""
        query = select(func.coalesce(func.sum(_spend.c.cost), 0.0)).where(
            _spend.c.agent == agent, _spend.c.at >= since
        )
        if customer is not None:
            query = query.where(_spend.c.customer == customer)
        async with self._database.read() as connection:
            return float((await connection.execute(query)).scalar_one())

    async def lines(self, workspace: int, since: float, until: float) -> list[Line]:
        """Sums of a period, the dearest first."""
        unpriced = func.sum(case((_spend.c.cost.is_(None), 1), else_=0))
        answers = func.count(case((_spend.c.outcome == "answer", _spend.c.turn)).distinct())
        columns = (_spend.c.agent, _spend.c.version, _spend.c.model)
        query = (
            select(
                *columns,
                func.count(_spend.c.turn.distinct()),
                answers,
                cast(func.sum(_spend.c.tokens_in), Integer().with_variant(postgresql.BIGINT(), "postgresql")),
                cast(
                    func.sum(_spend.c.tokens_cached),
                    Integer().with_variant(postgresql.BIGINT(), "postgresql"),
                ),
                cast(
                    func.sum(_spend.c.tokens_out), Integer().with_variant(postgresql.BIGINT(), "postgresql")
                ),
                func.coalesce(func.sum(_spend.c.cost), 0.0),
                unpriced,
            )
            .where(_spend.c.workspace == workspace, _spend.c.at >= since, _spend.c.at < until)
            .group_by(*columns)
            .order_by(func.coalesce(func.sum(_spend.c.cost), 0.0).desc(), *columns)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            Line(
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                row[5],
                row[6],
                row[7],
                None if row[9] else float(row[8]),
            )
            for row in found
        ]

    async def outcomes(self, workspace: int, agent: int | None, since: float, until: float) -> list[Outcome]:
        """The cases of a period, at most `MAX_CASES`, newest first."""
        answered = exists().where(
            _spend.c.conversation == _ticket.c.conversation,
            _spend.c.outcome == "answer",
            _spend.c.at >= since,
            _spend.c.at < until,
            *(() if agent is None else (_spend.c.agent == agent,)),
        )
        query = cases(_ticket.c.workspace == workspace, answered)
        async with self._database.read() as connection:
            return [outcome_of(row) for row in (await connection.execute(query)).all()]


def cases(*which: Any) -> Any:
    """Support conversations with what is known of each, at most `MAX_CASES`, newest first; rows for `outcome_of`."""
    person = (
        exists()
        .where(
            _message.c.conversation == _ticket.c.conversation,
            _message.c.kind == MessageKind.TEXT.value,
            _user.c.id == _message.c.sender,
            _user.c.kind == UserKind.HUMAN.value,
        )
        .correlate(_ticket)
    )
    waits = and_(_ticket.c.status == TicketStatus.OPEN.value, _ticket.c.owner != Owner.AGENT.value)
    whole = _latest(_rating.c.seq == WHOLE)
    thumb = _latest(_rating.c.seq != WHOLE)
    wrong = exists().where(_mark.c.conversation == _ticket.c.conversation).correlate(_ticket)
    return (
        select(
            _ticket.c.conversation,
            _ticket.c.agent,
            person,
            waits,
            whole,
            thumb,
            wrong,
            _conversation.c.changed_at,
        )
        .join(_conversation, _conversation.c.id == _ticket.c.conversation)
        .where(*which)
        .order_by(_conversation.c.changed_at.desc())
        .limit(MAX_CASES)
    )


def outcome_of(row: Any) -> Outcome:
    """What is known of a case, from a row of `cases`."""
    return Outcome(
        row[0], row[1] or 0, bool(row[2]), bool(row[3]), row[4], row[5], bool(row[6]), row.changed_at
    )


def _latest(which: Any) -> Any:
    """The customer's latest rating of a kind."""
    return (
        select(_rating.c.score)
        .where(_rating.c.conversation == _ticket.c.conversation, _rating.c.user == _ticket.c.visitor, which)
        .order_by(_rating.c.rated_at.desc(), _rating.c.seq.desc())
        .limit(1)
        .correlate(_ticket)
        .scalar_subquery()
    )


def _values(spend: Spend) -> dict[str, Any]:
    return {
        "id": spend.id,
        "workspace": spend.workspace,
        "agent": spend.agent,
        "version": spend.version,
        "turn": spend.turn,
        "conversation": spend.conversation,
        "customer": spend.customer,
        "model": spend.usage.model,
        "tokens_in": spend.usage.tokens_in,
        "tokens_cached": spend.usage.tokens_cached,
        "tokens_out": spend.usage.tokens_out,
        "cost": spend.cost,
        "outcome": spend.outcome,
        "at": spend.at,
    }
