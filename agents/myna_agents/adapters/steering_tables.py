"""Tables of what people tell agents, allow them, and compare of them. Rows never leave the adapters."""

from sqlalchemy import Column, Float, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class GuidanceRow(SQLModel, table=True):
    """What an operator told the agent of a conversation."""

    __tablename__ = "agent_guidance"
    __table_args__ = (Index("ix_agent_guidance_conversation", "conversation", "id"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    author: int = Field(sa_column=big())
    text: str = Field(sa_column=words())
    at: float = Field(sa_column=Column(Float, nullable=False))


class ApprovalRow(SQLModel, table=True):
    """A use of a tool that waits for an operator, or what became of it; `arguments` is JSON."""

    __tablename__ = "agent_approval"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_agent_approval_conversation", "conversation", "id"),
        Index("ix_agent_approval_state", "workspace", "state", "id"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    customer: int = Field(sa_column=big())
    tool: str = Field(sa_column=words())
    arguments: str = Field(sa_column=words())
    key: str = Field(sa_column=words())
    asked_at: float = Field(sa_column=Column(Float, nullable=False))
    state: str = Field(sa_column=words())
    decided_by: int | None = Field(sa_column=big(null=True))
    decided_at: float | None = Field(sa_column=Column(Float, nullable=True))
    note: str = Field(sa_column=words())
    result: str = Field(sa_column=words())
    told: int | None = Field(sa_column=big(null=True))
    """The turn that tells the customer."""


class ComparisonRow(SQLModel, table=True):
    """Two versions of an agent that answer side by side, until `ended_at`."""

    __tablename__ = "agent_comparison"
    __table_args__ = (Index("ix_agent_comparison_agent", "agent", "id"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    agent: int = Field(sa_column=big())
    control: int = Field(sa_column=Column(Integer, nullable=False))
    challenger: int = Field(sa_column=Column(Integer, nullable=False))
    share: float = Field(sa_column=Column(Float, nullable=False))
    started_by: int = Field(sa_column=big())
    started_at: float = Field(sa_column=Column(Float, nullable=False))
    ended_at: float | None = Field(sa_column=Column(Float, nullable=True))
    kept: int | None = Field(sa_column=Column(Integer, nullable=True))
