"""Messages, what was done to them, and what is written but not sent."""

from sqlalchemy import Column, Float, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, partial, text


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


class MentionRow(SQLModel, table=True):
    """A message that calls a user; the only row that a send writes per user."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_place", "conversation", "seq"),)
    user: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))


class DraftRow(SQLModel, table=True):
    __tablename__ = "draft"
    user: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    body: str = Field(sa_column=text())
    reply_to: int | None = Field(sa_column=big(null=True))
    thread: int | None = Field(sa_column=big(null=True))
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
