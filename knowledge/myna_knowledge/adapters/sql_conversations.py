"""What agents and people said, read from the platform's tables for the care of knowledge. Nothing is written here."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.desk import TicketRow, TurnRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.service import RatingRow
from myna.adapters.sql.tables.workspace import AgentRow, UserRow
from myna.model.message import MessageKind, MessageState
from myna.model.ticket import TicketStatus, TurnState
from myna.model.workspace import UserKind
from myna_knowledge.adapters.tables import BaseRow, table
from myna_knowledge.care.model import Exchange, Handled, HandledConversation, HumanAnswer, Question

TURN, MESSAGE, USER, TICKET, AGENT, RATING, BASE = (
    table(row) for row in (TurnRow, MessageRow, UserRow, TicketRow, AgentRow, RatingRow, BaseRow)
)
UNANSWERED = frozenset({"low_confidence", "near_miss", "not_in_passages", "unfounded"})
"""Reasons of decisions that mean: the base did not say it."""
ANSWER_MESSAGES = 40
"""How far after a question a person's answer is looked for."""
MAX_MESSAGES = 400
"""Messages read of a handled conversation."""
PAGE = 100
UNHELPFUL_STARS = 2


class SqlConversations:
    """`Conversations` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agents_of(self, base: int) -> list[int]:
        of_base = select(BASE.c.workspace).where(BASE.c.id == base).scalar_subquery()
        query = select(AGENT.c.user, AGENT.c.bases).where(AGENT.c.workspace == of_base)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        # A question belongs to one base: that from which its agent reads first.
        return [user for user, bases in rows if json.loads(bases)[:1] == [base]]

    async def exchanges(self, agents: Sequence[int], after: int, limit: int) -> list[Exchange]:
        if not agents:
            return []
        answer = MESSAGE.alias("answer")
        query = (
            select(
                TURN,
                MESSAGE.c.body.label("asked"),
                MESSAGE.c.created_at.label("at"),
                answer.c.body.label("said"),
            )
            .join(
                MESSAGE,
                and_(MESSAGE.c.conversation == TURN.c.conversation, MESSAGE.c.seq == TURN.c.trigger_seq),
            )
            .outerjoin(answer, and_(answer.c.conversation == TURN.c.conversation, answer.c.seq == TURN.c.seq))
            .where(
                TURN.c.id > after,
                TURN.c.agent.in_(list(agents)),
                TURN.c.state == TurnState.DONE.value,
                TURN.c.decision.is_not(None),
                _stands(MESSAGE),
            )
            .order_by(TURN.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [made for row in rows if (made := _exchange(row)) is not None]

    async def answer_to(self, conversation: int, seq: int) -> HumanAnswer | None:
        query = (
            select(MESSAGE.c.seq, MESSAGE.c.body, MESSAGE.c.created_at, USER.c.kind)
            .join(USER, USER.c.id == MESSAGE.c.sender)
            .where(MESSAGE.c.conversation == conversation, MESSAGE.c.seq > seq, _stands(MESSAGE))
            .order_by(MESSAGE.c.seq)
            .limit(ANSWER_MESSAGES)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        said: list[str] = []
        first: tuple[int, float] | None = None
        for at, body, created, kind in rows:
            if kind == UserKind.HUMAN:
                first = first or (at, created)
                said.append(_text(body))
            elif kind == UserKind.VISITOR and first is not None:
                break
        return None if first is None else HumanAnswer(conversation, first[0], "\n".join(said), first[1])

    async def alive(self, questions: Sequence[Question]) -> set[int]:
        found: set[int] = set()
        async with self._database.read() as connection:
            for at in range(0, len(questions), PAGE):
                some = questions[at : at + PAGE]
                places = or_(
                    *(
                        and_(MESSAGE.c.conversation == each.conversation, MESSAGE.c.seq == each.seq)
                        for each in some
                    )
                )
                query = select(MESSAGE.c.conversation, MESSAGE.c.seq).where(places, _stands(MESSAGE))
                standing = {(row[0], row[1]) for row in await connection.execute(query)}
                found |= {each.turn for each in some if (each.conversation, each.seq) in standing}
        return found

    async def handled(self, workspace: int, since: float) -> AsyncIterator[HandledConversation]:
        after = (since, 0)
        while True:
            async with self._database.read() as connection:
                tickets = (await connection.execute(_resolved(workspace, after))).all()
                found = [await _conversation(connection, *ticket) for ticket in tickets]
            for conversation in found:
                yield conversation
            if len(tickets) < PAGE:
                return
            after = (tickets[-1][1], tickets[-1][0])


def _resolved(workspace: int, after: tuple[float, int]) -> Any:
    written = exists().where(
        MESSAGE.c.conversation == TICKET.c.conversation,
        MESSAGE.c.sender == USER.c.id,
        USER.c.kind == UserKind.HUMAN,
    )
    return (
        select(TICKET.c.conversation, TICKET.c.changed_at)
        .where(
            TICKET.c.workspace == workspace,
            TICKET.c.status == TicketStatus.RESOLVED.value,
            or_(
                TICKET.c.changed_at > after[0],
                and_(TICKET.c.changed_at == after[0], TICKET.c.conversation > after[1]),
            ),
            written,
        )
        .order_by(TICKET.c.changed_at, TICKET.c.conversation)
        .limit(PAGE)
    )


async def _conversation(
    connection: AsyncConnection, conversation: int, changed: float
) -> HandledConversation:
    query = (
        select(MESSAGE.c.seq, USER.c.kind, MESSAGE.c.body, MESSAGE.c.created_at, USER.c.name)
        .join(USER, USER.c.id == MESSAGE.c.sender)
        .where(MESSAGE.c.conversation == conversation, _stands(MESSAGE))
        .order_by(MESSAGE.c.seq)
        .limit(MAX_MESSAGES)
    )
    rows = (await connection.execute(query)).all()
    low = select(func.count()).where(
        RATING.c.conversation == conversation,
        or_(and_(RATING.c.seq == 0, RATING.c.score <= UNHELPFUL_STARS), RATING.c.score < 0),
    )
    unhelpful = bool((await connection.execute(low)).scalar_one())
    return HandledConversation(
        conversation,
        tuple(Handled(row[0], row[1], _text(row[2]), row[3]) for row in rows),
        tuple(dict.fromkeys(row[4] for row in rows if row[1] != UserKind.BOT and row[4])),
        changed,
        unhelpful,
    )


def _stands(message: Any) -> Any:
    """Whether a message can be read: not recalled, not expired, and no notice."""
    return and_(
        message.c.state == MessageState.SENT.value,
        message.c.kind == MessageKind.TEXT.value,
        or_(message.c.expires_at.is_(None), message.c.expires_at > time.time()),
    )


def _exchange(row: Any) -> Exchange | None:
    decision = json.loads(row["decision"])
    # Small talk, asking for a person and the rest of what needs no knowledge says nothing about a base.
    answered = decision.get("decision") == "answer" and decision.get("reason") == "confident"
    if not answered and decision.get("reason") not in UNANSWERED:
        return None
    said = json.loads(row["said"]) if row["said"] else {}
    cited = tuple(
        dict.fromkeys(int(each["source"]) for each in said.get("citations", ()) if "source" in each)
    )
    text = _text(row["asked"])
    if not text.strip():
        return None
    return Exchange(
        row["id"], row["agent"], row["conversation"], row["trigger_seq"], text, row["at"], answered, cited
    )


def _text(body: str) -> str:
    return str(json.loads(body).get("text", ""))
