"""A task that is cancelled in the middle of a write leaves nothing behind: no lock, no half of a transaction."""

import asyncio
import contextlib
from pathlib import Path

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


async def test_who_waits_for_its_turn_to_write_may_be_cancelled(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'myna.db'}")
    try:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE cancelled (a INTEGER)"))
        with database.turn:
            waiting = asyncio.create_task(wrote(database))
            for _ in range(5):
                await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
            assert waiting.cancelled()
        async with asyncio.timeout(10):
            await wrote(database)
            assert await database.in_one_go(lambda bare: bare.fetch("SELECT count(*) FROM cancelled")) == [
                (ROWS,)
            ]
    finally:
        await database.close()


async def test_the_committer_writes_at_once_after_a_transaction_of_many_steps(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'myna.db'}")
    order: list[str] = []
    try:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE cancelled (a INTEGER)"))
            committing = asyncio.create_task(database.in_one_go(lambda _: order.append("other")))
            for _ in range(ROWS):
                await connection.execute(text("INSERT INTO cancelled VALUES (1)"))
            order.append("first")
        await committing
        assert order == ["first", "other"]
    finally:
        await database.close()
