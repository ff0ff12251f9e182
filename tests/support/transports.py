"""One conversation's client over each transport, with the same four verbs: send, frames of another kind, hear, close."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect

POLL_S = 25.0
"""The server waits 55 s at most."""
WAIT_S = 60.0
Frame = dict[str, Any]


class Line(Protocol):
    """A connection over one transport."""

    async def ask(self, frame: Frame) -> Frame:
        """The answer (ack, nack, page …) to a frame with a `ref`."""
        ...

    async def heard(self, count: int) -> list[Frame]:
        """The next so many events."""
        ...


class SocketLine:
    """WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._events: list[Frame] = []
        self._answers: list[Frame] = []

    async def ask(self, frame: Frame) -> Frame:
        """Send and wait for the answer."""
        await self._socket.send(json.dumps(frame))
        while not self._answers:
            await self._take()
        return self._answers.pop(0)

    async def heard(self, count: int) -> list[Frame]:
        """Pushed events."""
        while len(self._events) < count:
            await self._take()
        heard, self._events = self._events[:count], self._events[count:]
        return heard

    async def _take(self) -> None:
        frame = json.loads(await asyncio.wait_for(self._socket.recv(), WAIT_S))
        if frame["op"] == "event":
            self._events.append(frame)
        elif frame["op"] in {"ack", "nack", "page", "synced"}:
            self._answers.append(frame)


class CommandLine:
    """What SSE and long poll have in common: frames go to `POST /v1/commands`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, frame: Frame) -> Frame:
        """Post and take the only answer."""
        answer = await self._http.post("/v1/commands", json=frame)
        assert answer.status_code == 200, answer.text
        (only,) = answer.json()
        return dict(only)


class StreamLine(CommandLine):
    """Server-Sent Events."""

    def __init__(self, http: httpx.AsyncClient, lines: AsyncIterator[str]) -> None:
        super().__init__(http)
        self._lines = lines

    async def heard(self, count: int) -> list[Frame]:
        """Events of the stream."""
        heard: list[Frame] = []
        while len(heard) < count:
            line = await asyncio.wait_for(anext(self._lines), WAIT_S)
            if line.startswith("data:"):
                frame = json.loads(line[5:])
                if frame["op"] == "event":
                    heard.append(frame)
        return heard


class PollLine(CommandLine):
    """Long poll."""

    def __init__(self, http: httpx.AsyncClient, pos: int) -> None:
        super().__init__(http)
        self._pos = pos

    async def heard(self, count: int) -> list[Frame]:
        """Events of as many polls as it takes."""
        heard: list[Frame] = []
        while len(heard) < count:
            answer = await self._http.get("/v1/poll", params={"pos": self._pos, "wait": POLL_S})
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert not body.get("resync")
            self._pos = body["pos"]
            heard += body["events"]
        return heard


class RestLine:
    """Plain requests: sends by `POST …/messages`, events by `GET …/events`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._place = ""

    async def ask(self, frame: Frame) -> Frame:
        """The same send as a request; its answer as the socket would give it."""
        place = self._place = frame["conversation"]
        body = {"body": frame["body"], "reply_to": frame.get("reply_to")}
        key = {"Idempotency-Key": frame["client_id"]}
        answer = await self._http.post(f"/v1/conversations/{place}/messages", json=body, headers=key)
        found = answer.json()
        if answer.status_code in {200, 201, 202}:
            return {"op": "ack", **found}
        return {"op": "nack", "code": answer.status_code, "error": found["code"]}

    async def get(self, path: str) -> httpx.Response:
        """Any other request."""
        return await self._http.get(path)

    async def heard(self, count: int) -> list[Frame]:
        """The newest so many events of the conversation that was written to last."""
        answer = await self._http.get(f"/v1/conversations/{self._place}/events")
        assert answer.status_code == 200, answer.text
        return [dict(each) for each in answer.json()["events"][-count:]]


@asynccontextmanager
async def socket_line(url: str, token: str) -> AsyncIterator[SocketLine]:
    """A greeted WebSocket."""
    async with connect(f"ws{url.removeprefix('http')}/v1/socket") as socket:
        await socket.send(json.dumps({"op": "hello", "v": 1, "token": token}))
        assert json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))["op"] == "ready"
        yield SocketLine(socket)


@asynccontextmanager
async def stream_line(url: str, token: str) -> AsyncIterator[StreamLine]:
    """An open event stream."""
    async with client(url, token) as http, http.stream("GET", "/v1/events") as stream:
        lines = _lines(stream)
        assert (await asyncio.wait_for(anext(lines), WAIT_S)).startswith(":")
        yield StreamLine(http, lines)


async def _lines(stream: httpx.Response) -> AsyncIterator[str]:
    """Lines as an EventSource sees them; httpx would also end one at U+2028, which may stand in a message."""
    rest = ""
    async for text in stream.aiter_text():
        *whole, rest = (rest + text).replace("\r", "").split("\n")
        for line in whole:
            yield line


@asynccontextmanager
async def poll_line(url: str, token: str) -> AsyncIterator[PollLine]:
    """A long poll that begins now."""
    async with client(url, token) as http:
        pos = (await http.get("/health/ready")).json()["pos"]
        yield PollLine(http, pos)


@asynccontextmanager
async def rest_line(url: str, token: str) -> AsyncIterator[RestLine]:
    """Plain requests."""
    async with client(url, token) as http:
        yield RestLine(http)


def client(url: str, token: str) -> httpx.AsyncClient:
    """Requests of one user."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT_S * 1.5, trust_env=False)
