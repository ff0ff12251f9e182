"""A database with the newest schema, for tests that copy it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from myna.adapters.sql.database import Database
from myna.adapters.sql.migrate import migrate


def bring(url: str) -> None:
    """Migrate a database to the newest schema; in a thread, so that it works whether a loop runs here or not."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _bring(url)).result()


async def _bring(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()
