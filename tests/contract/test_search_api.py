"""Search over the routes on both databases: Chinese and English, filters, floors, edits and recalls."""

from typing import Any

import pytest

from myna.adapters.sql.search.index import COMPLETIONS
from myna.log.personal_writes import Retain
from myna.log.writes import Join
from myna.model.conversation import MemberRole
from support.api_world import ANN, BOB, CHANNEL, EVE, GROUP, OPA, OTTO, VIC, ZOE, World
from support.planning import SUPPORT

HERE = f"/conversations/{GROUP}"


async def find(app: World, who: int, q: str = "", **params: Any) -> list[tuple[int, int]]:
    """(conversation, seq) of what the user finds, once the index has caught up."""
    while await app.services.indexer.once():
        pass
    found = await app.ask(who, "GET", "/search", params={"q": q, **params})
    return [(int(each["conversation"]), each["seq"]) for each in found["hits"]]


async def test_chinese_and_english_are_found(app: World) -> None:
    for place, said in enumerate(
        ("The delivery is late", "明天下午三点开会", "新iPhone手机到了", "会开完了", "Deliver it today")
    ):
        await app.say(ANN, GROUP, str(place), said)
    for query, seqs in (
        ("deliver", [5, 1]),
        ("deliveries", [1]),
        ("DELIVERY late", [1]),
        ("开会", [2]),
        ("会", [4, 2]),
        ("三点开会", [2]),
        ("下午三", [2]),
        ("开会三点", []),
        ("iphone", [3]),
        ("手机", [3]),
        ('"is late"', [1]),
        ('"late is"', []),
        ("missing", []),
        ("' OR 1=1 --", []),
        ("a:* & !b", []),
    ):
        assert await find(app, BOB, query) == [(GROUP, seq) for seq in seqs], query


@pytest.mark.parametrize("longer", [1, COMPLETIONS, COMPLETIONS + 1])
async def test_the_beginning_of_few_and_of_many_words_is_found(app: World, longer: int) -> None:
    words = [f"park{'abcdefghijklmnopqrstuvwxyz'[place % 26]}{place}" for place in range(longer)]
    said = ["par", "park", *words, "parl", "qark", "0park"]
    for start in range(0, len(said), 8):
        await app.say(ANN, GROUP, str(start), " ".join(said[start : start + 8]))
    holding = [
        start // 8 + 1
        for start in range(0, len(said), 8)
        if any(each.startswith("park") for each in said[start : start + 8])
    ]
    assert await find(app, BOB, "park") == [(GROUP, seq) for seq in reversed(holding)]


async def test_snippets_mark_what_was_found(app: World) -> None:
    await app.say(ANN, GROUP, "1", "好的，我们明天下午三点开会")
    await find(app, BOB, "x")
    (hit,) = (await app.ask(BOB, "GET", "/search", params={"q": "下午三点"}))["hits"]
    assert [each["text"] for each in hit["snippet"] if each["hit"]] == ["下午三点"]
    assert hit["conversation_title"] == "Team"
    assert hit["message"]["sender"] == str(ANN)


async def test_filters(app: World) -> None:
    await app.say(ANN, GROUP, "1", "budget plan https://shop.example/a")
    await app.say(BOB, GROUP, "2", "budget is fine")
    await app.say(ANN, CHANNEL, "1", "budget news")
    file = await app.ask(BOB, "POST", "/files", 201, json={"name": "budget.csv", "size": 3})
    await app.ask(BOB, "PATCH", f"/files/{file['id']}", content=b"a,b", headers={"Upload-Offset": "0"})
    await app.say(BOB, GROUP, "3", body={"files": [file["id"]]})
    assert await find(app, BOB, "budget") == [(GROUP, 3), (CHANNEL, 1), (GROUP, 2), (GROUP, 1)]
    for query, params, expected in (
        ("budget from:ann", {}, [(CHANNEL, 1), (GROUP, 1)]),
        ("budget", {"from": "me"}, [(GROUP, 3), (GROUP, 2)]),
        ("budget", {"from": str(ANN), "in": GROUP}, [(GROUP, 1)]),
        (f"budget in:{CHANNEL}", {}, [(CHANNEL, 1)]),
        ("has:file", {}, [(GROUP, 3)]),
        ("budget", {"has": "link"}, [(GROUP, 1)]),
        ("budget after:2099-01-01", {}, []),
        ("budget before:2001-01-01", {}, []),
        ("budget after:2001-01-01 before:2099-01-01 from:bob has:file", {}, [(GROUP, 3)]),
        ("budget from:nobody", {}, []),
    ):
        assert await find(app, BOB, query, **params) == expected, query


