"""A database reaches the newest schema from nothing, once, whoever starts first."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.migrate import head, migrate, renew_epoch
from myna.errors import MynaError
from support.migrating import declare_all
from support.servers import Postgres


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """`postgresql://…` of an empty database."""
    with postgres.database(f"empty_{uuid.uuid4().hex[:12]}") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """`sqlite:///…` of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'myna.db'}"


async def test_a_fresh_database_gets_every_table(database_url: str) -> None:
    declare_all()
    database = Database(database_url)
    try:
        assert await migrate(database) == head()
        async with database.engine.connect() as connection:
            changes = await connection.run_sync(_differences)
    finally:
        await database.close()
    assert len(SQLModel.metadata.tables) >= 90
    assert changes == []


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _declared})
    return [str(each) for each in compare_metadata(context, SQLModel.metadata)]


def _declared(thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    owner = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return owner in SQLModel.metadata.tables


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    try:
        await migrate(database)
        before = await _lane(database)
        assert await migrate(database) == head()
        assert await _lane(database) == before
    finally:
        await database.close()


@pytest.mark.parametrize("starters", [2, 4])
async def test_starters_at_once_migrate_one_after_another(database_url: str, starters: int) -> None:
    databases = [Database(database_url) for _ in range(starters)]
    try:
        versions = await asyncio.gather(*(migrate(each) for each in databases))
        assert set(versions) == {head()}
        assert len({await _lane(each) for each in databases}) == 1
    finally:
        for each in databases:
            await each.close()


async def test_two_databases_have_two_epochs(postgres_url: str, sqlite_url: str) -> None:
    epochs = []
    for url in (postgres_url, sqlite_url):
        database = Database(url)
        await migrate(database)
        epochs.append((await _lane(database))[1])
        await database.close()
    assert epochs[0] != epochs[1]


async def _lane(database: Database) -> tuple[int, int]:
    async with database.read() as connection:
        (row,) = (await connection.execute(text("SELECT pos, epoch FROM lane"))).all()
    return row[0], row[1]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/x"])
def test_a_database_that_cannot_keep_messages_is_refused(url: str) -> None:
    with pytest.raises(MynaError) as refused:
        Database(url)
    assert refused.value.code == "bad_setting"


async def test_a_restored_database_gets_another_epoch_and_keeps_its_place(database_url: str) -> None:
    database = Database(database_url)
    try:
        await migrate(database)
        log = SqlLog(database)
        before = await log.head()
        await renew_epoch(database)
        after = await log.head()
    finally:
        await database.close()
    assert after[0] == before[0]
    assert after[1] != before[1]
