"""The core's tables, declared once for SQLite and PostgreSQL. Rows never leave the adapters.

Enumerations are stored as text, bodies as JSON text, times as unix seconds. The hot path writes through the drivers
with statements compiled from these declarations; `Session.add` is never used (183 µs a row, measured).
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Table, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel


def big(
    *, primary: bool = False, null: bool = False, index: bool = False, default: str | None = None
) -> Column[Any]:
    """A 64-bit integer column; never auto-incremented, since ids are made by `new_id`."""
    return Column(
        BigInteger,
        primary_key=primary,
        nullable=null,
        index=index,
        autoincrement=False,
        server_default=default,
    )


def text(*, null: bool = False, default: str | None = None) -> Column[Any]:
    """A text column without a length bound: bounds are checked at the edge."""
    return Column(Text, nullable=null, server_default=default)


def partial(name: str, where: str, *columns: str) -> Index:
    """An index of the few rows that fulfil a condition; the others cost nothing."""
    condition = sql_text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class WorkspaceRow(SQLModel, table=True):
    __tablename__ = "workspace"
    id: int = Field(sa_column=big(primary=True))
    name: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class UserRow(SQLModel, table=True):
    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("workspace", "handle"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    kind: str = Field(sa_column=text())
    handle: str | None = Field(sa_column=text(null=True))
    name: str = Field(sa_column=text())
    locale: str = Field(sa_column=text())
    role: str | None = Field(sa_column=text(null=True))
    agent: bool = Field(default=False)
    password: str | None = Field(sa_column=text(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    deactivated_at: float | None = Field(sa_column=Column(Float, nullable=True))
    """Since when the person may not sign in; what they wrote stays."""
    custom_role: int | None = Field(sa_column=big(null=True))
    verbs: str | None = Field(sa_column=text(null=True))
    """JSON: what that role gives, kept here so that every look at a user knows it."""


class RefreshTokenRow(SQLModel, table=True):
    """One rotating token. `family` is one device's sign-in: use of a token that was used before revokes the family."""

    __tablename__ = "refresh_token"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    family: int = Field(sa_column=big(index=True))
    user: int = Field(sa_column=big(index=True))
    expires_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float | None = Field(sa_column=Column(Float, nullable=True))


class SocketTicketRow(SQLModel, table=True):
    """What opens one connection, once, within 30 s. Redeeming deletes the row."""

    __tablename__ = "socket_ticket"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    user: int = Field(sa_column=big())
    expires_at: float = Field(sa_column=Column(Float, nullable=False, index=True))
    sign_in: int = Field(sa_column=big(default="0"))


class InboxRow(SQLModel, table=True):
    __tablename__ = "inbox"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text())
    agent: int | None = Field(sa_column=big(null=True))
    allowed_origins: str = Field(sa_column=text())
    locale: str = Field(sa_column=text())
    texts: str = Field(sa_column=text())


class AgentRow(SQLModel, table=True):
    """What makes a bot an agent: the knowledge bases that it may use and its settings as JSON."""

    __tablename__ = "agent"
    user: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    bases: str = Field(sa_column=text())
    settings: str = Field(sa_column=text())


class LaneRow(SQLModel, table=True):
    """The commit order: `pos` is taken from here inside the commit transaction, never from a sequence."""

    __tablename__ = "lane"
    id: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=big())
    epoch: int = Field(sa_column=big())
    """Names this log. A cursor of another epoch (a restored backup, another database) is too old by definition."""


class ConversationRow(SQLModel, table=True):
    __tablename__ = "conversation"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    kind: str = Field(sa_column=text())
    title: str = Field(sa_column=text())
    lane: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    rev: int = Field(sa_column=big())
    last_pos: int = Field(sa_column=big())
    inbox: int | None = Field(sa_column=big(null=True))
    agents: str = Field(sa_column=text())
    """Ids of the agents that are members, as a JSON list: the write path must know them without reading the members."""
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    changed_at: float = Field(sa_column=Column(Float, nullable=False))
    policy: str = Field(sa_column=text(default="{}"))
    """The owners' rules as JSON; `{}` are the defaults."""
    all_seq: int = Field(sa_column=big(default="0"))
    retained_through: int = Field(sa_column=big(default="0"))
    __table_args__ = (Index("ix_conversation_support", "workspace", "kind", "last_pos"),)


class MemberRow(SQLModel, table=True):
    __tablename__ = "member"
    conversation: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(primary=True, index=True))
    role: str = Field(sa_column=text())
    from_seq: int = Field(sa_column=big())
    to_seq: int | None = Field(sa_column=big(null=True))
    read_seq: int = Field(sa_column=big())
    joined_at: float = Field(sa_column=Column(Float, nullable=False))
    deleted_to: int = Field(sa_column=big(default="0"))
    notify: str = Field(sa_column=text(default="all"))
    muted_until: float | None = Field(sa_column=Column(Float, nullable=True))
    banned_until: float | None = Field(sa_column=Column(Float, nullable=True))
    last_sent_at: float | None = Field(sa_column=Column(Float, nullable=True))
    waiting: int = Field(sa_column=big(default="0"))


