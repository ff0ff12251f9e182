"""The objects of `myna.v1` as they go over every transport, made from the core's values.

Ids become strings, times ISO 8601 in UTC with milliseconds. One event is encoded once and the same bytes go to everybody.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from myna.model.conversation import Member
from myna.model.message import Ack, Event, Message
from myna.model.moderation import Appeal, Held
from myna.model.ticket import Ticket, TurnRecord
from myna.model.workspace import User

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@lru_cache(maxsize=1024)
def stamp(at: float) -> str:
    """A time as on the wire: 2026-11-23T23:30:00.123Z. Remembered, since all messages of a batch have the same."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def optional_stamp(at: float | None) -> str | None:
    """A time, or null."""
    return None if at is None else stamp(at)


def optional_id(value: int | None) -> str | None:
    """An id as a string, or null."""
    return None if value is None else str(value)


def user_object(user: User) -> dict[str, Any]:
    """A user as others may see them."""
    return {
        "id": str(user.id),
        "kind": user.kind,
        "handle": user.handle,
        "name": user.name,
        "locale": user.locale,
        "agent": user.agent,
    }


def message_object(message: Message) -> dict[str, Any]:
    """A message; it is identified by (conversation, seq).

    `thread`, `edited_at`, `expires_at` and `reactions` are there only when they say something: most messages have none, and
    each byte goes to every reader.
    """
    shown = {
        "conversation": str(message.conversation),
        "seq": message.seq,
        "sender": str(message.sender),
        "client_id": message.client_id,
        "kind": message.kind,
        "state": message.state,
        "body": message.body,
        "reply_to": message.reply_to,
        "created_at": stamp(message.created_at),
    }
    if message.thread is not None:
        shown["thread"] = message.thread
    if message.edited_at is not None:
        shown["edited_at"] = stamp(message.edited_at)
    if message.expires_at is not None:
        shown["expires_at"] = stamp(message.expires_at)
    if message.reactions:
        shown["reactions"] = message.reactions
    return shown


def ticket_object(ticket: Ticket) -> dict[str, Any]:
    """The support state of a conversation."""
    return {
        "conversation": str(ticket.conversation),
        "inbox": str(ticket.inbox),
        "visitor": str(ticket.visitor),
        "owner": ticket.owner,
        "owner_user": optional_id(ticket.owner_user),
        "epoch": ticket.epoch,
        "status": ticket.status,
        "reason": ticket.reason,
        "summary": ticket.summary,
        "created_at": stamp(ticket.created_at),
        "changed_at": stamp(ticket.changed_at),
    }


def member_object(member: Member, user: User) -> dict[str, Any]:
    """A seat with the user on it."""
    return {
        "user": user_object(user),
        "role": member.role,
        "read_seq": member.read_seq,
        "from_seq": member.from_seq,
        "joined_at": stamp(member.joined_at),
        "muted_until": optional_stamp(member.muted_until),
    }


def event_object(event: Event) -> dict[str, Any]:
    """The only durable push."""
    return {
        "op": "event",
        "conversation": str(event.conversation),
        "rev": event.rev,
        "pos": event.pos,
        "kind": event.kind,
        "seq": event.seq,
        "data": event.data,
    }


def ack_object(ack: Ack) -> dict[str, Any]:
    """What a sender gets after commit."""
    return {
        "conversation": str(ack.conversation),
        "client_id": ack.client_id,
        "seq": ack.seq,
        "rev": ack.rev,
        "ts": stamp(ack.at),
        "duplicate": ack.duplicate,
        "held": optional_id(ack.held),
    }


def held_object(held: Held, sender: User, title: str, kind: str) -> dict[str, Any]:
    """A message in review, with the reasons why it is there."""
    return {
        "id": str(held.id),
        "conversation": str(held.conversation),
        "conversation_title": title,
        "conversation_kind": kind,
        "sender": user_object(sender),
        "client_id": held.client_id,
        "text": held.body.get("text", ""),
        "reasons": [
            {"code": each.code, "detail": each.detail, "weight": round(each.weight, 3)}
            for each in held.verdict.reasons
        ],
        "score": round(held.verdict.score, 4),
        "state": held.state,
        "created_at": stamp(held.created_at),
        "decided_by": optional_id(held.decided_by),
        "decided_at": None if held.decided_at is None else stamp(held.decided_at),
        "seq": held.seq,
        "action": held.verdict.action,
        "appeal": None if held.appeal is None else appeal_object(held.appeal),
    }


def appeal_object(appeal: Appeal) -> dict[str, Any]:
    """What the sender of a blocked message says for it, and the answer."""
    return {
        "text": appeal.text,
        "at": stamp(appeal.at),
        "state": appeal.state,
        "answer": appeal.answer,
        "answered_by": optional_id(appeal.answered_by),
        "answered_at": optional_stamp(appeal.answered_at),
    }


def turn_object(record: TurnRecord) -> dict[str, Any]:
    """A turn with the reasons for what the agent did."""
    decision = record.decision
    return {
        "id": str(record.id),
        "trigger_seq": record.trigger_seq,
        "seq": record.seq,
        "state": record.state,
        "decision": decision.decision if decision else None,
        "reason": decision.reason if decision else None,
        "engine": decision.engine if decision else None,
        "confidence": decision.confidence if decision else None,
        "threshold": decision.threshold if decision else None,
        "passages": list(decision.passages) if decision else [],
        "took_ms": decision.took_ms if decision else None,
        "trace": decision.trace if decision else {},
        "created_at": stamp(record.created_at),
    }


def text_frame(payload: bytes) -> bytes:
    """A payload as one unmasked WebSocket text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def signal(op: str, fields: Mapping[str, Any]) -> bytes:
    """An encoded signal: it may be lost, and nothing durable depends on it."""
    return encode({"op": op, **fields})
