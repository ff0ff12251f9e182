"""Two processes on PostgreSQL, Redis and Chroma behind nginx, as docker-compose.yml describes them."""

import asyncio
import json
import signal
import uuid
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from support import backends, processes, topology
from support.topology import Topology

WAIT_S = 60.0


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """The running composition; the last test of this module takes one process away."""
    for name in ("postgres", "redis", "chroma-server", "nginx"):
        backends.require(name)
    with topology.running(tmp_path_factory.mktemp("topology")) as running:
        yield running


@pytest.fixture(scope="module")
def token(composed: Topology) -> str:
    """The owner's access token, got through the proxy."""
    password = (composed.data / "operator-password.txt").read_text().strip()
    answer = httpx.post(
        f"{composed.proxy}/v1/auth/sign-in", json={"handle": "operator", "password": password}, timeout=WAIT_S
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def caller(base: str, token: str) -> httpx.AsyncClient:
    """Calls one address as the owner."""
    return httpx.AsyncClient(
        base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S, trust_env=False
    )


async def new_group(base: str, token: str) -> str:
    """The id of a fresh group of which the owner is the only member."""
    async with caller(base, token) as http:
        made = await http.post(
            "/v1/conversations", json={"kind": "group", "title": "Night shift", "members": []}
        )
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


async def say(base: str, token: str, conversation: str, text: str) -> dict[str, Any]:
    """The acknowledgement of a message sent to one address."""
    async with caller(base, token) as http:
        sent = await http.post(
            f"/v1/conversations/{conversation}/messages",
            json={"body": {"text": text}},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        assert sent.status_code == 201, sent.text
        ack: dict[str, Any] = sent.json()
        return ack


@asynccontextmanager
async def listening(base: str, token: str) -> AsyncGenerator[ClientConnection]:
    """A WebSocket that the server has greeted."""
    async with connect(f"ws{base.removeprefix('http')}/v1/socket", proxy=None, open_timeout=WAIT_S) as socket:
        await socket.send(json.dumps({"op": "hello", "v": 1, "token": token, "device": uuid.uuid4().hex}))
        assert json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))["op"] == "ready"
        yield socket


async def heard(socket: ClientConnection, seq: int, conversation: str) -> str:
    """The text of a message as the socket brings it."""
    async with asyncio.timeout(WAIT_S):
        while True:
            frame = json.loads(await socket.recv())
            for each in frame if isinstance(frame, list) else [frame]:
                if each.get("kind") == "message.created" and each["conversation"] == conversation:
                    assert each["seq"] == seq
                    return str(each["data"]["body"]["text"])


@pytest.mark.parametrize(("writes_to", "listens_at"), [("myna-1", "myna-2"), ("myna-2", "myna-1")])
async def test_a_message_that_one_process_accepts_reaches_a_client_of_the_other(
    composed: Topology, token: str, writes_to: str, listens_at: str
) -> None:
    there, here = composed.processes[writes_to][1].url, composed.processes[listens_at][1].url
    conversation = await new_group(there, token)
    async with listening(here, token) as socket:
        ack = await say(there, token, conversation, "The kettle is on.")
        assert await heard(socket, ack["seq"], conversation) == "The kettle is on."


async def test_a_socket_through_the_proxy_hears_both_processes(composed: Topology, token: str) -> None:
    conversation = await new_group(composed.proxy, token)
    async with listening(composed.proxy, token) as socket:
        for name, (_, server) in composed.processes.items():
            ack = await say(server.url, token, conversation, f"Written at {name}.")
            assert await heard(socket, ack["seq"], conversation) == f"Written at {name}."


async def test_an_event_stream_through_the_proxy_is_not_held_back(composed: Topology, token: str) -> None:
    conversation = await new_group(composed.proxy, token)
    async with caller(composed.proxy, token) as http, http.stream("GET", "/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        async with asyncio.timeout(WAIT_S):
            await anext(lines)
            await say(composed.proxy, token, conversation, "Streamed.")
            async for line in lines:
                if line.startswith("data:") and "Streamed." in line:
                    break
            else:
                pytest.fail("the stream ended without the message")


async def test_the_proxy_uses_the_other_process_when_one_is_killed(composed: Topology, token: str) -> None:
    conversation = await new_group(composed.proxy, token)
    await say(composed.proxy, token, conversation, "Before.")
    killed, _ = composed.processes["myna-1"]
    processes.stop(killed, first=signal.SIGKILL)
    async with caller(composed.proxy, token) as http:
        for _ in range(10):
            page = await http.get(f"/v1/conversations/{conversation}/messages")
            assert page.status_code == 200, page.text
            assert [each["body"]["text"] for each in page.json()["messages"]] == ["Before."]
    await say(composed.proxy, token, conversation, "After.")
