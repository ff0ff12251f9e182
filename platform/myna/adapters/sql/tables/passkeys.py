"""Passkeys."""

from sqlalchemy import Column, Float, Text
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class PasskeyRow(SQLModel, table=True):
    """A device's public key; `credential` is the name that the device gave it."""

    __tablename__ = "passkey"
    id: int = Field(sa_column=big(primary=True))
    credential: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    user: int = Field(sa_column=big(index=True))
    public_key: str = Field(sa_column=text())
    sign_count: int = Field(sa_column=big())
    name: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float | None = Field(sa_column=Column(Float, nullable=True))
