"""Bots as users with keys: who may make them, what they hear, and that nothing of it is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.model.workspace import WorkspaceRole
from myna_bots.adapters.tables import BotTokenRow
from support.bot_world import Caller, World, until, updates, world

READ_ALL = ["messages:read:all", "messages:write", "members:read"]


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, database_url) as made:
        yield made


async def test_only_those_who_build_bots_make_one(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob", WorkspaceRole.ANALYST)
    asked = {"name": "Order bot", "handle": "order_bot"}
    await bob.ask("POST", "/v1/bots", 403, json=asked)
    made = await ann.ask("POST", "/v1/bots", 201, json=asked)
    assert made["bot"]["privacy"] == "mentions"
    await ann.ask("POST", "/v1/bots", 409, json=asked)
    await ann.ask("POST", "/v1/bots", 400, json={"name": "X", "handle": "1bad"})
    await ann.ask("POST", "/v1/bots", 400, json={**asked, "scopes": ["everything"]})
    assert [each["id"] for each in (await ann.ask("GET", "/v1/bots"))["bots"]] == [made["bot"]["id"]]


async def test_a_key_is_kept_as_a_digest_and_ends_when_revoked(shop: World, database_url: str) -> None:
    ann = await shop.person("ann")
    bot = await shop.bot(ann)
    me = await bot.ask("GET", "/v1/bot")
    assert me["bot"]["id"] == bot.id
    database = Database(database_url)
    async with database.read() as connection:
        kept = (await connection.execute(select(table(BotTokenRow)))).all()
    await database.close()
    assert bot.token.split(":")[1] not in repr(kept)
    second = (await ann.ask("POST", f"/v1/bots/{bot.id}/tokens", 201, json={"name": "two"}))["token"]
    shown = await ann.ask("GET", f"/v1/bots/{bot.id}")
    assert bot.token not in repr(shown)
    first = next(each["id"] for each in shown["tokens"] if each["name"] == "first")
    await ann.ask("DELETE", f"/v1/bots/{bot.id}/tokens/{first}", 204)
    await bot.ask("GET", "/v1/bot", 401)
    await Caller(shop.http, bot.id, second["key"]).ask("GET", "/v1/bot")
    await ann.ask("DELETE", f"/v1/bots/{bot.id}/tokens/{first}", 404)
    await ann.ask("DELETE", f"/v1/bots/{bot.id}", 204)
    await Caller(shop.http, bot.id, second["key"]).ask("GET", "/v1/bot", 401)
    await Caller(shop.http, bot.id, f"{bot.id}:" + "x" * 35).ask("GET", "/v1/bot", 401)
    await ann.ask("GET", "/v1/bot", 403)
    owner = await shop.person("olga", WorkspaceRole.OWNER)
    audit = (await owner.ask("GET", "/v1/audit"))["lines"]
    assert [each["action"] for each in reversed(audit)] == [
        "bot.added", "bot.key_made", "bot.key_made", "bot.key_revoked", "bot.removed",
    ]  # fmt: skip
    assert bot.token.split(":")[1] not in repr(audit)
    assert second["key"].split(":")[1] not in repr(audit)


async def test_a_bot_in_privacy_mode_hears_what_is_meant_for_it(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place, "order_bot")
    await until(bot, "member.joined")
    await ann.says(place, "nobody asked you")
    await ann.says(place, "/order@other_bot 1")
    command = await ann.says(place, "/order 7")
    named = await ann.says(place, "what do you say, @order_bot?")
    body = {"text": "Order 7 is on its way."}
    path = f"/v1/bot/conversations/{place}/messages"
    said = await bot.ask("POST", path, 201, json=body, headers={"Idempotency-Key": "a1"})
    again = await bot.ask("POST", path, 200, json=body, headers={"Idempotency-Key": "a1"})
    assert (said["seq"], again["seq"], again["duplicate"]) == (said["seq"], said["seq"], True)
    reply = await ann.says(place, "thanks", reply_to=said["seq"])
    await ann.says(place, "bye all")
    heard: list[dict[str, object]] = []
    while len(heard) < 3:
        heard += await updates(bot, heard[-1]["seq"] if heard else None)  # type: ignore[arg-type]
    assert [(each["type"], each["data"]["message"]["seq"]) for each in heard] == [  # type: ignore[index]
        ("command.invoked", command),
        ("message.created", named),
        ("message.created", reply),
    ]
    assert heard[0]["data"]["command"] == {"name": "order", "args": "7"}  # type: ignore[index]
    assert await updates(bot, heard[-1]["seq"], wait=0) == []  # type: ignore[arg-type]


async def test_a_bot_that_may_read_everything_hears_everything_but_other_bots(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    one = await shop.installed(ann, place, scopes=READ_ALL, privacy="all")
    two = await shop.installed(ann, place, scopes=READ_ALL, privacy="all")
    seq = await ann.says(place, "hello everybody")
    for bot in (one, two):
        heard = await until(bot, "message.created")
        assert heard["data"]["message"]["seq"] == seq
        body = {"text": "I heard you"}
        path = f"/v1/bot/conversations/{place}/messages"
        await bot.ask("POST", path, 201, json=body, headers={"Idempotency-Key": "a"})
    last = await ann.says(place, "quiet")
    assert (await until(one, "message.created"))["data"]["message"]["seq"] == last


async def test_bots_that_hear_each_other_fall_silent_after_four_hops(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    pair = [
        await shop.installed(ann, place, scopes=READ_ALL, privacy="all", hears_bots=True) for _ in range(2)
    ]
    await ann.says(place, "discuss")
    spoken, cursors, quiet = 0, [0, 0], 0
    while quiet < 2 and spoken < 20:
        quiet += 1
        for at, bot in enumerate(pair):
            for event in await updates(bot, cursors[at], wait=1.5):
                cursors[at] = event["seq"]
                if event["type"] == "message.created":
                    quiet = 0
                    spoken += 1
                    key = {"Idempotency-Key": f"r{event['seq']}"}
                    path = f"/v1/bot/conversations/{place}/messages"
                    await bot.ask("POST", path, 201, json={"text": "and then?"}, headers=key)
    assert 5 <= spoken < 20


async def test_an_uninstalled_bot_hears_and_says_nothing(shop: World) -> None:
    ann, bob = await shop.person("ann"), await shop.person("bob")
    place = await shop.group(ann, bob.id)
    bot = await shop.installed(ann, place)
    path = f"/v1/bots/{bot.id}/installations/{place}"
    await bob.ask("PUT", path, 403, json={})
    await bob.ask("DELETE", path, 403)
    await ann.ask("DELETE", path, 204)
    await ann.says(place, "/order 1")
    key = {"Idempotency-Key": "a"}
    # Its seat went with the installation, so the conversation looks like one that does not exist.
    await bot.ask("POST", f"/v1/bot/conversations/{place}/messages", 404, json={"text": "x"}, headers=key)
    await ann.ask("PUT", path, json={})
    seq = await ann.says(place, "/order 2")
    assert (await until(bot, "command.invoked"))["data"]["message"]["seq"] == seq


async def test_a_key_without_a_scope_does_not_get_past_it(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    deaf = await shop.installed(ann, place, scopes=["messages:read:mentions"])
    await ann.says(place, "a secret of the group")
    key = {"Idempotency-Key": "a"}
    await deaf.ask("POST", f"/v1/bot/conversations/{place}/messages", 403, json={"text": "x"}, headers=key)
    for path in ("messages", "events"):
        await deaf.ask("GET", f"/v1/conversations/{place}/{path}", 403)
    for path in ("/v1/poll?pos=0&wait=0", "/v1/events"):
        await deaf.ask("GET", path, 403)
    for shown in (
        await deaf.ask("GET", "/v1/conversations"),
        await deaf.ask("GET", f"/v1/conversations/{place}"),
    ):
        assert "a secret" not in repr(shown)
    await deaf.ask("GET", "/v1/bots", 403)


async def test_what_happened_while_a_bot_was_away_comes_once_and_in_order(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place, scopes=READ_ALL, privacy="all")
    await until(bot, "member.joined")
    sent = [await ann.says(place, f"message {number}") for number in range(30)]
    got: list[int] = []
    while len(got) < len(sent):
        async with asyncio.timeout(60):
            page = (await bot.ask("GET", "/v1/bot/updates", params={"limit": 7, "wait": 5}))["events"]
        got += [event["data"]["message"]["seq"] for event in page]
        await bot.ask("POST", "/v1/bot/cursor", json={"cursor": page[-1]["seq"]})
    assert got == sent
    assert await updates(bot, wait=0) == []
    assert (await bot.ask("POST", "/v1/bot/cursor", json={"cursor": 1}))["cursor"] == page[-1]["seq"]


async def test_a_bot_that_sends_too_fast_is_told_when_to_go_on(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place)
    path = f"/v1/bot/conversations/{place}/messages"
    await shop.used_up(bot, place)
    refused = await bot.ask("POST", path, 429, json={"text": "x"}, headers={"Idempotency-Key": "last"})
    assert 0 < refused["retry_ms"] <= 1001


async def test_what_a_bot_remembers_is_its_own_and_runs_out(shop: World) -> None:
    ann = await shop.person("ann")
    one, two = await shop.bot(ann), await shop.bot(ann)
    await one.ask("PUT", "/v1/bot/state/cart/7", json={"value": {"items": [1, 2]}})
    await one.ask("PUT", "/v1/bot/state/cart/8", json={"value": 8, "ttl_s": 0.001})
    assert (await one.ask("GET", "/v1/bot/state/cart/7"))["value"] == {"items": [1, 2]}
    assert (await two.ask("GET", "/v1/bot/state/cart/7"))["value"] is None
    await asyncio.sleep(0.01)
    assert (await one.ask("GET", "/v1/bot/state/cart"))["values"] == {"7": {"items": [1, 2]}}
    await one.ask("PUT", "/v1/bot/state/cart/7", json={"value": None})
    assert (await one.ask("GET", "/v1/bot/state/cart"))["values"] == {}
    await one.ask("PUT", "/v1/bot/state/cart/9", 413, json={"value": "x" * 70_000})
