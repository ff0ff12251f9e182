"""kill -9 in mid-load: everything acknowledged is in the log, at its seq, once; what was not is sent again and then is, too."""

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import SqlLog
from support import myna_server, processes, servers
from support.myna_server import MynaServer
from support.population import populate
from support.senders import Sender

SENDERS, DRAFTS = 8, 400
SETTINGS = {
    "MYNA_AGENTS": "0",
    "MYNA_EMBEDDER": "none:",
    "MYNA_MODERATION": "0",
    "MYNA_LIMITS": "off",
    "MYNA_HOST": "127.0.0.1",
}
KILLS_AFTER = (150, 900)
"""Acks after which a server is killed."""


@contextmanager
def running(folder: Path, settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], MynaServer]]:
    """A server on a port that stays the same when it starts again."""
    process, server = myna_server.launch(folder, settings=settings)
    try:
        myna_server.wait_for(process, server)
        yield process, server
    finally:
        processes.stop(process)


async def acked(senders: list[Sender], count: int) -> None:
    async with asyncio.timeout(60):
        while sum(len(each.acks) for each in senders) < count:
            await asyncio.sleep(0.005)


async def check(url: str, conversations: list[int], senders: list[Sender]) -> None:
    """I1, I2, I4 and I13 of the log as it is now."""
    database = Database(url)
    log = SqlLog(database)
    try:
        for conversation in conversations:
            messages = await log.messages(conversation, floor=1, before=None, after=0, limit=100_000)
            events = await log.events(conversation, after_rev=0, floor=1, limit=100_000)
            assert [each.seq for each in messages] == list(range(1, len(messages) + 1))
            assert [each.rev for each in events] == list(range(1, len(events) + 1))
            seqs = {each.client_id: each.seq for each in messages}
            assert max(Counter(each.client_id for each in messages).values()) == 1
            for sender in senders:
                if sender.conversation == conversation:
                    assert {each: seqs.get(each) for each in sender.acks} == sender.acks
                    assert {each.body["text"] for each in messages if each.client_id in sender.acks} >= {
                        f"text of {each}" for each in sender.acks
                    }
    finally:
        await database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_killed_server_loses_nothing_acknowledged(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'myna.db'}"
        if kind == "postgres":
            cluster: servers.Postgres = request.getfixturevalue("durable_postgres")
            url = stack.enter_context(cluster.database("kill"))
        data = tmp_path / "data"
        people = await asyncio.to_thread(
            populate, url, data, users=SENDERS, groups=[[0, 1, 2, 3], [4, 5, 6, 7]]
        )
        port = processes.free_port()
        settings = SETTINGS | {"MYNA_DATABASE": url, "MYNA_DATA": str(data), "MYNA_PORT": str(port)}
        conversations = [conversation for conversation, _ in people.places]
        senders = [
            Sender(
                people.tokens[place],
                conversations[place // 4],
                f"s{place}",
                DRAFTS,
                lambda: f"ws://127.0.0.1:{port}/v1/socket",
            )
            for place in range(SENDERS)
        ]
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run())
            for place, count in enumerate(KILLS_AFTER):
                (tmp_path / f"run{place}").mkdir()
                with running(tmp_path / f"run{place}", settings) as (process, _):
                    await acked(senders, count)
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait(20)
                    await check(url, conversations, senders)
            (tmp_path / "last").mkdir()
            stack.enter_context(running(tmp_path / "last", settings))
        await check(url, conversations, senders)
        assert all(set(each.acks) == set(each.drafts) for each in senders)
        assert min(each.connections for each in senders) >= 2


@pytest.mark.needs("postgres", "redis")
async def test_one_of_two_processes_dies_and_the_other_goes_on(
    tmp_path: Path, durable_postgres: servers.Postgres
) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(durable_postgres.database("pair"))
        bus = stack.enter_context(servers.redis(tmp_path))
        data = tmp_path / "data"
        people = await asyncio.to_thread(populate, url, data, users=SENDERS, groups=[list(range(SENDERS))])
        settings = SETTINGS | {"MYNA_DATABASE": url, "MYNA_DATA": str(data), "MYNA_BUS": bus}
        started = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            mine = settings | {"MYNA_PORT": str(processes.free_port())}
            process, server = myna_server.launch(tmp_path / name, settings=mine)
            stack.callback(processes.stop, process)
            started.append((process, server))
        for process, server in started:
            myna_server.wait_for(process, server)
        conversation = people.places[0][0]
        senders = []
        for place in range(SENDERS):
            ways = cycle([started[place % 2][1].socket_url, started[1 - place % 2][1].socket_url])
            senders.append(Sender(people.tokens[place], conversation, f"s{place}", DRAFTS, ways.__next__))
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run())
            await acked(senders, KILLS_AFTER[0])
            os.kill(started[0][0].pid, signal.SIGKILL)
        await check(url, [conversation], senders)
        assert all(set(each.acks) == set(each.drafts) for each in senders)
        assert max(each.connections for each in senders) >= 2
