"""Heads of requests over a real connection: too slow, too long, two lengths, too many connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from myna.api import heads
from myna.api.heads import BoundedHttp
from support.http_server import served

WAIT_S = 60.0


async def hello(_scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the body and says hello."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@dataclass(slots=True)
class Door:
    """A running server."""

    port: int

    async def says(self, *pieces: bytes) -> bytes:
        """All that it answers until it hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            with suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
            async with asyncio.timeout(WAIT_S):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(heads, "HEAD_S", 0.3)
    async with served(hello, http=BoundedHttp, forwarded_allow_ips="192.0.2.1") as address:
        yield Door(int(address.rpartition(":")[2]))
    assert not heads._open


GET = b"GET / HTTP/1.1\r\nHost: myna\r\nConnection: close\r\n\r\n"


async def test_an_ordinary_request_is_served(door: Door) -> None:
    assert b"200 OK" in await door.says(GET)
    assert b"200 OK" in await door.says(GET[:10], GET[10:])


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: myna\r\nX-A: "])
async def test_a_head_that_does_not_come_is_not_waited_for(door: Door, begun: bytes) -> None:
    assert b"408 Request Timeout" in await door.says(begun)


async def test_a_second_head_on_a_connection_is_bounded_like_the_first(door: Door) -> None:
    first = b"GET / HTTP/1.1\r\nHost: myna\r\n\r\n"
    answer = await door.says(first, b"GET / HT")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"408 Request Timeout" in answer


async def test_a_head_without_end_is_refused(door: Door) -> None:
    lines = [b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(400)]
    answer = await door.says(b"GET / HTTP/1.1\r\nHost: myna\r\n", *lines)
    assert not answer or b"431" in answer


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: m\r\nContent-Length : 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: m\r\n Folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: m\r\nX: a\x00b\r\n\r\n",
    ],
    ids=["both lengths", "two lengths", "two encodings", "space", "folded", "null"],
)
async def test_a_request_that_two_servers_could_read_differently_is_refused(door: Door, head: bytes) -> None:
    answer = await door.says(head)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"200 OK" not in answer


async def test_connections_of_one_address_are_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MAX_OPEN", 3)
    monkeypatch.setattr(heads, "HEAD_S", 60)
    idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(3)]
    assert await door.says(GET) == b""
    for _, writer in idle:
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(WAIT_S):
        while heads._open:
            await asyncio.sleep(0.01)
    assert b"200 OK" in await door.says(GET)
