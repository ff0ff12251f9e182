"""Limits over HTTP and the socket's commands: who is refused, what it is told, and what administrators see."""

from collections.abc import AsyncIterator, Mapping

import pytest

from myna.errors import TooMany
from myna.limits.bounds import LIMITS
from myna.limits.windows import Bound
from support.api_world import ANN, BOB, GROUP, OTTO, VIC, ZOE, World
from support.planning import SUPPORT


async def test_messages_of_a_user_are_bounded_over_every_transport(app: World) -> None:
    app.services.limits.bounds["message_user"] = Bound(2, 60)
    await app.say(ANN, GROUP, "one")
    send = {"op": "send", "conversation": str(GROUP), "client_id": "two", "body": {"text": "two"}}
    assert (await app.frame(ANN, send))["op"] == "ack"
    refused = await app.say(ANN, GROUP, "three", status=429)
    assert (refused["code"], refused["limit"]) == ("rate_limited", "message_user")
    with pytest.raises(TooMany) as nacked:
        await app.frame(ANN, {**send, "client_id": "four"})
    assert nacked.value.retry_ms is not None
    await app.say(BOB, GROUP, "five")
    texts = [each["client_id"] for each in (await app.messages(ANN, GROUP))["messages"]]
    assert "three" not in texts
    assert "four" not in texts


async def test_a_conversation_and_an_inbox_have_bounds_of_their_own(app: World) -> None:
    app.services.limits.bounds["message_conversation"] = Bound(1, 60)
    await app.say(ANN, GROUP, "one")
    assert (await app.say(BOB, GROUP, "two", status=429))["limit"] == "message_conversation"
    del app.services.limits.bounds["message_conversation"]
    app.services.limits.bounds["message_inbox"] = Bound(1, 60)
    await app.say(VIC, SUPPORT, "one")
    assert (await app.say(VIC, SUPPORT, "two", status=429))["limit"] == "message_inbox"


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(app: World) -> None:
    app.services.limits.bounds["request_address"] = Bound(2, 60)
    for _ in range(2):
        await app.ask(ANN, "GET", "/me")
    answer = await app.http.get("/me")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) * 1000 >= answer.json()["retry_ms"] > 0
    assert (await app.http.get("http://myna/health/live")).status_code == 200


async def test_administrators_of_the_server_see_the_limits(app: World) -> None:
    app.services.limits.bounds["message_user"] = Bound(1, 60)
    app.services.limits.bounds.pop("preview_user")
    await app.say(ANN, GROUP, "one")
    await app.say(ANN, GROUP, "two", status=429)
    shown = {each["name"]: each for each in (await app.ask(OTTO, "GET", "/admin/limits"))["limits"]}
    assert shown.keys() == LIMITS.keys()
    assert (shown["message_user"]["count"], shown["message_user"]["refused"]) == (1, 1)
    assert shown["preview_user"]["count"] is None
    await app.ask(ANN, "GET", "/admin/limits", 403)
    assert (await app.ask(ZOE, "GET", "/admin/limits", 403))["code"] == "not_your_server"


DEEP = '{"a":' * 100 + "1" + "}" * 100
JSON: Mapping[str, str] = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"x" * 1_048_577, JSON, 413, "too_large"),
        (DEEP.encode(), JSON, 400, "too_deep"),
        (b"[" * 500_000, JSON, 400, "too_deep"),
        (b"\x1f\x8b\x08", {**JSON, "Content-Encoding": "gzip"}, 415, "encoded_body"),
        (b'{"kind": "group"', JSON, 400, "malformed"),
    ],
    ids=["long", "deep", "brackets", "packed", "broken"],
)
async def test_bodies_have_bounds(
    app: World, body: bytes, headers: Mapping[str, str], status: int, code: str
) -> None:
    answer = await app.http.post("/conversations", content=body, headers=dict(headers))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_body_without_a_length_is_counted_as_it_comes(app: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2000):
            yield b"x" * 1024

    answer = await app.http.post("/conversations", content=endless(), headers=dict(JSON))
    assert answer.status_code == 413


async def test_brackets_in_what_somebody_says_are_no_nesting(app: World) -> None:
    said = "[" * 300 + '\\" {{{' + "]" * 20
    await app.say(ANN, GROUP, "brackets", said)
    assert (await app.messages(ANN, GROUP))["messages"][-1]["body"]["text"] == said
