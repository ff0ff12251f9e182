"""Words of what was erased, out of the search index for good.

SQLite's FTS5 only marks deleted words; they stand in its segments until those are merged
(https://www.sqlite.org/fts5.html, section 6.8). PostgreSQL's vacuum does that by itself.
"""

import asyncio
import logging
from functools import partial

from sqlalchemy import select

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.connection import Connection
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.content import SearchStateRow
from myna.adapters.sql.tables.conversations import LaneRow

LOOK_S, LOOKS = 0.1, 300
"""How often, and how many times, it is looked whether the index has followed the log; after that it is merged as it is."""
PAGES = 250
"""Written in one step, so that nobody waits long for the write lock."""
REST_S = 0.02
_lane, _state = table(LaneRow), table(SearchStateRow)

logger = logging.getLogger(__name__)


class Forgotten:
    """Merges the index once an erasure has reached it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self) -> None:
        """Return when no deleted word stands in the index any more; on PostgreSQL at once."""
        if not self._database.sqlite:
            return
        head = int((await self._database.all(select(_lane.c.pos)))[0][0])
        for _ in range(LOOKS):
            if int((await self._database.all(select(_state.c.pos)))[0][0]) >= head:
                break
            await asyncio.sleep(LOOK_S)
        else:
            logger.warning("the search index is behind; what was erased leaves it later")
        # The first step takes all segments together, as `optimize` does; the others go on with it.
        pages = -PAGES
        while await self._database.in_one_go(partial(_merged, pages=pages)):
            pages = PAGES
            await asyncio.sleep(REST_S)


def _merged(connection: Connection, pages: int) -> bool:
    """Whether there was something to merge: such a step changes two rows at least."""
    before = int(connection.fetch("SELECT total_changes()")[0][0])
    connection.many("INSERT INTO search_words (search_words, rank) VALUES ('merge', ?)", [(pages,)])
    return int(connection.fetch("SELECT total_changes()")[0][0]) - before >= 2
