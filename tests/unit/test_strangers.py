"""Requests of strangers wait for each other, and nobody else for them."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from myna.api import strangers
from myna.api.strangers import Strangers, credential_of, leaving
from myna.errors import Busy


def asked(path: str = "/v1/me", token: str = "", state: dict[str, Any] | None = None) -> dict[str, Any]:
    """A request as the server sees it."""
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    return {"type": "http", "path": path, "headers": headers, "state": state or {}}


async def test_only_a_few_are_at_work_and_the_others_come_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "AT_ONCE", 2)
    monkeypatch.setattr(strangers, "HOLD_S", 60.0)
    line = Strangers()
    first, second = await line.turn(), await line.turn()
    served: list[int] = []

    async def one(number: int) -> None:
        leave = await line.turn()
        served.append(number)
        leave()
        leave()

    waiting = [asyncio.create_task(one(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert served == []
    waiting[0].cancel()
    first()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert served == [1, 2]
    second()
    assert line._at_work == 0


async def test_a_place_is_given_back_by_whoever_waits_for_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strangers, "AT_ONCE", 1)
    monkeypatch.setattr(strangers, "HOLD_S", 0.01)
    line = Strangers()
    late = await line.turn()
    async with asyncio.timeout(10):
        second = await line.turn()
    late()
    second()
    assert line._at_work == 0


async def test_a_turn_that_comes_to_whoever_left_goes_on_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "AT_ONCE", 1)
    monkeypatch.setattr(strangers, "HOLD_S", 60.0)
    line = Strangers()
    first = await line.turn()
    gone, stays = asyncio.create_task(line.turn()), asyncio.create_task(line.turn())
    await asyncio.sleep(0)
    first()
    gone.cancel()
    async with asyncio.timeout(10):
        (await stays)()
    assert gone.cancelled()
    assert line._at_work == 0


async def test_a_line_that_is_full_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "AT_ONCE", 0)
    monkeypatch.setattr(strangers, "MAX_WAITING", 1)
    line = Strangers()
    waiting = asyncio.create_task(line.turn())
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await line.turn()
    waiting.cancel()


async def test_whoever_signed_in_is_no_stranger_until_the_token_ends() -> None:
    line, mine = Strangers(), asked(token="mine", state={"principal": object()})
    credential = credential_of(mine)
    assert not line.knows(credential)
    line.tell(credential, mine, 200)
    assert line.knows(credential)
    line.tell(credential, mine, 401)
    assert not line.knows(credential)


async def test_a_made_up_token_on_an_open_route_and_no_token_stay_strangers() -> None:
    line = Strangers()
    for each in (asked("/v1/inboxes/demo", token="made up"), asked("/", state={"principal": object()})):
        line.tell(credential_of(each), each, 200)
        assert not line.knows(credential_of(each))
    telegram = asked("/bot12:key/getMe")
    line.tell(credential_of(telegram), telegram, 200)
    assert line.knows(credential_of(asked("/bot12:key/sendMessage")))
    assert not line.knows(credential_of(asked("/bot12:other/sendMessage")))


async def test_the_credentials_that_are_known_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MAX_KNOWN", 3)
    line = Strangers()
    for number in range(9):
        each = asked(token=f"token {number}", state={"principal": object()})
        line.tell(credential_of(each), each, 200)
    assert len(line._known) == 3


async def test_a_place_is_given_back_when_the_answer_begins() -> None:
    app, told, left = FastAPI(), list[str](), list[int]()

    @app.get("/")
    async def home(_: Request) -> Response:
        return Response("hello")

    async def shell(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            told.append(f"{message['type']} {len(left)}")
            await send(message)

        await app(scope, receive, leaving(noted, lambda: left.append(1)))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://myna") as http:
        assert (await http.get("/")).text == "hello"
    assert told[0] == "http.response.start 1"
