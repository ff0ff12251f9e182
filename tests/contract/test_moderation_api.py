"""Reviewing held messages over the routes, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_world import ANN, BOB, GROUP, OPA, VIC, World, world
from support.words_filter import Words


@pytest.fixture
async def judged(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database_url, tmp_path, moderator=Words()) as made:
        yield made


async def put_aside(app: World, who: int, *texts: str) -> list[int]:
    return [int((await app.say(who, GROUP, f"{who}-{text}", text, status=202))["held"]) for text in texts]


async def said(app: World) -> list[str]:
    return [each["body"]["text"] for each in (await app.messages(BOB, GROUP))["messages"]]


async def test_many_messages_are_let_in_in_the_order_of_their_sender(judged: World) -> None:
    held = await put_aside(judged, ANN, "spam 1", "spam 2", "spam 3")
    asked = {"held": [held[2], held[0], held[1]], "decision": "allow"}
    results = (await judged.ask(OPA, "POST", "/held/decide", json=asked))["results"]
    assert [each["held"]["state"] for each in results] == ["allowed"] * 3
    assert await said(judged) == ["spam 1", "spam 2", "spam 3"]


async def test_a_message_does_not_overtake_an_earlier_one_of_its_sender(judged: World) -> None:
    first, second = await put_aside(judged, ANN, "spam 1", "spam 2")
    (other,) = await put_aside(judged, BOB, "spam of bob")
    refused = await judged.ask(OPA, "POST", f"/held/{second}/decide", 409, json={"decision": "allow"})
    assert refused["code"] == "earlier_waiting"
    await judged.ask(OPA, "POST", f"/held/{other}/decide", json={"decision": "allow"})
    await judged.ask(OPA, "POST", f"/held/{first}/decide", json={"decision": "block"})
    await judged.ask(OPA, "POST", f"/held/{second}/decide", json={"decision": "allow"})
    assert await said(judged) == ["spam of bob", "spam 2"]


async def test_what_cannot_be_decided_stops_no_other(judged: World) -> None:
    first, second = await put_aside(judged, ANN, "spam 1", "spam 2")
    await judged.ask(OPA, "POST", f"/held/{first}/decide", json={"decision": "block"})
    asked = {"held": [first, 4711, second], "decision": "block"}
    results = (await judged.ask(OPA, "POST", "/held/decide", json=asked))["results"]
    assert {each["id"]: each.get("error") for each in results} == {
        4711: "not_found",
        first: "already_decided",
        second: None,
    }


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/held/decide", {"json": {"held": [1], "decision": "allow"}}),
        ("GET", "/moderation/figures", {}),
    ],
)
async def test_only_moderators_review(
    judged: World, method: str, path: str, content: dict[str, object]
) -> None:
    for who in (ANN, VIC):
        await judged.ask(who, method, path, 403, **content)


async def test_the_figures_say_how_right_the_filter_was(judged: World) -> None:
    held = await put_aside(judged, ANN, "spam 1", "spam 2", "spam 3", "spam 4")
    empty = await judged.ask(OPA, "GET", "/moderation/figures")
    assert (empty["decided"], empty["precision"], empty["waiting"]) == (0, None, 4)
    for one in held[:3]:
        await judged.ask(OPA, "POST", f"/held/{one}/decide", json={"decision": "block"})
    await judged.ask(OPA, "POST", f"/held/{held[3]}/decide", json={"decision": "allow"})
    found = await judged.ask(OPA, "GET", "/moderation/figures")
    assert (found["decided"], found["blocked"], found["precision"]) == (4, 3, 0.75)
    assert found["by_reason"] == {"spam.model": {"decided": 4, "blocked": 3}}


async def test_decisions_are_lessons_and_are_told_of(judged: World) -> None:
    told: list[int] = []
    judged.services.review.decided = told.append
    first, second = await put_aside(judged, ANN, "spam 1", "spam 2")
    await judged.ask(OPA, "POST", f"/held/{first}/decide", json={"decision": "block"})
    await judged.ask(OPA, "POST", f"/held/{second}/decide", json={"decision": "allow"})
    assert len(told) == 2
    assert await judged.services.review.lessons(told[0]) == [("spam 1", True), ("spam 2", False)]


async def test_a_broken_filter_lets_messages_pass_and_is_counted(judged: World) -> None:
    await judged.say(ANN, GROUP, "1", "break")
    assert await said(judged) == ["break"]
    assert (await judged.ask(OPA, "GET", "/moderation/figures"))["failed"] == 1


async def test_a_broken_filter_holds_messages_where_the_setting_says_so(
    database_url: str, tmp_path: Path
) -> None:
    async with world(database_url, tmp_path, moderator=Words(), moderation_fails_closed=True) as app:
        await put_aside(app, ANN, "break")
        (held,) = (await app.ask(OPA, "GET", "/held"))["held"]
        assert [each["code"] for each in held["reasons"]] == ["moderation.failed"]
        assert await said(app) == []
