"""Rows that take the place of the one with their key, or leave it as it is, on both databases."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def upserting(
    target: Table, *, sqlite_driver: bool, keys: Sequence[str] = (), but: Collection[str] = ()
) -> Any:
    """An insert of whole rows that gives the row with the same `keys`, usually the primary key, all values but those of `but`."""
    insert = _insert(target, sqlite_driver)
    named = list(keys) or [column.name for column in target.primary_key]
    changed = {
        column.name: insert.excluded[column.name]
        for column in target.columns
        if column.name not in named and column.name not in but
    }
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=named)
    return insert.on_conflict_do_update(index_elements=named, set_=changed)


def inserting_once(target: Table, *, sqlite_driver: bool, keys: Sequence[str] = ()) -> Any:
    """An insert that changes nothing where there is a row with the same `keys`, or with any unique key when none are named."""
    return _insert(target, sqlite_driver).on_conflict_do_nothing(index_elements=list(keys) or None)


def _insert(target: Table, sqlite_driver: bool) -> Any:
    return sqlite.insert(target) if sqlite_driver else postgresql.insert(target)
