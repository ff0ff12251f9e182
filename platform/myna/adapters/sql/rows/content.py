"""Rows of links, requests, drafts and messages for later to values and back."""

from typing import Any

from myna.adapters.sql.rows.core import Row, from_json, to_json
from myna.model.conversation import Invite, JoinRequest, MemberRole, RequestState
from myna.model.message import SavedDraft, Scheduled, ScheduledState


def invite_of(row: Row) -> Invite:
    """A link from all columns of its row."""
    return Invite(
        id=row[0],
        workspace=row[1],
        conversation=row[2],
        code=row[3],
        role=MemberRole(row[4]),
        created_by=row[5],
        created_at=row[6],
        expires_at=row[7],
        max_uses=row[8],
        uses=row[9],
        approval=bool(row[10]),
        revoked_at=row[11],
    )


def invite_row(value: Invite) -> tuple[Any, ...]:
    """All columns of a link."""
    return (
        value.id,
        value.workspace,
        value.conversation,
        value.code,
        value.role.value,
        value.created_by,
        value.created_at,
        value.expires_at,
        value.max_uses,
        value.uses,
        value.approval,
        value.revoked_at,
    )


def request_of(row: Row) -> JoinRequest:
    """A wish to come in from all columns of its row."""
    return JoinRequest(
        conversation=row[0],
        user=row[1],
        invite=row[2],
        role=MemberRole(row[3]),
        note=row[4],
        state=RequestState(row[5]),
        created_at=row[6],
        decided_by=row[7],
        decided_at=row[8],
        seq=row[9],
    )


def request_row(value: JoinRequest) -> tuple[Any, ...]:
    """All columns of a wish to come in."""
    return (
        value.conversation,
        value.user,
        value.invite,
        value.role.value,
        value.note,
        value.state.value,
        value.created_at,
        value.decided_by,
        value.decided_at,
        value.seq,
    )


def draft_of(row: Row) -> SavedDraft:
    """A draft from all columns of its row."""
    return SavedDraft(row[0], row[1], from_json(row[2]), row[3], row[4], row[5])


def draft_row(value: SavedDraft) -> tuple[Any, ...]:
    """All columns of a draft."""
    return (
        value.user,
        value.conversation,
        to_json(value.body),
        value.reply_to,
        value.thread,
        value.at,
    )


def scheduled_of(row: Row) -> Scheduled:
    """A message for later from all columns of its row."""
    return Scheduled(
        id=row[0],
        workspace=row[1],
        user=row[2],
        conversation=row[3],
        client_id=row[4],
        body=from_json(row[5]),
        reply_to=row[6],
        thread=row[7],
        due_at=row[8],
        state=ScheduledState(row[9]),
        error=row[10],
    )


def scheduled_row(value: Scheduled) -> tuple[Any, ...]:
    """All columns of a message for later."""
    return (
        value.id,
        value.workspace,
        value.user,
        value.conversation,
        value.client_id,
        to_json(value.body),
        value.reply_to,
        value.thread,
        value.due_at,
        value.state.value,
        value.error,
    )
