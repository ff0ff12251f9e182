"""What the commit needs of a database driver."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import sqlalchemy
from sqlalchemy.engine import AdaptedConnection

from myna.adapters.sql.rows import core as rows


class Connection(Protocol):
    """What the commit needs of a driver: synchronous, inside one open write transaction."""

    def fetch(self, sql: str, parameter: str | None = None) -> Sequence[Sequence[Any]]:
        """All rows of a query with at most one parameter."""
        ...

    def many(self, sql: str, parameters: list[tuple[Any, ...]]) -> None:
        """Run a statement once for each tuple."""
        ...


def keys_of(keys: Iterable[tuple[Any, ...]]) -> str:
    """Keys as the one JSON parameter of a query."""
    return rows.to_json(list(keys))


class RawConnection:
    """A connection of SQLite's own driver."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def fetch(self, sql: str, parameter: str | None = None) -> Sequence[Sequence[Any]]:
        """All rows of a query with at most one parameter."""
        return self.raw.execute(sql, () if parameter is None else (parameter,)).fetchall()

    def many(self, sql: str, parameters: list[tuple[Any, ...]]) -> None:
        """Run a statement once for each tuple."""
        self.raw.executemany(sql, parameters)


class BoundConnection:
    """A connection of SQLAlchemy's, called inside `run_sync`."""

    def __init__(self, bound: sqlalchemy.Connection) -> None:
        self._bound = bound

    def fetch(self, sql: str, parameter: str | None = None) -> Sequence[Sequence[Any]]:
        """All rows of a query with at most one parameter."""
        found = self._bound.exec_driver_sql(sql, () if parameter is None else (parameter,))
        return [tuple(row) for row in found]

    def many(self, sql: str, parameters: list[tuple[Any, ...]]) -> None:
        """Run a statement once for each tuple."""
        self._bound.exec_driver_sql(sql, parameters)


class AsyncpgConnection:
    """The connection of PostgreSQL's driver below SQLAlchemy's, called inside `run_sync`; its errors are the driver's."""

    def __init__(self, adapted: AdaptedConnection) -> None:
        self._adapted = adapted

    def fetch(self, sql: str, parameter: str | None = None) -> Sequence[Sequence[Any]]:
        """All rows of a query with at most one parameter."""
        parameters = () if parameter is None else (parameter,)
        found: Sequence[Sequence[Any]] = self._adapted.run_async(lambda raw: raw.fetch(sql, *parameters))
        return found

    def many(self, sql: str, parameters: list[tuple[Any, ...]]) -> None:
        """Run a statement once for each tuple, all of them in one trip to the server."""
        self._adapted.run_async(lambda raw: raw.executemany(sql, parameters))
