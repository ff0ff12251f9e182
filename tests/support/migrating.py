"""A database with the newest schema, for tests that copy it."""

import asyncio
import atexit
import importlib
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from myna.adapters.sql.database import Database
from myna.adapters.sql.migrate import migrate
from support.backends import ROOT
from support.myna_server import SOURCE_ROOTS


def bring(url: str) -> None:
    """Migrate a database to the newest schema; in a thread, so that it works whether a loop runs here or not."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _bring(url)).result()


@cache
def migrated_file() -> Path:
    """An SQLite file with the newest schema and nothing else, made once for this process, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="myna-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bring(f"sqlite:///{folder / 'myna.db'}")
    return folder / "myna.db"


async def _bring(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()


def declare_all() -> None:
    """Import whatever declares a table, in every package of the house."""
    for root in SOURCE_ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            if "table=True" in path.read_text("utf-8"):
                importlib.import_module(".".join(path.relative_to(ROOT / root).with_suffix("").parts))
