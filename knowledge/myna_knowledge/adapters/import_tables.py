"""The tables of imports."""

from sqlalchemy import Column, Float, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


class ImportRow(SQLModel, table=True):
    """One import. A running one whose lease expired is free to be taken again."""

    __tablename__ = "import_job"
    __table_args__ = (Index("import_job_open", "state"),)
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    origin: str = Field(sa_column=words())
    name: str = Field(sa_column=words())
    asked_by: int = Field(sa_column=big())
    inbox: int | None = Field(sa_column=big(null=True))
    base: int | None = Field(sa_column=big(null=True))
    state: str = Field(sa_column=words())
    total: int = Field(sa_column=Column(Integer, nullable=False))
    error: str | None = Field(sa_column=words(null=True))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    worker: str | None = Field(sa_column=words(null=True))
    lease_until: float = Field(sa_column=Column(Float, nullable=False))
    created_at: float = Field(sa_column=Column(Float, nullable=False))
    changed_at: float = Field(sa_column=Column(Float, nullable=False))


class ImportReportRow(SQLModel, table=True):
    """What became of one record of an import."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("job", "kind", "key"),)
    job: int = Field(sa_column=big(primary=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=words())
    key: str = Field(sa_column=words())
    title: str = Field(sa_column=words())
    outcome: str = Field(sa_column=words())
    detail: str = Field(sa_column=words())


class ImportKeyRow(SQLModel, table=True):
    """Which id a record of another system has here; what is imported again is found by it."""

    __tablename__ = "import_key"
    workspace: int = Field(sa_column=big(primary=True))
    origin: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    id: int = Field(sa_column=big())
