"""What all tables are made of: columns, indexes, and the table of a row."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlalchemy import text as sql_text
from sqlmodel import SQLModel


def big(
    *, primary: bool = False, null: bool = False, index: bool = False, default: str | None = None
) -> Column[Any]:
    """A 64-bit integer column; never auto-incremented, since ids are made by `new_id`."""
    return Column(
        BigInteger,
        primary_key=primary,
        nullable=null,
        index=index,
        autoincrement=False,
        server_default=default,
    )


def text(*, null: bool = False, default: str | None = None) -> Column[Any]:
    """A text column without a length bound: bounds are checked at the edge."""
    return Column(Text, nullable=null, server_default=default)


def partial(name: str, where: str, *columns: str) -> Index:
    """An index of the few rows that fulfil a condition; the others cost nothing."""
    condition = sql_text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


def table(row: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a row class."""
    found = row.__table__  # type: ignore[attr-defined]  # SQLModel sets it and does not declare it
    assert isinstance(found, Table)
    return found
