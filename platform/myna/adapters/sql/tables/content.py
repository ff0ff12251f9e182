"""Files, their blobs and uses, and the search index."""

from sqlalchemy import Column, Float, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class FileRow(SQLModel, table=True):
    __tablename__ = "file"
    __table_args__ = (Index("ix_file_used", "used_at"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    user: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=text())
    size: int = Field(sa_column=big())
    state: str = Field(sa_column=text())
    received: int = Field(sa_column=big())
    parts: str = Field(sa_column=text())
    type: str = Field(sa_column=text())
    digest: str | None = Field(sa_column=text(null=True))
    thumbnail: str | None = Field(sa_column=text(null=True))
    width: int | None = Field(sa_column=big(null=True))
    height: int | None = Field(sa_column=big(null=True))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    used_at: float = Field(sa_column=Column(Float, nullable=False))
    """When it was last uploaded to or sent; the collector leaves what is younger than its grace alone."""
    duration_s: float | None = Field(sa_column=Column(Float, nullable=True))
    codes: str = Field(sa_column=text())


class BlobRow(SQLModel, table=True):
    """Stored bytes. The key is new for each time they are stored, so deleting old ones cannot hit new ones."""

    __tablename__ = "blob"
    digest: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=text())
    size: int = Field(sa_column=big())
    refs: int = Field(sa_column=big())


class FileUseRow(SQLModel, table=True):
    """A message carries a file."""

    __tablename__ = "file_use"
    __table_args__ = (Index("ix_file_use_place", "conversation", "seq"),)
    file: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))


class SearchDocumentRow(SQLModel, table=True):
    """A message in the search index; its terms are in `search_words`, which each database keeps in its own way."""

    __tablename__ = "search_document"
    __table_args__ = (UniqueConstraint("conversation", "seq"),)
    pos: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    sender: int = Field(sa_column=big())
    at: float = Field(sa_column=Column(Float, nullable=False))
    has: int = Field(sa_column=big())
    """1 file, 2 picture, 4 link."""


class SearchStateRow(SQLModel, table=True):
    """How far the index has followed the log; one row."""

    __tablename__ = "search_state"
    id: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=big())
