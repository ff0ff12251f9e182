"""What the commit needs of a database driver."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from myna.adapters.sql import rows


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
