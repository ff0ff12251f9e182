"""Two processes that start at once on a fresh database make one workspace, one owner and one demo shop."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from support import backends, myna_server, processes, servers
from support.myna_server import MynaServer

COUNTS = {
    "workspace": "SELECT count(*) FROM workspace",
    "owners": "SELECT count(*) FROM users WHERE role = 'owner'",
    "people": "SELECT count(*) - count(DISTINCT handle) FROM users WHERE handle IS NOT NULL",
    "inboxes": "SELECT count(*) FROM inbox",
    "bases": "SELECT count(*) FROM kb_base",
    "groups": "SELECT count(*) FROM conversation WHERE kind = 'group'",
}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[tuple[servers.Postgres, dict[str, str]]]:
    """A fresh database and bus for several processes with one data folder."""
    for name in ("postgres", "redis"):
        backends.require(name)
    with servers.postgres() as cluster, cluster.database("fresh") as url, servers.redis(tmp_path) as bus:
        yield (
            cluster,
            {
                "MYNA_DATABASE": url,
                "MYNA_BUS": bus,
                "MYNA_DATA": str(tmp_path / "data"),
                "MYNA_EMBEDDER": "none:",
                "MYNA_AGENTS": "0",
                "MYNA_HOST": "127.0.0.1",
            },
        )


def counted(cluster: servers.Postgres) -> dict[str, int]:
    import asyncio

    import asyncpg

    async def ask() -> dict[str, int]:
        connection = await asyncpg.connect(cluster.url("fresh"))
        try:
            return {name: await connection.fetchval(query) for name, query in COUNTS.items()}
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_fresh_database_is_begun_once(
    shared: tuple[servers.Postgres, dict[str, str]], tmp_path: Path
) -> None:
    cluster, settings = shared
    with ExitStack() as stack:
        started: list[tuple[subprocess.Popen[bytes], MynaServer]] = []
        for name in ("one", "two", "three"):
            (tmp_path / name).mkdir()
            mine = settings | {
                "MYNA_PORT": str(processes.free_port()),
                "MYNA_INDEX": f"chroma:{tmp_path / name / 'chroma'}",
            }
            process, server = myna_server.launch(tmp_path / name, "--demo", settings=mine)
            stack.callback(processes.stop, process)
            started.append((process, server))
        for process, server in started:
            myna_server.wait_for(process, server)
        assert counted(cluster) == {
            "workspace": 1,
            "owners": 1,
            "people": 0,
            "inboxes": 1,
            "bases": 1,
            "groups": 1,
        }
        password = (tmp_path / "data" / "operator-password.txt").read_text().strip()
        for _, server in started:
            signed = httpx.post(
                f"{server.url}/v1/auth/sign-in",
                json={"handle": "operator", "password": password},
                timeout=30,
                trust_env=False,
            )
            assert signed.status_code == 200, signed.text
