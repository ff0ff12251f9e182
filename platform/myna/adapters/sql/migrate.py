"""Bring a database to the newest schema, whoever starts first and however many start at once."""

import secrets
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from myna.adapters.sql.database import Database

FOLDER = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> str:
    """The schema version after migrating; a failed step leaves the database as it was.

    Processes that start together migrate one after another.
    """
    async with database.alone(), database.write() as connection:
        return await connection.run_sync(_upgrade)


async def renew_epoch(database: Database) -> None:
    """Name the log anew, so that clients of the time before a restore do not take it for the one that they know."""
    async with database.alone(), database.write() as connection:
        await connection.execute(
            text("UPDATE lane SET epoch = :epoch"), {"epoch": secrets.randbelow(2**52) + 1}
        )


@cache
def head() -> str:
    """The newest version that this program knows."""
    found = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert found is not None
    return found


def _upgrade(connection: Connection) -> str:
    newest = head()
    if inspect(connection).has_table("alembic_version"):
        known = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if known == newest:
            return newest
    command.upgrade(_config(connection), "head")
    return newest


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
