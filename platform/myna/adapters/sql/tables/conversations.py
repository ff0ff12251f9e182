"""The lane of the log, its events and commands; conversations, seats, and the ways to a seat."""

from sqlalchemy import BigInteger, Column, Float, Index, Text
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


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


class BlockRow(SQLModel, table=True):
    __tablename__ = "block"
    user: int = Field(sa_column=big(primary=True))
    other: int = Field(sa_column=big(primary=True))
    at: float = Field(sa_column=Column(Float, nullable=False))


class EventRow(SQLModel, table=True):
    """A durable change. Message events keep no copy of the message: `data` is null and it is joined when read."""

    __tablename__ = "event"
    conversation: int = Field(sa_column=big(primary=True))
    rev: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    kind: str = Field(sa_column=text())
    seq: int | None = Field(sa_column=big(null=True))
    data: str | None = Field(sa_column=text(null=True))
