"""What is kept for bots about a person, on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, tuple_

from myna.adapters.sql.database import Database
from myna_bots.adapters.sql_bots import STATE
from myna_bots.adapters.sql_feed import DELIVERY, EVENT


class SqlHeard:
    """See `myna_bots.host.people.Heard`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remembered(self, user: int) -> list[Mapping[str, Any]]:
        rows = await self._database.all(select(STATE).where(_of(user)))
        return [dict(row._mapping) for row in rows]

    async def erase(self, user: int, places: Sequence[int]) -> None:
        about = or_(EVENT.c.data.contains(f'"{user}"'), EVENT.c.conversation.in_(places))
        async with self._database.write() as connection:
            gone = select(EVENT.c.bot, EVENT.c.seq).where(about)
            await connection.execute(delete(DELIVERY).where(tuple_(DELIVERY.c.bot, DELIVERY.c.seq).in_(gone)))
            await connection.execute(delete(EVENT).where(about))
            await connection.execute(delete(STATE).where(or_(_of(user), _tells_of(user))))


def _of(user: int) -> Any:
    """Under a person's number alone, or under conversation:user."""
    return or_(STATE.c.key == str(user), STATE.c.key.like(f"%:{user}"))


def _tells_of(user: int) -> Any:
    """What the platform itself keeps for a short while (whispers, inline answers) and that holds the person as an object."""
    return and_(STATE.c.until.is_not(None), STATE.c.value.contains(f'"{user}"'))
