"""SQLite connections whose statements run to their end, also when the task that waits for them is cancelled.

A statement runs in the connection's thread, so a cancelled one is carried out all the same: a `BEGIN IMMEDIATE` of which
nobody hears would keep the database's write lock for as long as the process lives. Here cancellation waits for the end of the
transaction.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any

import aiosqlite


class CalmConnection(aiosqlite.Connection):
    """A connection that puts off what would cancel a statement; the next wait that is not on it is cancelled."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        run: Callable[..., Coroutine[Any, Any, Any]] = super()._execute
        work = asyncio.ensure_future(run(fn, *args, **kwargs))
        cancelled = False
        while not work.done():
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                cancelled = True
            except Exception:
                break
        task = asyncio.current_task()
        if cancelled and task is not None:
            # Taken back and asked for again, so that a timeout around it counts it once and knows it as its own.
            task.uncancel()
            task.cancel()
        return work.result()


async def calm_connection(path: str, busy_timeout_s: float) -> aiosqlite.Connection:
    """A new connection to a database file, which waits so long for other writers."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=busy_timeout_s)

    made = CalmConnection(connect, iter_chunk_size=64)
    # A process that ends does not wait for the threads of connections that nobody closed.
    made._thread.daemon = True
    return await made