async def test_nothing_below_a_floor_and_nothing_foreign_is_found(app: World) -> None:
    await app.say(ANN, GROUP, "1", "secret plan")
    await app.say(VIC, SUPPORT, "1", "secret order")
    await app.write(Join(GROUP, EVE, MemberRole.MEMBER, {}, history="none"))
    assert await find(app, EVE, "secret") == []
    assert await find(app, ZOE, "secret") == []
    assert await find(app, VIC, "secret") == [(SUPPORT, 1)]
    assert await find(app, OPA, "secret") == [(SUPPORT, 1)]
    await app.ask(EVE, "GET", "/search", 404, params={"q": "secret", "in": SUPPORT})
    await app.say(ANN, GROUP, "2", "secret two")
    assert await find(app, EVE, "secret") == [(GROUP, 2)]
    await app.ask(BOB, "POST", f"{HERE}/hidden", 204, json={"seqs": [1]})
    assert await find(app, BOB, "secret") == [(GROUP, 2)]
    await app.ask(BOB, "POST", f"{HERE}/hidden", 204, json={"up_to": 2})
    assert await find(app, BOB, "secret") == []
    await app.ask(EVE, "DELETE", f"{HERE}/members/me", 204)
    assert await find(app, EVE, "secret") == []
    assert await find(app, ANN, "secret") == [(GROUP, 2), (GROUP, 1)]


async def test_edits_and_recalls_follow(app: World) -> None:
    await app.say(ANN, GROUP, "1", "old words")
    assert await find(app, BOB, "old") == [(GROUP, 1)]
    await app.ask(ANN, "PATCH", f"{HERE}/messages/1", json={"body": {"text": "new words"}})
    assert (await find(app, BOB, "old"), await find(app, BOB, "new")) == ([], [(GROUP, 1)])
    await app.say(ANN, GROUP, "2", "new too")
    assert await find(app, BOB, "new") == [(GROUP, 2), (GROUP, 1)]
    await app.ask(ANN, "DELETE", f"{HERE}/messages/1")
    # A recalled message is not found even before the index hears of it.
    hits = (await app.ask(BOB, "GET", "/search", params={"q": "new"}))["hits"]
    assert [each["seq"] for each in hits] == [2]
    assert await find(app, BOB, "words") == []


async def test_what_retention_takes_is_not_found(app: World) -> None:
    await app.say(ANN, GROUP, "1", "ancient")
    assert await find(app, BOB, "ancient") == [(GROUP, 1)]
    await app.ask(ANN, "PATCH", HERE, json={"policy": {"retain_days": 1}})
    await app.write(Retain(GROUP, 1))
    assert await find(app, BOB, "ancient") == []


async def test_hits_come_in_pages(app: World) -> None:
    for place in range(7):
        await app.say(ANN, GROUP, str(place), f"page {place}")
    await find(app, BOB, "page")
    found: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = await app.ask(BOB, "GET", "/search", params={"q": "page", "limit": 3, **cursor})
        found += [each["seq"] for each in page["hits"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == [7, 6, 5, 4, 3, 2, 1]


async def test_two_indexers_do_not_index_twice(app: World) -> None:
    await app.say(ANN, GROUP, "1", "once only")
    cursor = await app.services.indexer._index.cursor()
    await find(app, BOB, "once")
    await app.services.indexer._index.store(cursor - 1, 10**6, [], {})
    assert await app.services.indexer._index.cursor() < 10**6
    assert await find(app, BOB, "once") == [(GROUP, 1)]


@pytest.mark.parametrize(
    "params",
    [
        {"q": ""},
        {"q": "!?"},
        {"q": "x has:nothing"},
        {"q": "x in:me"},
        {"q": "x before:soon"},
        {"q": "x" * 501},
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(app: World, params: dict[str, str]) -> None:
    await app.ask(OTTO, "GET", "/search", 400, params=params)
