"""The tables of the service desk."""

from sqlalchemy import Column, Float, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class TeamRow(SQLModel, table=True):
    """Operators who share a queue; `members` is a JSON list of user ids."""

    __tablename__ = "desk_team"
    __table_args__ = (UniqueConstraint("workspace", "name"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    name: str = Field(sa_column=text())
    members: str = Field(sa_column=text())


class OperatorRow(SQLModel, table=True):
    """Whether an operator takes conversations."""

    __tablename__ = "desk_operator"
    user: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    available: bool = Field(default=False)
    capacity: int = Field(sa_column=Column(Integer, nullable=False))


class InboxDeskRow(SQLModel, table=True):
    """How an inbox is staffed; `settings` is JSON of hours and promise."""

    __tablename__ = "desk_inbox"
    inbox: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    team: int | None = Field(sa_column=big(null=True))
    assign: bool = Field(default=True)
    settings: str = Field(sa_column=text())


class ItemRow(SQLModel, table=True):
    """Macros and labels."""

    __tablename__ = "desk_item"
    __table_args__ = (UniqueConstraint("workspace", "kind", "name"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    kind: str = Field(sa_column=text())
    name: str = Field(sa_column=text())
    body: str = Field(sa_column=text())


class SleepRow(SQLModel, table=True):
    """A conversation that sleeps until a time, while no message is younger than `seq`."""

    __tablename__ = "desk_sleep"
    conversation: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    until: float = Field(sa_column=Column(Float, nullable=False))
    seq: int = Field(sa_column=big())
    by: int = Field(sa_column=big())


class LabelledRow(SQLModel, table=True):
    """A label on a conversation."""

    __tablename__ = "desk_labelled"
    conversation: int = Field(sa_column=big(primary=True))
    label: int = Field(sa_column=big(primary=True, index=True))


class StayRow(SQLModel, table=True):
    """A stay in the queue."""

    __tablename__ = "desk_stay"
    __table_args__ = (Index("ix_desk_stay_recent", "workspace", "inbox", "until"),)
    conversation: int = Field(sa_column=big(primary=True))
    epoch: int = Field(sa_column=big(primary=True))
    inbox: int = Field(sa_column=big())
    workspace: int = Field(sa_column=big())
    since: float = Field(sa_column=Column(Float, nullable=False))
    until: float | None = Field(sa_column=Column(Float, nullable=True))
