"""Drafts that become messages, the events that tell of them, and the files that they carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from myna.value import value


class MessageKind(StrEnum):
    """Text is written by a member; a notice tells what happened and is shown in the reader's language."""

    TEXT = "text"
    NOTICE = "notice"


class MessageState(StrEnum):
    """Where a message is in its life."""

    SENT = "sent"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    RECALLED = "recalled"


class EventKind(StrEnum):
    """A durable change of a conversation; each takes one `rev`."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_FINISHED = "message.finished"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_RECALLED = "message.recalled"
    REACTION_CHANGED = "reaction.changed"
    PIN_CHANGED = "pin.changed"
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    MEMBER_CHANGED = "member.changed"
    REQUEST_CHANGED = "request.changed"
    MINE_CHANGED = "mine.changed"
    TICKET_CHANGED = "ticket.changed"
    CONVERSATION_CHANGED = "conversation.changed"


class ScheduledState(StrEnum):
    """Where a message for later is."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class FileState(StrEnum):
    """Whether a file is complete."""

    UPLOADING = "uploading"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a user uploaded. `received` of `size` bytes are stored, in `parts` until it is complete."""

    id: int
    workspace: int
    user: int
    name: str
    size: int
    state: FileState = FileState.UPLOADING
    received: int = 0
    parts: tuple[str, ...] = ()
    type: str = "application/octet-stream"
    digest: str | None = None
    thumbnail: str | None = None
    """Digest of the thumbnail's blob."""
    width: int | None = None
    height: int | None = None
    created_at: float = 0.0
    duration_s: float | None = None
    """How long a recording lasts; before it is complete, what its uploader said."""
    codes: tuple[str, ...] = ()
    """What the QR codes in a picture say."""


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """What a user has begun to write in a conversation, for all its devices."""

    user: int
    conversation: int
    body: Mapping[str, Any]
    reply_to: int | None
    thread: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message for later."""

    id: int
    workspace: int
    user: int
    conversation: int
    client_id: str
    body: Mapping[str, Any]
    reply_to: int | None
    thread: int | None
    due_at: float
    state: ScheduledState = ScheduledState.WAITING
    error: str | None = None


@value
class Draft:
    """A message before acceptance. `client_id` makes resends harmless: the same again gives the first result."""

    conversation: int
    sender: int
    client_id: str
    body: Mapping[str, Any]
    kind: MessageKind = MessageKind.TEXT
    reply_to: int | None = None
    thread: int | None = None
    """The message that the thread began with."""


@value
class Message:
    """A message in the log; its identity is (conversation, seq)."""

    conversation: int
    seq: int
    sender: int
    client_id: str
    kind: MessageKind
    state: MessageState
    body: Mapping[str, Any]
    created_at: float
    reply_to: int | None = None
    thread: int | None = None
    edited_at: float | None = None
    reactions: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many users reacted with each emoji."""
    expires_at: float | None = None
    """When a disappearing message is removed."""


@value
class Event:
    """A durable change. `rev` is dense per conversation, `pos` strictly increasing in commit order."""

    conversation: int
    rev: int
    pos: int
    kind: EventKind
    seq: int | None
    data: Mapping[str, Any]
    """Ready for the wire; for message events the message as it is when read."""


@value
class Ack:
    """What the sender of a draft gets, only after commit. `held` instead of `seq` when a moderator must look first."""

    conversation: int
    client_id: str
    seq: int | None
    rev: int | None
    at: float
    duplicate: bool = False
    held: int | None = None
    flagged: int | None = None
    """The row in review when the message was delivered and put up for review; not for the sender."""
