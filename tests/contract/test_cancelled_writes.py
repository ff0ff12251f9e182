"""A task that is cancelled in the middle of a write leaves nothing behind: no lock, no half of a transaction."""

import asyncio
import contextlib

from sqlalchemy import text

from myna.adapters.sql.database import Database

ROWS = 3
MOMENTS = [place * 0.0001 for place in range(60)]
"""When the cancellation comes, in seconds after the beginning: from before the transaction to after it, on any machine."""


async def wrote(database: Database) -> None:
    """One transaction of several statements."""
    async with database.write() as connection:
        for _ in range(ROWS):
            await connection.execute(text("INSERT INTO cancelled VALUES (1)"))
        await connection.execute(text("SELECT count(*) FROM cancelled"))


async def test_a_cancelled_write_leaves_no_lock_and_no_half(database_url: str) -> None:
    database, other = Database(database_url), Database(database_url)
    try:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE cancelled (a INTEGER)"))
        for moment in MOMENTS:
            task = asyncio.create_task(wrote(database))
            await asyncio.sleep(moment)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            # As another process sees it: a lock that was left behind makes this fail.
            await wrote(other)
            async with other.read() as connection:
                rows = (await connection.execute(text("SELECT count(*) FROM cancelled"))).scalar_one()
            assert rows % ROWS == 0
    finally:
        await database.close()
        await other.close()


async def test_a_timeout_around_a_write_is_known_as_one(database_url: str) -> None:
    database = Database(database_url)
    try:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE cancelled (a INTEGER)"))
        late = 0
        for moment in MOMENTS:
            try:
                async with asyncio.timeout(moment):
                    await wrote(database)
                    await asyncio.Event().wait()
            except TimeoutError:
                late += 1
            current = asyncio.current_task()
            assert current is not None
            assert current.cancelling() == 0
        assert late == len(MOMENTS)
    finally:
        await database.close()
