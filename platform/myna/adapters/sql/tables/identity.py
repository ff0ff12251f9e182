"""Tables of identity: sign-ins, invitations and second factors."""

from sqlalchemy import Column, Float, Text
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class SignInRow(SQLModel, table=True):
    """A device that a person is signed in on; `id` is the family of its refresh tokens."""

    __tablename__ = "sign_in"
    id: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(index=True))
    device: str = Field(sa_column=text())
    address: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float = Field(sa_column=Column(Float, nullable=False))
    ended_at: float | None = Field(sa_column=Column(Float, nullable=True, index=True))
    """An ended one is kept for as long as its access tokens would still be valid."""
    application: int | None = Field(sa_column=big(null=True))
    scope: str | None = Field(sa_column=text(null=True))
    """Both for what a person granted to an application."""


class InvitationRow(SQLModel, table=True):
    """A link that works once. Only the digest of its secret is stored."""

    __tablename__ = "invitation"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    digest: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text())
    role: str | None = Field(sa_column=text(null=True))
    created_by: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    expires_at: float = Field(sa_column=Column(Float, nullable=False))
    user: int | None = Field(sa_column=big(null=True))
    email: str | None = Field(sa_column=text(null=True))
    """Whoever a provider verified this address of may use it, too."""
    custom_role: int | None = Field(sa_column=big(null=True))


class SecondFactorRow(SQLModel, table=True):
    __tablename__ = "second_factor"
    user: int = Field(sa_column=big(primary=True))
    secret: str = Field(sa_column=text())
    confirmed: bool = Field(default=False)
    last_step: int = Field(sa_column=big())


class RecoveryCodeRow(SQLModel, table=True):
    __tablename__ = "recovery_code"
    user: int = Field(sa_column=big(primary=True))
    digest: str = Field(sa_column=Column(Text, primary_key=True))
