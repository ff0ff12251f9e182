"""The client where no WebSocket gets through, and the client that is killed and comes back."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from myna_bots import Client, Event
from myna_bots.adapters.store_sqlite import SqliteStore
from myna_bots.client.client import default_http
from myna_bots.client.deliveries import Piece
from myna_bots.client.errors import Unreachable
from myna_bots.client.events import Events
from myna_bots.client.fallback import over_events, over_polls
from myna_bots.client.frames import Typing
from myna_bots.client.ports import Connect, Socket, StreamingHttp
from myna_bots.client.tokens import Session, Tokens
from support import myna_server, processes
from support.myna_server import MynaServer
from support.population import Population, populate

WAIT_S = 60.0
SETTINGS = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_MODERATION": "0"}


@pytest.fixture
async def people(tmp_path: Path) -> Population:
    url = f"sqlite:///{tmp_path / 'data' / 'myna.db'}"
    return await asyncio.to_thread(populate, url, tmp_path / "data", users=2, groups=[[0, 1]])


@pytest.fixture
async def server(tmp_path: Path, people: Population) -> AsyncIterator[MynaServer]:
    with myna_server.serve(tmp_path, settings=SETTINGS) as running:
        yield running


async def blocked(url: str) -> Socket:
    """What a proxy does that knows no WebSocket."""
    raise Unreachable(f"{url} was refused by the proxy.")


def tokens_of(people: Population, place: int, http: StreamingHttp) -> Tokens:
    user = people.users[place]
    session = {
        "access_token": people.tokens[place],
        "refresh_token": "none",
        "expires_in": 900,
        "user": {"id": str(user.id), "kind": "human", "name": user.name},
    }
    from myna_bots.client.wire import converted

    return Tokens(http, converted(session, Session))


@asynccontextmanager
async def client(
    server: MynaServer,
    people: Population,
    place: int,
    ways: Sequence[str] = (),
    store: SqliteStore | None = None,
) -> AsyncIterator[tuple[Client, Events]]:
    """A connected client and what it hears, over the named transports only."""
    http = default_http(server.url)
    assert isinstance(http, StreamingHttp)
    known: dict[str, Connect] = {"blocked": blocked, "events": over_events(http), "poll": over_polls(http)}
    made = Client(
        server.url,
        http,
        tokens_of(people, place, http),
        transports=[known[each] for each in ways],
        store=store,
    )
    heard = made.events()
    async with made:
        await made.connected(WAIT_S)
        yield made, heard


async def texts(heard: Events, count: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(WAIT_S):
        async for each in heard:
            message = each.message if isinstance(each, Event) else None
            if message is not None and message.kind == "text":
                found.append(message.text)
                if len(found) == count:
                    break
    return found


@pytest.mark.parametrize("way", ["events", "poll"])
async def test_without_a_websocket_two_people_talk_all_the_same(
    server: MynaServer, people: Population, way: str
) -> None:
    place = str(people.places[0][0])
    async with (
        client(server, people, 0, ["blocked", way]) as (ann, ann_hears),
        client(server, people, 1, [way]) as (bob, bob_hears),
    ):
        lines = [f"line {n} \u2028 of ann and bob 🦜" for n in range(30)]
        for n, line in enumerate(lines):
            sent = await (ann, bob)[n % 2].send(place, line, client_id=f"m{n}")
            assert (sent.seq, sent.duplicate) == (n + 1, False)
        assert await texts(ann_hears, 30) == lines
        assert await texts(bob_hears, 30) == lines
        assert (await ann.send(place, lines[0], client_id="m0")).duplicate
        many = await asyncio.gather(*(ann.send(place, f"burst {n}") for n in range(150)))
        assert [each.seq for each in many] == list(range(31, 181))


async def test_an_event_stream_brings_signals_too(server: MynaServer, people: Population) -> None:
    place = str(people.places[0][0])
    async with (
        client(server, people, 0, ["events"]) as (_, heard),
        client(server, people, 1) as (bob, _heard),
    ):
        bob.typing(place)
        async with asyncio.timeout(WAIT_S):
            async for each in heard:
                assert not isinstance(each, Piece)
                if isinstance(each, Typing):
                    assert (each.conversation, each.user, each.on) == (place, bob.user, True)
                    break


@pytest.mark.parametrize("way", ["events", "poll"])
async def test_a_makeshift_survives_a_killed_server(tmp_path: Path, people: Population, way: str) -> None:
    place = str(people.places[0][0])
    settings = SETTINGS | {"MYNA_PORT": str(processes.free_port())}
    with myna_server.serve(tmp_path, settings=settings) as first:
        async with client(first, people, 0, [way]) as (ann, heard):
            await ann.send(place, "before")
            os.kill(first.pid, signal.SIGKILL)
            sending = [asyncio.create_task(ann.send(place, f"line {n}")) for n in range(10)]
            await asyncio.sleep(0)
            (tmp_path / "again").mkdir()
            again = settings | {"MYNA_DATA": str(tmp_path / "data")}
            with myna_server.serve(tmp_path / "again", settings=again):
                sent = await asyncio.gather(*sending)
                assert [each.seq for each in sent] == list(range(2, 12))
                assert await texts(heard, 11) == ["before", *(f"line {n}" for n in range(10))]


WRITER = """
import asyncio, sys
from pathlib import Path
from myna_bots import Client
from myna_bots.adapters.store_sqlite import SqliteStore
from myna_bots.client.client import default_http
from myna_bots.client.tokens import Session, Tokens
from myna_bots.client.wire import decoded

