"""Tables of sign-in through providers, and of secrets that work once."""

from sqlalchemy import Column, Float, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class OnceRow(SQLModel, table=True):
    """What is known under a secret that works once; `data` is sealed."""

    __tablename__ = "once"
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    data: str = Field(sa_column=text())
    expires_at: float = Field(sa_column=Column(Float, nullable=False, index=True))


class ProviderRow(SQLModel, table=True):
    """An OpenID Connect provider of a workspace; `secret` is sealed, `domains` is JSON."""

    __tablename__ = "provider"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=text())
    issuer: str = Field(sa_column=text())
    client: str = Field(sa_column=text())
    secret: str = Field(sa_column=text())
    links: bool = Field(default=True)
    creates: bool = Field(default=False)
    role: str | None = Field(sa_column=text(null=True))
    domains: str = Field(sa_column=text())
    active: bool = Field(default=True)
    custom_role: int | None = Field(sa_column=big(null=True))


class LinkedRow(SQLModel, table=True):
    """A person's account at a provider."""

    __tablename__ = "linked_identity"
    __table_args__ = (UniqueConstraint("provider", "subject"), UniqueConstraint("provider", "user"))
    id: int = Field(sa_column=big(primary=True))
    provider: int = Field(sa_column=big())
    subject: str = Field(sa_column=text())
    user: int = Field(sa_column=big(index=True))
    email: str | None = Field(sa_column=text(null=True))
    linked_at: float = Field(sa_column=Column(Float, nullable=False))


class EmailRow(SQLModel, table=True):
    """The address by which a provider's word leads to a person."""

    __tablename__ = "person_email"
    __table_args__ = (UniqueConstraint("workspace", "email"),)
    user: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    email: str = Field(sa_column=text())
