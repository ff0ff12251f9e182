"""How a connection begins: by token, header or ticket; what was missed comes unasked; what is not wanted does not come."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support import myna_server
from support.myna_server import MynaServer
from support.population import Population, populate

WAIT_S = 60.0
SETTINGS = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_MODERATION": "0"}
Frame = dict[str, Any]


@pytest.fixture
async def people(tmp_path: Path) -> Population:
    url = f"sqlite:///{tmp_path / 'data' / 'myna.db'}"
    groups = [[0, 1], [0, 1, 2], [1, 2]]
    return await asyncio.to_thread(populate, url, tmp_path / "data", users=3, groups=groups)


@pytest.fixture
async def server(tmp_path: Path, people: Population) -> AsyncIterator[MynaServer]:
    with myna_server.serve(tmp_path, settings=SETTINGS) as running:
        yield running


@asynccontextmanager
async def as_user(server: MynaServer, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, timeout=WAIT_S, trust_env=False
    ) as http:
        yield http


async def ticket(http: httpx.AsyncClient) -> str:
    answer = await http.post("/v1/socket-tickets")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


async def frame(socket: ClientConnection) -> Frame:
    return dict(json.loads(await asyncio.wait_for(socket.recv(), WAIT_S)))


async def say(http: httpx.AsyncClient, conversation: int, client_id: str) -> None:
    answer = await http.post(
        f"/v1/conversations/{conversation}/messages",
        json={"body": {"text": client_id}},
        headers={"Idempotency-Key": client_id},
    )
    assert answer.status_code == 201, answer.text


async def test_a_ticket_opens_one_socket_and_no_second_one(server: MynaServer, people: Population) -> None:
    async with as_user(server, people.tokens[0]) as http:
        address = f"{server.socket_url}?ticket={await ticket(http)}&device=tab"
        async with connect(address) as socket:
            assert (await frame(socket))["user"]["id"] == str(people.users[0].id)
        async with connect(address) as again:
            assert (await frame(again))["error"] == "ticket_invalid"
            with pytest.raises(ConnectionClosed):
                await again.recv()
            assert again.close_code == 4401


async def test_a_ticket_opens_one_event_stream_and_the_next_is_told_why_not(
    server: MynaServer, people: Population
) -> None:
    async with as_user(server, people.tokens[0]) as http:
        address = f"{server.url}/v1/events?ticket={await ticket(http)}"
        async with httpx.AsyncClient(timeout=WAIT_S, trust_env=False) as stranger:
            async with stranger.stream("GET", address) as stream:
                lines = stream.aiter_lines()
                assert (await anext(lines)).startswith(":")
                await say(http, people.places[0][0], "m1")
                heard = await _data(lines)
                assert (heard["kind"], heard["data"]["client_id"]) == ("message.created", "m1")
            refused = await stranger.get(address)
            assert refused.status_code == 200, "an HTTP error would end an EventSource for good"
            bye = json.loads(next(line[5:] for line in refused.text.splitlines() if line.startswith("data:")))
            assert (bye["op"], bye["code"], bye["reason"]) == ("bye", 401, "ticket_invalid")
            assert (await stranger.get(f"{server.url}/v1/events")).status_code == 401


async def _data(lines: AsyncIterator[str]) -> Frame:
    async with asyncio.timeout(WAIT_S):
        async for line in lines:
            if line.startswith("data:") and json.loads(line[5:])["op"] == "event":
                return dict(json.loads(line[5:]))
    raise AssertionError("the stream ended")


async def greeted(server: MynaServer, token: str, **hello: Any) -> tuple[ClientConnection, Frame]:
    socket = await connect(server.socket_url)
    await socket.send(json.dumps({"op": "hello", "v": 1, "token": token, **hello}))
    return socket, await frame(socket)


async def test_what_the_cursors_lack_comes_unasked(server: MynaServer, people: Population) -> None:
    _idle, busy, foreign = (str(place[0]) for place in people.places)
    async with as_user(server, people.tokens[1]) as http:
        socket, ready = await greeted(server, people.tokens[0])
        await socket.close()
        cursors = {each: head[0] for each, head in ready["heads"].items()} | {foreign: 0}
        for number in range(3):
            await say(http, int(busy), f"m{number}")
        await say(http, int(foreign), "secret")
    told = {"cursors": cursors, "epoch": ready["epoch"]}
    socket, ready = await greeted(server, people.tokens[0], **told, capabilities=["catch_up", "telepathy"])
    assert (ready["capabilities"], ready["follows"]) == (["catch_up"], [busy])
    page = await frame(socket)
    assert (page["op"], page["conversation"], page["from_rev"]) == ("page", busy, cursors[busy])
    assert [each["data"]["client_id"] for each in page["events"]] == ["m0", "m1", "m2"]
    await socket.send(json.dumps({"op": "ping", "n": 1}))
    assert await frame(socket) == {"op": "pong", "n": 1}
    await socket.close()
    for unasked in ({**told}, {**told, "epoch": "4711", "capabilities": ["catch_up"]}):
        socket, ready = await greeted(server, people.tokens[0], **unasked)
        assert ready["follows"] == []
        await socket.send(json.dumps({"op": "ping", "n": 2}))
        assert await frame(socket) == {"op": "pong", "n": 2}
        await socket.close()


async def test_a_quiet_client_hears_events_but_nobody_typing(server: MynaServer, people: Population) -> None:
    place = people.places[0][0]
    loud, _ = await greeted(server, people.tokens[0])
    quiet, ready = await greeted(server, people.tokens[0], capabilities=["quiet"])
    assert ready["capabilities"] == ["quiet"]
    writer, _ = await greeted(server, people.tokens[1])
    await writer.send(json.dumps({"op": "typing", "conversation": str(place), "on": True}))
    assert (await frame(loud))["op"] == "typing"
    await writer.send(
        json.dumps(
            {"op": "send", "conversation": str(place), "client_id": "m1", "body": {"text": "done typing"}}
        )
    )
    assert (await frame(loud))["op"] == "event"
    assert (await frame(quiet))["op"] == "event"
    for socket in (loud, quiet, writer):
        await socket.close()


WRONG: tuple[Frame, ...] = (
    {"cursors": {"7": -1}},
    {"cursors": {"seven": 1}},
    {"cursors": {str(number + 1): 1 for number in range(1001)}},
    {"cursors": [1]},
    {"capabilities": "delta"},
    {"capabilities": ["x" * 33]},
    {"epoch": 5},
)


async def test_a_hello_with_one_thing_wrong_gets_a_clear_error(
    server: MynaServer, people: Population
) -> None:
    for wrong in WRONG:
        socket, answer = await greeted(server, people.tokens[0], **wrong)
        assert (answer["op"], answer["code"], answer["error"]) == ("nack", 400, "malformed"), wrong
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400