async def main():
    session = decoded(sys.argv[1].encode(), Session)
    http = default_http("http://127.0.0.1:9")
    client = Client("http://127.0.0.1:9", http, Tokens(http, session), store=SqliteStore(Path(sys.argv[2])))
    async with client:
        sends = [asyncio.create_task(client.send(sys.argv[3], f"draft {n}", client_id=f"d{n}")) for n in range(20)]
        while len(client.unsent) < 20:
            await asyncio.sleep(0.01)
        print("kept", flush=True)
        await asyncio.gather(*sends)

asyncio.run(main())
"""


async def test_drafts_of_a_killed_client_are_sent_by_the_next_one(
    server: MynaServer, people: Population, tmp_path: Path
) -> None:
    place, path = str(people.places[0][0]), tmp_path / "ann.db"
    http = default_http(server.url)
    assert isinstance(http, StreamingHttp)
    session = tokens_of(people, 0, http).session
    await http.close()
    told = json.dumps({name: _plain(getattr(session, name)) for name in session.__struct_fields__})
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        told,
        str(path),
        place,
        stdout=asyncio.subprocess.PIPE,
        env=myna_server.environment({}),
    )
    assert writer.stdout is not None
    async with asyncio.timeout(WAIT_S):
        assert await writer.stdout.readline() == b"kept\n"
    writer.kill()
    await writer.wait()
    async with client(server, people, 0, store=SqliteStore(path)) as (ann, heard):
        assert await texts(heard, 20) == [f"draft {n}" for n in range(20)]
        assert ann.unsent == []
    await _offline(path, people, place)


async def _offline(path: Path, people: Population, place: str) -> None:
    """What the client knew is there without any server, and the next one goes on from there."""
    store = SqliteStore(path)
    kept = await store.load(str(people.users[0].id))
    assert (kept.entries, kept.cursors[place]) == ((), 21)
    assert [each.text for each in await store.messages(place, limit=3)] == [
        f"draft {n}" for n in (17, 18, 19)
    ]
    assert await store.conversations() == [place]
    await store.close()


async def test_a_client_that_comes_back_hears_only_what_is_new(
    server: MynaServer, people: Population, tmp_path: Path
) -> None:
    place, path = str(people.places[0][0]), tmp_path / "ann.db"
    async with client(server, people, 1) as (bob, _):
        async with client(server, people, 0, store=SqliteStore(path)) as (_ann, heard):
            await bob.send(place, "old")
            assert await texts(heard, 1) == ["old"]
        for n in range(3):
            await bob.send(place, f"new {n}")
        async with client(server, people, 0, store=SqliteStore(path)) as (_ann, heard):
            assert await texts(heard, 3) == ["new 0", "new 1", "new 2"]


def _plain(value: object) -> object:
    return (
        {name: getattr(value, name) for name in value.__struct_fields__}
        if hasattr(value, "__struct_fields__")
        else value
    )
