"""Rows to values and back. Column order is that of the table's declaration."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import msgspec

from myna.model.conversation import Conversation, ConversationKind, Member, MemberRole
from myna.model.message import Event, Message, MessageKind, MessageState
from myna.model.policy import Policy
from myna.model.workspace import User, UserKind, WorkspaceRole

Row = Sequence[Any]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def to_json(value: object) -> str:
    """JSON text as it is stored."""
    return _encode(value).decode()


def from_json(text: str | None) -> Any:
    """A stored JSON text, or None."""
    return None if text is None else _decode(text.encode())


def conversation_of(row: Row) -> Conversation:
    """A conversation from all columns of its row."""
    return Conversation(
        id=row[0],
        workspace=row[1],
        kind=ConversationKind(row[2]),
        title=row[3],
        lane=row[4],
        seq=row[5],
        rev=row[6],
        last_pos=row[7],
        inbox=row[8],
        agents=tuple(_decode(row[9].encode())) if row[9] != "[]" else (),
        created_at=row[10],
        changed_at=row[11],
        policy=policy_of(row[12]),
        all_seq=row[13],
        retained_through=row[14],
    )


def conversation_row(value: Conversation) -> tuple[Any, ...]:
    """All columns of a conversation."""
    return (
        value.id,
        value.workspace,
        value.kind.value,
        value.title,
        value.lane,
        value.seq,
        value.rev,
        value.last_pos,
        value.inbox,
        to_json(value.agents) if value.agents else "[]",
        value.created_at,
        value.changed_at,
        policy_text(value.policy),
        value.all_seq,
        value.retained_through,
    )


def conversation_change(value: Conversation) -> tuple[Any, ...]:
    """What a commit changes of a conversation, then its key."""
    agents = to_json(value.agents) if value.agents else "[]"
    return (
        value.seq,
        value.rev,
        value.last_pos,
        value.changed_at,
        agents,
        value.title,
        policy_text(value.policy),
        value.all_seq,
        value.retained_through,
        value.id,
    )


@lru_cache(512)
def policy_of(text: str) -> Policy:
    """A policy from its stored form, which holds only what differs from the defaults."""
    return Policy() if text == "{}" else msgspec.json.decode(text.encode(), type=Policy)


@lru_cache(512)
def policy_text(policy: Policy) -> str:
    """What differs from the defaults, as JSON."""
    default = Policy()
    differing = {
        each.name: getattr(policy, each.name)
        for each in fields(policy)
        if getattr(policy, each.name) != getattr(default, each.name)
    }
    return to_json(differing)


def member_of(row: Row) -> Member:
    """A seat from all columns of its row."""
    return Member(row[0], row[1], MemberRole(row[2]), *row[3:13])


def member_row(value: Member) -> tuple[Any, ...]:
    """All columns of a seat."""
    return (
        value.conversation,
        value.user,
        value.role.value,
        value.from_seq,
        value.to_seq,
        value.read_seq,
        value.joined_at,
        value.deleted_to,
        value.notify,
        value.muted_until,
        value.banned_until,
        value.last_sent_at,
        value.waiting,
    )


def message_of(row: Row) -> Message:
    """A message from all columns of its row."""
    return Message(
        conversation=row[0],
        seq=row[1],
        sender=row[2],
        client_id=row[3],
        kind=MessageKind(row[5]),
        state=MessageState(row[6]),
        body=_decode(row[7].encode()),
        reply_to=row[8],
        created_at=row[10],
        thread=row[11],
        edited_at=row[12],
        reactions=_decode(row[13].encode()) if row[13] else {},
        expires_at=row[14],
    )


def message_row(value: Message, digest: str, rev: int) -> tuple[Any, ...]:
    """All columns of a message."""
    return (
        value.conversation,
        value.seq,
        value.sender,
        value.client_id,
        digest,
        value.kind.value,
        value.state.value,
        to_json(value.body),
        value.reply_to,
        rev,
        value.created_at,
        value.thread,
        value.edited_at,
        to_json(value.reactions) if value.reactions else None,
        value.expires_at,
    )


def message_change(value: Message) -> tuple[Any, ...]:
    """What a change alters of a message, then its key."""
    return (
        to_json(value.body),
        value.state.value,
        value.edited_at,
        to_json(value.reactions) if value.reactions else None,
        value.conversation,
        value.seq,
    )


def event_row(value: Event, *, keep_data: bool) -> tuple[Any, ...]:
    """All columns of an event; message events keep no copy of the message."""
    data = to_json(value.data) if keep_data else None
    return (value.conversation, value.rev, value.pos, value.kind.value, value.seq, data)


def user_values(user: User, password_hash: str | None, created_at: float) -> dict[str, Any]:
    """A new user's row."""
    return {
        "id": user.id,
        "workspace": user.workspace,
        "kind": user.kind.value,
        "handle": user.handle,
        "name": user.name,
        "locale": user.locale,
        "role": user.role.value if user.role else None,
        "agent": user.agent,
        "password": password_hash,
        "created_at": created_at,
        "custom_role": user.custom_role,
        "verbs": to_json(sorted(user.verbs)) if user.custom_role else None,
    }


def user_of_columns(row: Row) -> User:
    """A user from all columns of the users table; the password stays behind."""
    return User(
        id=row[0],
        workspace=row[1],
        kind=UserKind(row[2]),
        handle=row[3],
        name=row[4],
        locale=row[5],
        role=WorkspaceRole(row[6]) if row[6] else None,
        agent=bool(row[7]),
        custom_role=row[11],
        verbs=frozenset(from_json(row[12])) if row[12] else frozenset(),
    )
