"""What the detector noticed, what holds for whom, and what administrators decided."""

from sqlalchemy import Column, Float, Index, Text
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class AlertRow(SQLModel, table=True):
    """An attack that was noticed. Ids, addresses and numbers only."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_workspace", "workspace", "id"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    address: str = Field(sa_column=text())
    user: int | None = Field(sa_column=big(null=True))
    at: float = Field(sa_column=Column(Float, nullable=False))
    last_at: float = Field(sa_column=Column(Float, nullable=False))
    count: int = Field(sa_column=big())
    response: str = Field(sa_column=text())
    until: float | None = Field(sa_column=Column(Float, nullable=True))
    seen_by: int | None = Field(sa_column=big(null=True))


class ShieldRow(SQLModel, table=True):
    """What holds for an address. Shared by all processes, and kept over restarts."""

    __tablename__ = "shield"
    place: str = Field(sa_column=Column(Text, primary_key=True))
    response: str = Field(sa_column=text())
    until: float | None = Field(sa_column=Column(Float, nullable=True))
    reason: str = Field(sa_column=text())
    by: int | None = Field(sa_column=big(null=True))
    at: float = Field(sa_column=Column(Float, nullable=False))


class SafetyRow(SQLModel, table=True):
    """The policy of the detector: one row. The hook's secret must be readable to sign with it."""

    __tablename__ = "safety"
    id: int = Field(sa_column=big(primary=True))
    rules: str = Field(sa_column=text())
    allow: str = Field(sa_column=text())
    hook: str = Field(sa_column=text())
    secret: str = Field(sa_column=text())
