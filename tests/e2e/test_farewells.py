"""How the server ends connections: with a reason, a code, and a time to come back."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support import myna_server
from support.myna_server import MynaServer

WAIT_S = 60.0
SETTINGS = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MynaServer]:
    with myna_server.serve(tmp_path, settings=SETTINGS) as running:
        yield running


def token_of(server: MynaServer) -> str:
    password = (server.data / "operator-password.txt").read_text().strip()
    answer = httpx.post(
        f"{server.url}/v1/auth/sign-in",
        json={"handle": "operator", "password": password},
        timeout=WAIT_S,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def hello(server: MynaServer, token: str, device: str = "") -> ClientConnection:
    socket = await connect(server.socket_url)
    await socket.send(json.dumps({"op": "hello", "v": 1, "token": token, "device": device}))
    assert json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))["op"] == "ready"
    return socket


async def ending(socket: ClientConnection) -> tuple[dict[str, Any], int | None]:
    """The last frame and the close code."""
    last: dict[str, Any] = {}
    async with asyncio.timeout(WAIT_S):
        try:
            while True:
                last = json.loads(await socket.recv())
        except ConnectionClosed:
            return last, socket.close_code


async def test_a_device_that_connects_again_replaces_itself_and_no_other(server: MynaServer) -> None:
    token = token_of(server)
    first, other = await hello(server, token, "phone"), await hello(server, token, "laptop")
    second = await hello(server, token, "phone")
    bye, code = await ending(first)
    assert (bye["op"], bye["code"], bye["temporary"], code) == ("bye", 409, False, 4409)
    for socket in (second, other):
        await socket.send(json.dumps({"op": "ping", "n": 5}))
        assert json.loads(await asyncio.wait_for(socket.recv(), WAIT_S)) == {"op": "pong", "n": 5}
        await socket.close()


async def test_a_server_that_stops_says_when_to_come_back(server: MynaServer) -> None:
    token = token_of(server)
    sockets = [await hello(server, token) for _ in range(3)]
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(timeout=WAIT_S, headers=headers, trust_env=False) as http,
        http.stream("GET", f"{server.url}/v1/events") as stream,
    ):
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith(":")
        os.kill(server.pid, signal.SIGTERM)
        rest = [line async for line in lines]
    goodbyes = [await ending(socket) for socket in sockets]
    assert {(bye["op"], bye["code"], code) for bye, code in goodbyes} == {("bye", 503, 4503)}
    assert len({bye["retry_ms"] for bye, _ in goodbyes}) == 3
    frames = [json.loads(line[5:]) for line in rest if line.startswith("data:")]
    assert frames[-1]["op"] == "bye"
    assert frames[-1]["retry_ms"] > 0
    assert "event: bye" in rest


async def storm(server: MynaServer) -> None:
    """Connects until it is refused."""
    while True:
        await connect(server.socket_url)


async def first_data(http: httpx.AsyncClient, url: str) -> str:
    """The first data of an event stream that has any at once; streams that were let in are left again."""
    while True:
        async with http.stream("GET", url) as stream:
            assert stream.status_code == 200
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    return line
                if line.startswith(":"):
                    break


async def test_a_storm_of_connections_is_asked_to_come_back(tmp_path: Path) -> None:
    with myna_server.serve(tmp_path, settings=SETTINGS | {"MYNA_CONNECTS_PER_S": "1"}) as server:
        token = token_of(server)
        socket = await hello(server, token)
        with pytest.raises(InvalidStatus) as refused:
            await storm(server)
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        assert json.loads(refused.value.response.body or b"{}")["retry_ms"] > 0
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(timeout=WAIT_S, headers=headers, trust_env=False) as http:
            polled = await http.get(f"{server.url}/v1/poll?pos=0&wait=0")
            while polled.status_code == 200:
                polled = await http.get(f"{server.url}/v1/poll?pos=0&wait=0")
            assert (polled.status_code, polled.json()["code"]) == (503, "crowded")
            assert polled.json()["retry_ms"] > 0
            # An EventSource gives up for good on an HTTP error, so it is told in the stream.
            assert '"op":"bye"' in await first_data(http, f"{server.url}/v1/events")
        await socket.close()