class ReceiptRow(SQLModel, table=True):
    """How far a member's devices have received; apart from the seat, since it changes with every message."""

    __tablename__ = "receipt"
    conversation: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(primary=True))
    received_seq: int = Field(sa_column=big())


class MessageRow(SQLModel, table=True):
    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation", "sender", "client_id"),
        partial("ix_message_thread", "thread IS NOT NULL", "conversation", "thread", "seq"),
        partial("ix_message_expires", "expires_at IS NOT NULL", "expires_at"),
    )
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    sender: int = Field(sa_column=big())
    client_id: str = Field(sa_column=text())
    digest: str = Field(sa_column=text())
    kind: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    reply_to: int | None = Field(sa_column=big(null=True))
    rev: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    thread: int | None = Field(sa_column=big(null=True))
    edited_at: float | None = Field(sa_column=Column(Float, nullable=True))
    reactions: str | None = Field(sa_column=text(null=True))
    """Counts by emoji as JSON; who reacted is in `reaction`."""
    expires_at: float | None = Field(sa_column=Column(Float, nullable=True))


class MessageVersionRow(SQLModel, table=True):
    """What a message said before an edit; `rev` is that of the edit that replaced it."""

    __tablename__ = "message_version"
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    rev: int = Field(sa_column=big(primary=True))
    body: str = Field(sa_column=text())
    replaced_by: int = Field(sa_column=big())
    replaced_at: float = Field(sa_column=Column(Float, nullable=False))


class ReactionRow(SQLModel, table=True):
    __tablename__ = "reaction"
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    emoji: str = Field(sa_column=Column(Text, primary_key=True))
    user: int = Field(sa_column=big(primary=True))
    at: float = Field(sa_column=Column(Float, nullable=False))


class PinRow(SQLModel, table=True):
    __tablename__ = "pin"
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))


class HiddenRow(SQLModel, table=True):
    """A single message that a user deleted for itself."""

    __tablename__ = "hidden"
    user: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))


class CommandRow(SQLModel, table=True):
    """A change that was done, so that the same client_id again gives the first result; it is never forgotten."""

    __tablename__ = "command"
    conversation: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(primary=True))
    client_id: str = Field(sa_column=Column(Text, primary_key=True))
    digest: str = Field(sa_column=text())
    seq: int | None = Field(sa_column=big(null=True))
    rev: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))


