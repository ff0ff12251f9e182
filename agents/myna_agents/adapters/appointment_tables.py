"""The table of appointments. Rows never leave the adapters."""

from sqlalchemy import Column, Float, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class AppointmentRow(SQLModel, table=True):
    """A customer's time with somebody of an inbox."""

    __tablename__ = "agent_appointment"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_agent_appointment_inbox", "inbox", "starts_at"),
        Index("ix_agent_appointment_workspace", "workspace", "starts_at"),
        Index("ix_agent_appointment_conversation", "conversation", "starts_at"),
        Index("ix_agent_appointment_customer", "customer"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    inbox: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    customer: int = Field(sa_column=big())
    starts_at: float = Field(sa_column=Column(Float, nullable=False))
    ends_at: float = Field(sa_column=Column(Float, nullable=False))
    about: str = Field(sa_column=words())
    key: str = Field(sa_column=words())
    made_at: float = Field(sa_column=Column(Float, nullable=False))
    state: str = Field(sa_column=words())
    cancelled_by: int | None = Field(sa_column=big(null=True))
    cancelled_at: float | None = Field(sa_column=Column(Float, nullable=True))
