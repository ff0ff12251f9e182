"""Tickets, turns and held messages."""

from sqlalchemy import Column, Float, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


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