class MentionRow(SQLModel, table=True):
    """A message that calls a user; the only row that a send writes per user."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_place", "conversation", "seq"),)
    user: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))


class InviteRow(SQLModel, table=True):
    __tablename__ = "invite"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big(index=True))
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    role: str = Field(sa_column=text())
    created_by: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    expires_at: float | None = Field(sa_column=Column(Float, nullable=True))
    max_uses: int | None = Field(sa_column=big(null=True))
    uses: int = Field(sa_column=big())
    approval: bool = Field(default=False)
    revoked_at: float | None = Field(sa_column=Column(Float, nullable=True))


class JoinRequestRow(SQLModel, table=True):
    __tablename__ = "join_request"
    conversation: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(primary=True))
    invite: int | None = Field(sa_column=big(null=True))
    role: str = Field(sa_column=text())
    note: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    decided_by: int | None = Field(sa_column=big(null=True))
    decided_at: float | None = Field(sa_column=Column(Float, nullable=True))
    seq: int | None = Field(sa_column=big(null=True))


class DraftRow(SQLModel, table=True):
    __tablename__ = "draft"
    user: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    body: str = Field(sa_column=text())
    reply_to: int | None = Field(sa_column=big(null=True))
    thread: int | None = Field(sa_column=big(null=True))
    at: float = Field(sa_column=Column(Float, nullable=False))


class BlockRow(SQLModel, table=True):
    __tablename__ = "block"
    user: int = Field(sa_column=big(primary=True))
    other: int = Field(sa_column=big(primary=True))
    at: float = Field(sa_column=Column(Float, nullable=False))


class ScheduledRow(SQLModel, table=True):
    """A message for later. Its draft's client_id makes it one message, whichever process sends it."""

    __tablename__ = "scheduled"
    __table_args__ = (Index("ix_scheduled_due", "state", "due_at"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    user: int = Field(sa_column=big(index=True))
    conversation: int = Field(sa_column=big())
    client_id: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    reply_to: int | None = Field(sa_column=big(null=True))
    thread: int | None = Field(sa_column=big(null=True))
    due_at: float = Field(sa_column=Column(Float, nullable=False))
    state: str = Field(sa_column=text())
    error: str | None = Field(sa_column=text(null=True))


class FileRow(SQLModel, table=True):
    __tablename__ = "file"
    __table_args__ = (Index("ix_file_used", "used_at"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    user: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=text())
    size: int = Field(sa_column=big())
    state: str = Field(sa_column=text())
    received: int = Field(sa_column=big())
    parts: str = Field(sa_column=text())
    type: str = Field(sa_column=text())
    digest: str | None = Field(sa_column=text(null=True))
    thumbnail: str | None = Field(sa_column=text(null=True))
    width: int | None = Field(sa_column=big(null=True))
    height: int | None = Field(sa_column=big(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float = Field(sa_column=Column(Float, nullable=False))
    """When it was last uploaded to or sent; the collector leaves what is younger than its grace alone."""
    duration_s: float | None = Field(sa_column=Column(Float, nullable=True))
    codes: str = Field(sa_column=text())


class BlobRow(SQLModel, table=True):
    """Stored bytes. The key is new for each time they are stored, so deleting old ones cannot hit new ones."""

    __tablename__ = "blob"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=text())
    size: int = Field(sa_column=big())
    refs: int = Field(sa_column=big())


class FileUseRow(SQLModel, table=True):
    """A message carries a file."""

    __tablename__ = "file_use"
    __table_args__ = (Index("ix_file_use_place", "conversation", "seq"),)
    file: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))


class SearchDocumentRow(SQLModel, table=True):
    """A message in the search index; its terms are in `search_words`, which each database keeps in its own way."""

    __tablename__ = "search_document"
    __table_args__ = (UniqueConstraint("conversation", "seq"),)
    pos: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    sender: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
    has: int = Field(sa_column=big())
    """1 file, 2 picture, 4 link."""


class SearchStateRow(SQLModel, table=True):
    """How far the index has followed the log; one row."""

    __tablename__ = "search_state"
    id: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=big())


class EventRow(SQLModel, table=True):
    """A durable change. Message events keep no copy of the message: `data` is null and it is joined when read."""

    __tablename__ = "event"
    conversation: int = Field(sa_column=big(primary=True))
    rev: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    kind: str = Field(sa_column=text())
    seq: int | None = Field(sa_column=big(null=True))
    data: str | None = Field(sa_column=text(null=True))


class TicketRow(SQLModel, table=True):
    __tablename__ = "ticket"
    __table_args__ = (Index("ix_ticket_view", "workspace", "status", "owner"),)
    conversation: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    inbox: int = Field(sa_column=big())
    visitor: int = Field(sa_column=big(index=True))
    agent: int | None = Field(sa_column=big(null=True))
    owner: str = Field(sa_column=text())
    owner_user: int | None = Field(sa_column=big(null=True))
    epoch: int = Field(sa_column=big())
    status: str = Field(sa_column=text())
    reason: str | None = Field(sa_column=text(null=True))
    summary: str | None = Field(sa_column=text(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class TurnRow(SQLModel, table=True):
    __tablename__ = "turn"
    __table_args__ = (
        Index("ix_turn_due", "state", "due_at"),
        Index("ix_turn_place", "conversation", "state"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    trigger_seq: int = Field(sa_column=big())
    epoch: int = Field(sa_column=big())
    attempt: int = Field(sa_column=big())
    state: str = Field(sa_column=text())
    due_at: float = Field(sa_column=Column(Float, nullable=False))
    """Queued: not to be leased before. Leased: when the lease ends."""
    seq: int | None = Field(sa_column=big(null=True))
    decision: str | None = Field(sa_column=text(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class HeldRow(SQLModel, table=True):
    __tablename__ = "held"
    __table_args__ = (
        UniqueConstraint("conversation", "sender", "client_id"),
        Index("ix_held_review", "workspace", "state", "id"),
        Index("ix_held_appeal", "workspace", "appeal_state", "id"),
        Index("ix_held_sender", "sender", "id"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    sender: int = Field(sa_column=big())
    client_id: str = Field(sa_column=text())
    digest: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    reply_to: int | None = Field(sa_column=big(null=True))
    verdict: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    decided_by: int | None = Field(sa_column=big(null=True))
    decided_at: float | None = Field(sa_column=Column(Float, nullable=True))
    seq: int | None = Field(sa_column=big(null=True))
    thread: int | None = Field(sa_column=big(null=True))
    appeal: str | None = Field(sa_column=text(null=True))
    appeal_state: str | None = Field(sa_column=text(null=True))


def table(row: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a row class."""
    found = row.__table__  # type: ignore[attr-defined]  # SQLModel sets it and does not declare it
    assert isinstance(found, Table)
    return found
