"""How far (conversation, user) pairs are, for writes that must never make one fall."""

from collections.abc import Collection

from sqlalchemy import Column, Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

MANY = 500
"""Pairs in one statement, below every driver's bound on parameters."""


async def known_marks(
    connection: AsyncConnection, rows: Table, mark: Column[int], keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """The marks that are stored of these (conversation, user), within the caller's transaction."""
    wanted, found = list(keys), dict[tuple[int, int], int]()
    for place in range(0, len(wanted), MANY):
        query = select(rows.c.conversation, rows.c.user, mark).where(
            tuple_(rows.c.conversation, rows.c.user).in_(wanted[place : place + MANY])
        )
        found |= {(row[0], row[1]): row[2] for row in await connection.execute(query)}
    return found
