"""The texts of single statements for both databases, made from the tables once."""

from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlmodel import SQLModel

from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.upserts import upserting

_TYPES = {"b": "bigint", "t": "text"}


def columns_of(row: type[SQLModel]) -> tuple[str, ...]:
    """The column names in the order in which statements bind and select them."""
    return tuple(column.name for column in table(row).columns)


def by_keys(
    row: type[SQLModel],
    keys: dict[str, str],
    sqlite_driver: bool,
    *,
    columns: str = "",
    where: str = "",
    lock: bool = False,
) -> str:
    """The rows with the keys that its one JSON parameter lists; key types are b (integer) and t (text)."""
    name = _quoted(table(row))
    selected = ", ".join(
        f"x.{each.strip()}" for each in (columns.split(",") if columns else quoted_columns(row))
    )
    joined = " AND ".join(f'x."{key}" = k."{key}"' for key in keys)
    condition = f" WHERE {where}" if where else ""
    locking = " FOR UPDATE OF x" if lock and not sqlite_driver else ""
    return (
        f"SELECT {selected} FROM {keys_in(keys, sqlite_driver)} JOIN {name} x ON {joined}{condition}{locking}"
    )


def keys_in(keys: dict[str, str], sqlite_driver: bool) -> str:
    """The keys of the one JSON parameter as a table `k`."""
    if sqlite_driver:
        picked = ", ".join(f'value ->> {place} AS "{key}"' for place, key in enumerate(keys))
        return f"(SELECT {picked} FROM json_each(?)) k"
    picked = ", ".join(
        f'(v ->> {place})::{_TYPES[kind]} AS "{key}"' for place, (key, kind) in enumerate(keys.items())
    )
    return f"(SELECT {picked} FROM jsonb_array_elements($1::jsonb) v) k"


def _dialect(sqlite_driver: bool) -> Dialect:
    kind: Any = sqlite.dialect if sqlite_driver else asyncpg_dialect.dialect
    made = kind(paramstyle="qmark") if sqlite_driver else kind()
    assert isinstance(made, Dialect)
    return made


def insert_of(row: type[SQLModel], sqlite_driver: bool) -> str:
    """Insert a row with all its columns in their order."""
    return str(table(row).insert().compile(dialect=_dialect(sqlite_driver)))


def upsert_of(row: type[SQLModel], sqlite_driver: bool, *, but: tuple[str, ...] = ()) -> str:
    """Insert a row, or give the one with its key all values but those of `but`."""
    statement = upserting(table(row), sqlite_driver=sqlite_driver, but=but)
    return str(statement.compile(dialect=_dialect(sqlite_driver)))


def delete_of(row: type[SQLModel], keys: tuple[str, ...], sqlite_driver: bool) -> str:
    """Delete the row with a key."""
    marks = ["?" if sqlite_driver else f"${place}" for place in range(1, len(keys) + 1)]
    where = " AND ".join(f'"{name}" = {mark}' for name, mark in zip(keys, marks, strict=True))
    return f"DELETE FROM {_quoted(table(row))} WHERE {where}"


def update_of(
    row: type[SQLModel], changed: tuple[str, ...], keys: tuple[str, ...], sqlite_driver: bool
) -> str:
    """Change these columns of the row with a key."""
    marks = ["?" if sqlite_driver else f"${place}" for place in range(1, len(changed) + len(keys) + 1)]
    sets = ", ".join(f'"{name}" = {mark}' for name, mark in zip(changed, marks, strict=False))
    where = " AND ".join(f'"{name}" = {mark}' for name, mark in zip(keys, marks[len(changed) :], strict=True))
    return f"UPDATE {_quoted(table(row))} SET {sets} WHERE {where}"


def _quoted(target: Table) -> str:
    return f'"{target.name}"'


def quoted_columns(row: type[SQLModel]) -> list[str]:
    """The column names as they stand in a statement."""
    return [f'"{name}"' for name in columns_of(row)]
