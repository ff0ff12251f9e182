"""The private backends that other tests stand on."""

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path

import httpx
from redis.asyncio import Redis
from sqlalchemy import text

from myna.adapters.sql.database import Database
from support import processes


async def test_every_database_begins_empty_and_keeps_what_is_written(database_url: str) -> None:
    database = Database(database_url)
    try:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE notes (body TEXT)"))
            await connection.execute(text("INSERT INTO notes VALUES ('hello')"))
        async with database.read() as connection:
            rows = (await connection.execute(text("SELECT body FROM notes"))).all()
    finally:
        await database.close()
    assert [tuple(row) for row in rows] == [("hello",)]


async def test_redis_is_empty_for_each_test(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


async def test_redis_is_empty_for_the_next_test_too(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


def test_the_chroma_server_answers(chroma_url: str) -> None:
    assert httpx.get(f"{chroma_url}/api/v2/heartbeat", timeout=10).status_code == 200


def test_a_started_process_dies_with_its_parent(tmp_path: Path) -> None:
    port = processes.free_port()
    program = (
        "import os, pathlib, sys; from support import processes\n"
        f"server = processes.start([sys.executable, '-m', 'http.server', '{port}', '-b', '127.0.0.1'],"
        " log=pathlib.Path('log'))\n"
        f"processes.wait_until(lambda: processes.accepts({port}), process=server, log=pathlib.Path('log'))\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    tests = Path(__file__).resolve().parents[1]
    parent = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tests), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert parent.returncode == -9, parent.stderr
    with contextlib.suppress(ProcessLookupError):
        child = os.pidfd_open(int(parent.stdout))
        ended, _, _ = select.select([child], [], [], 10)
        os.close(child)
        assert ended
