"""The tables of moderation: policies, lists, and the audit log."""

from sqlalchemy import Column, Float, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class AuditRow(SQLModel, table=True):
    """A line of a workspace's audit log. Rows are inserted and never changed; `hash` covers `before`."""

    __tablename__ = "audit"
    workspace: int = Field(sa_column=big(primary=True))
    number: int = Field(sa_column=big(primary=True))
    at: float = Field(sa_column=Column(Float, nullable=False))
    actor: int | None = Field(sa_column=big(null=True))
    action: str = Field(sa_column=text())
    subject: str = Field(sa_column=text())
    data: str = Field(sa_column=text())
    before: str = Field(sa_column=text())
    hash: str = Field(sa_column=text())


class FilterPolicyRow(SQLModel, table=True):
    """How messages are judged in a workspace, an inbox or a conversation; `policy` is JSON."""

    __tablename__ = "filter_policy"
    workspace: int = Field(sa_column=big(primary=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    place: int = Field(sa_column=big(primary=True))
    policy: str = Field(sa_column=text())
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class ListingRow(SQLModel, table=True):
    """What is always wanted or unwanted in a workspace."""

    __tablename__ = "filter_listing"
    __table_args__ = (
        UniqueConstraint("workspace", "kind", "value"),
        Index("ix_filter_listing_page", "workspace", "id"),
    )
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    kind: str = Field(sa_column=text())
    value: str = Field(sa_column=text())
    decision: str = Field(sa_column=text())
    name: str = Field(sa_column=text())
    by: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
