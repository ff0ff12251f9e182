"""The knowledge base's tables, declared once for SQLite and PostgreSQL. Rows never leave the adapters."""

from typing import Any

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class BaseRow(SQLModel, table=True):
    """A knowledge base. `version` counts changes of its sections, `vectors` those of its vectors: both only grow."""

    __tablename__ = "kb_base"
    __table_args__ = (UniqueConstraint("workspace", "name"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=words())
    audience: str = Field(sa_column=words())
    version: int = Field(sa_column=big())
    vectors: int = Field(sa_column=big())
    created_at: float = Field(sa_column=Column(Float, nullable=False))


class SourceRow(SQLModel, table=True):
    """A source with the content it was given, so that a job can be taken up by any process."""

    __tablename__ = "kb_source"
    __table_args__ = (UniqueConstraint("base", "key"),)
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big(index=True))
    key: str = Field(sa_column=words())
    kind: str = Field(sa_column=words())
    title: str = Field(sa_column=words())
    filename: str = Field(sa_column=words())
    lang: str | None = Field(sa_column=words(null=True))
    url: str | None = Field(sa_column=words(null=True))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=words())
    error: str | None = Field(sa_column=words(null=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    faq: str | None = Field(sa_column=words(null=True))
    digest: str = Field(sa_column=words())
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class SectionRow(SQLModel, table=True):
    """What is shown. `written` is the base's version at which the row came; a row is never updated."""

    __tablename__ = "kb_section"
    __table_args__ = (Index("kb_section_written", "base", "written"),)
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big())
    source: int = Field(sa_column=big(index=True))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    ordinal: int = Field(sa_column=Column(Integer, nullable=False))
    written: int = Field(sa_column=big())
    digest: str = Field(sa_column=words())
    title: str = Field(sa_column=words())
    heading: str = Field(sa_column=words())
    text: str = Field(sa_column=words())
    lang: str = Field(sa_column=words())
    kind: str = Field(sa_column=words())
    question: str | None = Field(sa_column=words(null=True))
    answer: str | None = Field(sa_column=words(null=True))
    variants: str = Field(sa_column=words())
    tags: str = Field(sa_column=words())
    url: str | None = Field(sa_column=words(null=True))


class ChunkRow(SQLModel, table=True):
    """What is embedded, with its float16 vector once it has one. `filled` is the base's `vectors` at which it came."""

    __tablename__ = "kb_chunk"
    __table_args__ = (Index("kb_chunk_digest", "base", "digest"), Index("kb_chunk_filled", "base", "filled"))
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big())
    source: int = Field(sa_column=big(index=True))
    section: int = Field(sa_column=big(index=True))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    start: int = Field(sa_column=Column("start_at", Integer, nullable=False))
    end: int = Field(sa_column=Column("end_at", Integer, nullable=False))
    embedded: str = Field(sa_column=words())
    lang: str = Field(sa_column=words())
    digest: str = Field(sa_column=words())
    embedder: str | None = Field(sa_column=words(null=True))
    vector: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    filled: int = Field(sa_column=big())


class JobRow(SQLModel, table=True):
    """One ingestion. A running job whose lease expired is free to be taken again."""

    __tablename__ = "kb_job"
    __table_args__ = (Index("kb_job_open", "state", "stage", "priority"),)
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big(index=True))
    source: int | None = Field(sa_column=big(null=True, index=True))
    state: str = Field(sa_column=words())
    stage: str = Field(sa_column=words())
    priority: int = Field(sa_column=big())
    done: int = Field(sa_column=Column(Integer, nullable=False))
    total: int = Field(sa_column=Column(Integer, nullable=False))
    errors: str = Field(sa_column=words())
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    worker: str | None = Field(sa_column=words(null=True))
    lease_until: float = Field(sa_column=Column(Float, nullable=False))
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class CalibrationRow(SQLModel, table=True):
    """The latest calibration of a base, per embedder."""

    __tablename__ = "kb_calibration"
    base: int = Field(sa_column=big(primary=True))
    embedder: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=big())
    data: str = Field(sa_column=words())
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


def table(row: type[SQLModel]) -> Any:
    """The SQLAlchemy table of a row class, for Core statements."""
    return row.__table__  # type: ignore[attr-defined]  # set by SQLModel for table classes
