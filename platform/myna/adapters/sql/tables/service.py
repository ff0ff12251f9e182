"""Tables of the service team: notes, prepared replies and ratings."""

from sqlalchemy import Column, Float, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class NoteRow(SQLModel, table=True):
    __tablename__ = "note"
    __table_args__ = (Index("ix_note_place", "conversation", "id"),)
    id: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big())
    author: int = Field(sa_column=big())
    text: str = Field(sa_column=text())
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class NoteMentionRow(SQLModel, table=True):
    """Somebody whom a note calls."""

    __tablename__ = "note_mention"
    user: int = Field(sa_column=big(primary=True))
    note: int = Field(sa_column=big(primary=True))
    conversation: int = Field(sa_column=big())


class SavedViewRow(SQLModel, table=True):
    """A view of tickets that an operator keeps."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user", "name"),)
    id: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big())
    name: str = Field(sa_column=text())
    view: str = Field(sa_column=text())
    label: int | None = Field(sa_column=big(null=True))
    inbox: int | None = Field(sa_column=big(null=True))
    owner: int | None = Field(sa_column=big(null=True))


class PreparedReplyRow(SQLModel, table=True):
    __tablename__ = "prepared_reply"
    __table_args__ = (UniqueConstraint("workspace", "shortcut"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big())
    shortcut: str = Field(sa_column=text())
    text: str = Field(sa_column=text())
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class RatingRow(SQLModel, table=True):
    __tablename__ = "rating"
    __table_args__ = (Index("ix_rating_time", "rated_at"),)
    conversation: int = Field(sa_column=big(primary=True))
    user: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    score: int = Field(sa_column=big())
    comment: str = Field(sa_column=text())
    rated_at: float = Field(sa_column=Column(Float, nullable=False))
