"""Fixtures for all tests: private backends, one parameter per port, no network."""

import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import backends, migrating, network, servers

network.stay_on_this_machine()
# How long an example takes depends on what else the machine does; timing never decides a test here.
settings.register_profile("myna", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("myna")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Honours `@pytest.mark.needs("redis", "chromium")`."""
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            backends.require(name)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After each file, lets go of its applications.

    FastAPI remembers 4,096 functions of routes, and through them thousands of whole applications: 2.5 GB at the end of a run,
    through which every `gc.collect` has to go.
    """
    models = sys.modules.get("fastapi.dependencies.models")
    if models is not None and (nextitem is None or nextitem.path != item.path):
        for each in vars(models).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A private PostgreSQL for this test process, which does not wait for its disk."""
    backends.require("postgres")
    with servers.postgres() as cluster:
        yield cluster


@pytest.fixture
def durable_postgres() -> Iterator[servers.Postgres]:
    """A private PostgreSQL that syncs as in production, for tests of what survives."""
    backends.require("postgres")
    with servers.postgres(durable=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_postgres(postgres: servers.Postgres) -> Iterator[str]:
    """The name of a database with the newest schema and nothing else, to be copied: migrating takes a second each time."""
    with postgres.database("migrated") as url:
        migrating.bring(url)
        yield "migrated"


@pytest.fixture
def postgres_url(postgres: servers.Postgres, migrated_postgres: str) -> Iterator[str]:
    """`postgresql://…` of a database with the newest schema and nothing else."""
    with postgres.database(f"test_{uuid.uuid4().hex[:12]}", migrated_postgres) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite() -> Path:
    """A file with the newest schema and nothing else, to be copied."""
    return migrating.migrated_file()


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """`sqlite:///…` of a file with the newest schema and nothing else."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'myna.db')}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with the newest schema and nothing else; the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`redis://…` of a private Redis for this test process; what it holds is not cleared between tests."""
    backends.require("redis")
    with servers.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """`redis://…` of an empty Redis database."""
    from redis import Redis

    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(params=["memory", "redis"])
def bus_url(request: pytest.FixtureRequest) -> str:
    """`memory:`, then `redis://…`; the test runs once on each."""
    return "memory:" if request.param == "memory" else str(request.getfixturevalue("redis_url"))


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`http://…` of a private Chroma server for this test process; use collection names of your own."""
    backends.require("chroma-server")
    with servers.chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(params=["directory", "server"])
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """`chroma:FOLDER`, then `http://…` of a Chroma server; the test runs once on each."""
    if request.param == "directory":
        return f"chroma:{tmp_path / 'index'}"
    return str(request.getfixturevalue("chroma_url"))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's executable."""
    backends.require("chromium")
    path = servers.chromium_path()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder `shared/data` next to the checkout."""
    backends.require("shared-data")
    path = backends.shared_data_dir()
    assert path is not None
    return path
