"""The tables of what keeps knowledge bases right."""

from sqlalchemy import Boolean, Column, Float, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class QuestionRow(SQLModel, table=True):
    """A question that an agent took up, masked. Unanswered ones get a vector and a gap. `sources` is what was cited."""

    __tablename__ = "kb_question"
    __table_args__ = (Index("kb_question_asked", "base", "at"), Index("kb_question_gap", "base", "gap"))
    turn: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big())
    conversation: int = Field(sa_column=big())
    seq: int = Field(sa_column=big())
    text: str = Field(sa_column=words())
    lang: str = Field(sa_column=words())
    at: float = Field(sa_column=Column(Float, nullable=False))
    answered: bool = Field(sa_column=Column(Boolean, nullable=False))
    sources: str = Field(sa_column=words())
    embedder: str | None = Field(sa_column=words(null=True))
    vector: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    gap: int | None = Field(sa_column=big(null=True))


class GapRow(SQLModel, table=True):
    """Unanswered questions about one thing; which they are stands in their rows."""

    __tablename__ = "kb_gap"
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big(index=True))
    question: str = Field(sa_column=words())
    lang: str = Field(sa_column=words())
    state: str = Field(sa_column=words())
    source: int | None = Field(sa_column=big(null=True))
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class FindingRow(SQLModel, table=True):
    """Something that a person should look at; `data` is JSON."""

    __tablename__ = "kb_finding"
    __table_args__ = (UniqueConstraint("base", "kind", "key"),)
    id: int = Field(sa_column=big(primary=True))
    base: int = Field(sa_column=big())
    kind: str = Field(sa_column=words())
    key: str = Field(sa_column=words())
    data: str = Field(sa_column=words())
    dismissed: bool = Field(sa_column=Column(Boolean, nullable=False))
    found_at: float = Field(sa_column=Column(Float, nullable=False))


class CareRow(SQLModel, table=True):
    """How a base is kept: the operator's bound on wrong answers, and when its findings were last made."""

    __tablename__ = "kb_care"
    base: int = Field(sa_column=big(primary=True))
    wrong: float | None = Field(sa_column=Column(Float, nullable=True))
    examined: int = Field(sa_column=big())
    examined_at: float = Field(sa_column=Column(Float, nullable=False))
