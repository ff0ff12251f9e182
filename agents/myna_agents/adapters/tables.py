"""The agents' tables, declared once for SQLite and PostgreSQL. Rows never leave the adapters."""

from sqlalchemy import Column, Float, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class BundleRow(SQLModel, table=True):
    """A version of an agent; `body` and `gate` are JSON. A published one is never changed again."""

    __tablename__ = "agent_bundle"
    __table_args__ = (UniqueConstraint("agent", "number"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    agent: int = Field(sa_column=big())
    number: int = Field(sa_column=Column(Integer, nullable=False))
    body: str = Field(sa_column=words())
    note: str = Field(sa_column=words())
    gate: str | None = Field(sa_column=words(null=True))
    made_by: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    published_by: int | None = Field(sa_column=big(null=True))
    published_at: float | None = Field(sa_column=Column(Float, nullable=True))


class CaseRow(SQLModel, table=True):
    """A question of an agent's evaluation set with what must come of it."""

    __tablename__ = "agent_case"
    __table_args__ = (Index("ix_agent_case_agent", "agent", "id"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    question: str = Field(sa_column=words())
    expect: str = Field(sa_column=words())
    holds: str = Field(sa_column=words())
    """JSON list of texts that the answer must hold."""
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class SpendRow(SQLModel, table=True):
    """What one model took part in one turn with."""

    __tablename__ = "agent_spend"
    __table_args__ = (
        Index("ix_agent_spend_time", "workspace", "at"),
        Index("ix_agent_spend_agent", "agent", "at"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    version: int = Field(sa_column=Column(Integer, nullable=False))
    turn: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big(index=True))
    customer: int = Field(sa_column=big())
    model: str = Field(sa_column=words())
    tokens_in: int = Field(sa_column=big())
    tokens_cached: int = Field(sa_column=big())
    tokens_out: int = Field(sa_column=big())
    cost: float | None = Field(sa_column=Column(Float, nullable=True))
    """None when the model's price is not set."""
    outcome: str = Field(sa_column=words())
    at: float = Field(sa_column=Column(Float, nullable=False))


class MarkRow(SQLModel, table=True):
    """An answer that an operator marked as wrong, with what would have been right if that was said."""

    __tablename__ = "agent_mark"
    __table_args__ = (
        UniqueConstraint("conversation", "seq"),
        Index("ix_agent_mark_time", "workspace", "at"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    question: str = Field(sa_column=words())
    answer: str = Field(sa_column=words())
    sources: str = Field(sa_column=words())
    """JSON list of source ids that the answer cited."""
    note: str = Field(sa_column=words())
    right: str = Field(sa_column=words())
    made_by: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
    settled_at: float | None = Field(sa_column=Column(Float, nullable=True))


class FactRow(SQLModel, table=True):
    """Something that a customer said of themselves and let the agents remember."""

    __tablename__ = "agent_fact"
    __table_args__ = (Index("ix_agent_fact_expiry", "expires_at"),)
    customer: int = Field(sa_column=big(primary=True))
    name: str = Field(sa_column=Column(Text, primary_key=True, nullable=False))
    workspace: int = Field(sa_column=big())
    value: str = Field(sa_column=words())
    conversation: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
    expires_at: float = Field(sa_column=Column(Float, nullable=False))


class ConsentRow(SQLModel, table=True):
    """Whether a customer lets agents remember."""

    __tablename__ = "agent_consent"
    customer: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    given: bool = Field(default=False)
    at: float = Field(sa_column=Column(Float, nullable=False))
