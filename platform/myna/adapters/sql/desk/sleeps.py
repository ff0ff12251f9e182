"""Sleeping tickets on both databases."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.desk import TicketRow
from myna.adapters.sql.tables.helpdesk import SleepRow
from myna.adapters.sql.upserts import upserting
from myna.helpdesk.model import Sleep
from myna.model.ticket import TicketStatus

_sleep = table(SleepRow)
_ticket = table(TicketRow)
_conversation = table(ConversationRow)


def sleeping(now: float) -> ColumnElement[bool]:
    """Whether the conversation of the surrounding query sleeps at `now`."""
    # An alias: the surrounding query may read the same table.
    put = _sleep.alias("put_to_sleep")
    return exists().where(
        put.c.conversation == _conversation.c.id, put.c.until > now, put.c.seq >= _conversation.c.seq
    )


class SqlSleeps:
    """Which conversations sleep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, sleep: Sleep) -> None:
        """Put a conversation to sleep, replacing what was said before."""
        values = {
            "conversation": sleep.conversation,
            "workspace": sleep.workspace,
            "until": sleep.until,
            "seq": sleep.seq,
            "by": sleep.by,
        }
        async with self._database.write() as connection:
            await connection.execute(upserting(_sleep, sqlite_driver=self._database.sqlite).values(values))

    async def delete(self, conversation: int) -> None:
        """Wake a conversation."""
        async with self._database.write() as connection:
            await connection.execute(delete(_sleep).where(_sleep.c.conversation == conversation))

    async def asleep(self, conversations: Sequence[int], now: float) -> dict[int, Sleep]:
        """Those of the conversations that sleep."""
        query = (
            select(_sleep)
            .join(_conversation, _conversation.c.id == _sleep.c.conversation)
            .where(_sleep.c.conversation.in_(conversations), sleeping(now))
        )
        return {
            row.conversation: Sleep(row.conversation, row.workspace, row.until, row.seq, row.by)
            for row in await self._database.all(query)
        }

    async def next_waking(self, workspace: int, now: float) -> float | None:
        """When the next sleeper wakes by itself."""
        query = (
            select(func.min(_sleep.c.until))
            .join(_conversation, _conversation.c.id == _sleep.c.conversation)
            .join(_ticket, _ticket.c.conversation == _sleep.c.conversation)
            .where(
                and_(_sleep.c.workspace == workspace, _ticket.c.status == TicketStatus.OPEN.value),
                sleeping(now),
            )
        )
        found = await self._database.all(query)
        return None if not found else found[0][0]
