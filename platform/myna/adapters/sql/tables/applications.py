"""Applications of other makers."""

from sqlalchemy import Column, Float
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class ApplicationRow(SQLModel, table=True):
    """An OAuth 2.0 client; `secret` is a digest, `redirects` and `scopes` are JSON, `user` is whom it acts for itself as."""

    __tablename__ = "application"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=text())
    redirects: str = Field(sa_column=text())
    scopes: str = Field(sa_column=text())
    secret: str = Field(sa_column=text())
    user: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))
