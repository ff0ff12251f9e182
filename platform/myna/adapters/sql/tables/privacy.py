"""Exports, erasures, and how long is kept what."""

from sqlalchemy import Column, Float, Index
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class PrivacyJobRow(SQLModel, table=True):
    """An export or erasure; it outlives the process that runs it."""

    __tablename__ = "privacy_job"
    __table_args__ = (Index("ix_privacy_job_workspace", "workspace", "id"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    user: int = Field(sa_column=big())
    task: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    asked_by: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
    done: int = Field(sa_column=big())
    finished_at: float | None = Field(sa_column=Column(Float, nullable=True))
    error: str | None = Field(sa_column=text(null=True))
    blob: str | None = Field(sa_column=text(null=True))
    size: int = Field(sa_column=big())
    lease_until: float = Field(sa_column=Column(Float, nullable=False))


class RetentionRow(SQLModel, table=True):
    """How long conversations of a kind are kept in a workspace."""

    __tablename__ = "retention"
    workspace: int = Field(sa_column=big(primary=True))
    days: str = Field(sa_column=text())
