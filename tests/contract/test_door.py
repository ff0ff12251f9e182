"""Who is blocked or comes too often is refused at the head of a request, over real connections: nothing behind the door runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from myna.api.heads import BoundedHttp
from myna.intrusion.model import Response, Shielded
from myna.limits.windows import Bound
from support.api_world import World
from support.http_server import served

EVIL, GOOD = "203.0.113.7", "203.0.113.8"


@dataclass(slots=True)
class Line:
    """One connection through a proxy on this machine, which says for whom it asks."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def asks(
        self, address: str, path: str = "/v1/me", *, body: bytes = b"", version: str = "1.1"
    ) -> tuple[int, dict[str, str], Any]:
        """Status, head and body of the answer."""
        method = "POST" if body else "GET"
        head = f"{method} {path} HTTP/{version}\r\nHost: myna\r\nX-Forwarded-For: {address}\r\n"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.writer.write(f"{head}{length}\r\n".encode() + body)
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = {name.lower(): value for name, _, value in (each.partition(": ") for each in raw[1:] if each)}
        text = await self.reader.readexactly(int(told["content-length"]))
        return int(raw[0].split(" ")[1]), told, json.loads(text)


@dataclass(slots=True)
class Town:
    """The server on a port, and whoever connects to it."""

    world: World
    port: int
    lines: list[Line] = field(default_factory=list[Line])

    async def line(self) -> Line:
        """A new connection."""
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.lines[-1]

    async def hang_up(self) -> None:
        """Close every connection."""
        for each in self.lines:
            each.writer.close()
            await each.writer.wait_closed()

    def block(self, address: str) -> None:
        """Block an address."""
        shielded = Shielded(address, Response.BLOCK, None, "by hand", None, 0.0)
        assert self.world.services.intrusion.detector.respond(shielded)


@pytest.fixture
async def town(app: World) -> AsyncIterator[Town]:
    async with served(app.application, http=BoundedHttp) as url:
        made = Town(app, int(url.rpartition(":")[2]))
        yield made
        await made.hang_up()


@pytest.fixture
def nothing_runs(app: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes behind the door fails."""

    async def never(*_: Any) -> None:
        raise AssertionError("a refused request was served")

    monkeypatch.setattr(app.application.router, "__call__", never)
    monkeypatch.setattr("myna.api.edge._admit", never)


async def test_a_blocked_address_is_refused_and_others_on_the_connection_are_not(town: Town) -> None:
    town.block(EVIL)
    line = await town.line()
    for _ in range(3):
        status, head, told = await line.asks(EVIL)
        assert (status, told["code"], head["content-type"]) == (403, "blocked", "application/problem+json")
        assert (await line.asks(GOOD))[0] == 200
    assert (await line.asks(EVIL, "/health/live"))[0] == 200


async def test_who_is_refused_reaches_nothing_behind_the_door(town: Town, nothing_runs: None) -> None:
    town.block(EVIL)
    line = await town.line()
    assert (await line.asks(EVIL))[0] == 403
    assert (await line.asks(EVIL, "/v1/search?q=1'%20UNION%20SELECT%202"))[0] == 403


async def test_a_body_of_a_refused_request_ends_the_connection(town: Town) -> None:
    town.block(EVIL)
    for asked in ({"body": b'{"handle": "x"}'}, {"version": "1.0"}):
        line = await town.line()
        status, head, _ = await line.asks(EVIL, "/v1/auth/sign-in", **asked)
        assert (status, head["connection"]) == (403, "close")
        assert await line.reader.read() == b""


async def test_too_many_requests_are_refused_counted_and_then_blocked(town: Town) -> None:
    limits, detector = town.world.services.limits, town.world.services.intrusion.detector
    limits.bounds["request_address"] = Bound(5, 60)
    line = await town.line()
    statuses = [(await line.asks(EVIL))[0] for _ in range(260)]
    assert statuses[:5] == [200] * 5
    assert statuses[5] == 429
    assert statuses[-1] == 403
    assert limits.refused["request_address"] == detector.signs["flood"] == statuses.count(429)
    assert (await line.asks(GOOD))[0] == 200


async def test_a_limited_address_is_told_when_to_come_back(town: Town) -> None:
    town.world.services.limits.bounds["request_address"] = Bound(1, 60)
    line = await town.line()
    assert (await line.asks(EVIL))[0] == 200
    status, head, told = await line.asks(EVIL)
    assert (status, told["code"], told["limit"]) == (429, "rate_limited", "request_address")
    assert told["temporary"] is True
    assert 0 < told["retry_ms"] <= 121_000
    assert int(head["retry-after"]) == told["retry_ms"] // 1000 + (told["retry_ms"] % 1000 > 0)


async def test_what_a_connection_that_is_no_proxys_says_of_itself_does_not_count(app: World) -> None:
    app.services.intrusion.detector.respond(Shielded(EVIL, Response.BLOCK, None, "by hand", None, 0.0))
    async with served(app.application, http=BoundedHttp, forwarded_allow_ips="192.0.2.1") as url:
        town = Town(app, int(url.rpartition(":")[2]))
        assert (await (await town.line()).asks(EVIL))[0] == 200
        await town.hang_up()
