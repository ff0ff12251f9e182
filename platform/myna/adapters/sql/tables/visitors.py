"""What is known of visitors, and the keys that vouch for them."""

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class VisitorProfileRow(SQLModel, table=True):
    """What a visitor told; `subject` is the site's id of the person."""

    __tablename__ = "visitor_profile"
    __table_args__ = (UniqueConstraint("inbox", "subject"),)
    user: int = Field(sa_column=big(primary=True))
    inbox: int = Field(sa_column=big())
    subject: str | None = Field(sa_column=Column(Text, nullable=True))
    email: str | None = Field(sa_column=Column(Text, nullable=True))
    answers: str = Field(sa_column=text())


class IdentityKeyRow(SQLModel, table=True):
    """By what a site signs who its visitors are. It must be readable to check signatures, so it is stored as it is."""

    __tablename__ = "inbox_identity"
    inbox: int = Field(sa_column=big(primary=True))
    secret: str = Field(sa_column=text())
    enforce: bool = Field(default=False)
