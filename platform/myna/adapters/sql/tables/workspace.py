"""Workspaces, users, their sign-ins, inboxes and agents."""

from sqlalchemy import Column, Float, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class WorkspaceRow(SQLModel, table=True):
    __tablename__ = "workspace"
    id: int = Field(sa_column=big(primary=True))
    name: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class UserRow(SQLModel, table=True):
    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("workspace", "handle"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    kind: str = Field(sa_column=text())
    handle: str | None = Field(sa_column=text(null=True))
    name: str = Field(sa_column=text())
    locale: str = Field(sa_column=text())
    role: str | None = Field(sa_column=text(null=True))
    agent: bool = Field(default=False)
    password: str | None = Field(sa_column=text(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    deactivated_at: float | None = Field(sa_column=Column(Float, nullable=True))
    """Since when the person may not sign in; what they wrote stays."""
    custom_role: int | None = Field(sa_column=big(null=True))
    verbs: str | None = Field(sa_column=text(null=True))
    """JSON: what that role gives, kept here so that every look at a user knows it."""


class RefreshTokenRow(SQLModel, table=True):
    """One rotating token. `family` is one device's sign-in: use of a token that was used before revokes the family."""

    __tablename__ = "refresh_token"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    family: int = Field(sa_column=big(index=True))
    user: int = Field(sa_column=big(index=True))
    expires_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float | None = Field(sa_column=Column(Float, nullable=True))


class SocketTicketRow(SQLModel, table=True):
    """What opens one connection, once, within 30 s. Redeeming deletes the row."""

    __tablename__ = "socket_ticket"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    user: int = Field(sa_column=big())
    expires_at: float = Field(sa_column=Column(Float, nullable=False, index=True))
    sign_in: int = Field(sa_column=big(default="0"))


class InboxRow(SQLModel, table=True):
    __tablename__ = "inbox"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text())
    agent: int | None = Field(sa_column=big(null=True))
    allowed_origins: str = Field(sa_column=text())
    locale: str = Field(sa_column=text())
    texts: str = Field(sa_column=text())


class AgentRow(SQLModel, table=True):
    """What makes a bot an agent: the knowledge bases that it may use and its settings as JSON."""

    __tablename__ = "agent"
    user: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    bases: str = Field(sa_column=text())
    settings: str = Field(sa_column=text())
