"""Rows of tickets, turns and held messages to values and back. Column order is that of the table's declaration."""

from collections.abc import Mapping
from typing import Any

import msgspec

from myna.adapters.sql.rows.core import Row, to_json
from myna.log.plan import HeldDraft, TurnDraft
from myna.model.moderation import Action, Appeal, Held, HeldState, Reason, Verdict
from myna.model.ticket import Owner, Ticket, TicketStatus, TurnDecision, TurnState

_decode = msgspec.json.Decoder().decode


def ticket_of(row: Row) -> Ticket:
    """A ticket from all columns of its row."""
    return Ticket(
        conversation=row[0],
        workspace=row[1],
        inbox=row[2],
        visitor=row[3],
        agent=row[4],
        owner=Owner(row[5]),
        owner_user=row[6],
        epoch=row[7],
        status=TicketStatus(row[8]),
        reason=row[9],
        summary=row[10],
        created_at=row[11],
        changed_at=row[12],
    )


def ticket_row(value: Ticket) -> tuple[Any, ...]:
    """All columns of a ticket."""
    return (
        value.conversation,
        value.workspace,
        value.inbox,
        value.visitor,
        value.agent,
        value.owner.value,
        value.owner_user,
        value.epoch,
        value.status.value,
        value.reason,
        value.summary,
        value.created_at,
        value.changed_at,
    )


def turn_of(row: Row) -> TurnDraft:
    """A turn from all columns of its row."""
    return TurnDraft(
        id=row[0],
        workspace=row[1],
        conversation=row[2],
        agent=row[3],
        trigger_seq=row[4],
        epoch=row[5],
        attempt=row[6],
        state=TurnState(row[7]),
        due_at=row[8],
        seq=row[9],
        decision=decision_of(row[10]),
        created_at=row[11],
    )


def turn_row(value: TurnDraft) -> tuple[Any, ...]:
    """All columns of a turn."""
    decision = None if value.decision is None else to_json(value.decision)
    return (
        value.id,
        value.workspace,
        value.conversation,
        value.agent,
        value.trigger_seq,
        value.epoch,
        value.attempt,
        value.state.value,
        value.due_at,
        value.seq,
        decision,
        value.created_at,
    )


def decision_of(text: str | None) -> TurnDecision | None:
    """A turn's stored decision."""
    return None if text is None else msgspec.json.decode(text.encode(), type=TurnDecision)


def held_of(row: Row) -> HeldDraft:
    """A held message from all columns of its row."""
    held = Held(
        id=row[0],
        workspace=row[1],
        conversation=row[2],
        sender=row[3],
        client_id=row[4],
        body=_decode(row[6].encode()),
        reply_to=row[7],
        verdict=verdict_of(_decode(row[8].encode())),
        state=HeldState(row[9]),
        created_at=row[10],
        decided_by=row[11],
        decided_at=row[12],
        seq=row[13],
        thread=row[14],
        appeal=None if row[15] is None else msgspec.json.decode(row[15].encode(), type=Appeal),
    )
    return HeldDraft(held, row[5])


def held_row(value: HeldDraft) -> tuple[Any, ...]:
    """All columns of a held message."""
    held = value.held
    return (
        held.id,
        held.workspace,
        held.conversation,
        held.sender,
        held.client_id,
        value.digest,
        to_json(held.body),
        held.reply_to,
        to_json(held.verdict),
        held.state.value,
        held.created_at,
        held.decided_by,
        held.decided_at,
        held.seq,
        held.thread,
        None if held.appeal is None else to_json(held.appeal),
        None if held.appeal is None else held.appeal.state.value,
    )


def verdict_of(stored: Mapping[str, Any]) -> Verdict:
    """A verdict from its stored form."""
    reasons = tuple(Reason(each["code"], each["detail"], each["weight"]) for each in stored["reasons"])
    return Verdict(Action(stored["action"]), reasons, stored["score"])
