"""Webhooks: signed, in order, tried again, given up where everybody can see it, and never sent inside."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from myna.errors import Malformed
from myna_bots.adapters.egress import GuardedEgress
from myna_bots.host import delivering
from myna_bots.host.delivering import RETRY_S, Deliverer
from myna_bots.host.signing import signature, verify
from support.bot_world import Caller, World, world
from support.receiver import Receiver, Request, receiver

READ_ALL = ["messages:read:all", "messages:write"]


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture
async def inbox() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def listening(
    shop: World, inbox: Receiver, *, groups: int = 1
) -> tuple[Caller, list[str], Caller, str]:
    """A bot with a webhook that hears groups; the secret comes last."""
    ann = await shop.person("ann")
    places = [await shop.group(ann) for _ in range(groups)]
    bot = await shop.bot(ann, scopes=READ_ALL, privacy="all")
    asked = {"url": inbox.url, "types": ["message.created"]}
    made = await ann.ask("PUT", f"/v1/bots/{bot.id}/webhook", json=asked)
    for place in places:
        wanted = {"scopes": READ_ALL, "privacy": "all"}
        await ann.ask("PUT", f"/v1/bots/{bot.id}/installations/{place}", json=wanted)
    return ann, places, bot, made["secret"]


async def test_a_webhook_gets_signed_events_in_order(shop: World, inbox: Receiver) -> None:
    ann, places, bot, secret = await listening(shop, inbox)
    sent = [await ann.says(places[0], f"number {number}") for number in range(5)]
    got = await inbox.wait_for(5)
    assert [each.json["data"]["message"]["seq"] for each in got] == sent
    for each in got:
        header = each.headers["x-myna-signature"]
        assert verify(each.body, header, secret, time.time())
        assert not verify(each.body + b" ", header, secret, time.time())
        assert not verify(each.body, header, "whsec_other", time.time())
        assert not verify(each.body, header, secret, time.time() + 400)
        assert each.headers["x-myna-event-id"] == each.json["id"]
    shown = (await ann.ask("GET", f"/v1/bots/{bot.id}/webhook"))["webhook"]
    assert (shown["state"], shown["dead"]) == ("active", 0)
    assert secret not in repr(shown)


async def test_both_secrets_sign_while_a_receiver_changes_over(shop: World, inbox: Receiver) -> None:
    ann, places, bot, old = await listening(shop, inbox)
    new = (await ann.ask("POST", f"/v1/bots/{bot.id}/webhook/rotate"))["secret"]
    await ann.says(places[0], "hello")
    (got,) = await inbox.wait_for(1)
    header = got.headers["x-myna-signature"]
    assert old != new
    assert verify(got.body, header, old, time.time())
    assert verify(got.body, header, new, time.time())


async def test_a_failed_event_is_tried_again_before_the_next_of_its_conversation(
    shop: World, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "RETRY_S", (0.05, 0.05, 0.05))
    ann, (slow, quick), _, _ = await listening(shop, inbox, groups=2)
    failures = {"first": 2}

    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        text = request.json["data"]["message"]["body"]["text"]
        if failures.get(text, 0):
            failures[text] -= 1
            return 503, {}, b""
        return 200, {}, b""

    inbox.answer = answer
    for text in ("first", "second"):
        await ann.says(slow, text)
    await ann.says(quick, "elsewhere")
    got = await inbox.wait_for(5)
    texts = [each.json["data"]["message"]["body"]["text"] for each in got]
    here = [text for text in texts if text != "elsewhere"]
    assert here == ["first", "first", "first", "second"]
    attempts = [
        each.json["attempt"] for each in got if each.json["data"]["message"]["body"]["text"] == "first"
    ]
    assert attempts == [1, 2, 3]


async def test_a_dead_letter_is_listed_and_replayed(
    shop: World, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "RETRY_S", (0.02, 0.02))
    ann, places, bot, _ = await listening(shop, inbox)
    inbox.answer = lambda _: (500, {}, b"")
    await ann.says(places[0], "unlucky")
    path = f"/v1/bots/{bot.id}/deliveries"
    dead: list[dict[str, object]] = []
    async with asyncio.timeout(60):
        while not dead:
            await asyncio.sleep(0.05)
            dead = (await ann.ask("GET", path))["deliveries"]
    assert (dead[0]["status"], dead[0]["attempts"]) == (500, 3)
    assert (await ann.ask("GET", f"/v1/bots/{bot.id}/webhook"))["webhook"]["failing_since"]
    inbox.answer = lambda _: (200, {}, b"")
    count = len(inbox.requests)
    await ann.ask("POST", f"{path}/replay", 404, json={"seq": 999})
    assert (await ann.ask("POST", f"{path}/replay", json={"seq": dead[0]["seq"]}))["replayed"] == 1
    got = (await inbox.wait_for(count + 1))[-1]
    assert got.json["data"]["message"]["body"]["text"] == "unlucky"
    async with asyncio.timeout(60):
        while (await ann.ask("GET", f"/v1/bots/{bot.id}/webhook"))["webhook"]["failing_since"]:
            await asyncio.sleep(0.05)
    assert (await ann.ask("GET", path))["deliveries"] == []


async def test_gone_turns_a_webhook_off(shop: World, inbox: Receiver) -> None:
    ann, places, bot, _ = await listening(shop, inbox)
    inbox.answer = lambda _: (410, {}, b"")
    await ann.says(places[0], "anybody?")
    async with asyncio.timeout(60):
        while (await ann.ask("GET", f"/v1/bots/{bot.id}/webhook"))["webhook"]["state"] != "off":
            await asyncio.sleep(0.05)
    await ann.ask("DELETE", f"/v1/bots/{bot.id}/webhook", 204)
    await ann.ask("GET", f"/v1/bots/{bot.id}/webhook", 404)


def test_waits_grow_from_five_seconds_to_six_hours_and_honour_the_receiver() -> None:
    deliverer = Deliverer(None, None, random.Random(7))  # type: ignore[arg-type]  # only its clock is asked
    waits = [deliverer.wait_s(attempt, None) for attempt in range(1, 8)]
    assert all(step <= wait <= step * 1.2 for step, wait in zip(RETRY_S, waits, strict=True))
    assert (RETRY_S[0], RETRY_S[-1]) == (5.0, 21600.0)
    assert deliverer.wait_s(1, 90.0) == 90.0
    assert deliverer.wait_s(1, 10**9) == 21600.0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://localhost/x",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
    ],
)
async def test_webhooks_are_not_sent_inside(url: str) -> None:
    egress = GuardedEgress(allow_private=False)
    try:
        with pytest.raises(Malformed) as refused:
            await egress.post(url, b"{}", {}, 2.0)
        assert refused.value.code == "private_address"
    finally:
        await egress.close()


async def test_an_address_of_another_kind_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path, private_webhooks=False) as shop:
        ann = await shop.person("ann")
        bot = await shop.bot(ann)
        for url in ("ftp://example.org/x", "http://user:pw@example.org/", "nonsense", "http://127.0.0.1/x"):
            await ann.ask("PUT", f"/v1/bots/{bot.id}/webhook", 400, json={"url": url})
        await ann.ask("GET", f"/v1/bots/{bot.id}/webhook", 404)


def test_a_signature_names_each_secret() -> None:
    header = signature(b"{}", ("one", "two"), 1000)
    assert header.startswith("t=1000,v1=")
    assert header.count("v1=") == 2
    assert verify(b"{}", header, "two", 1000.0)
    assert not verify(b"{}", "t=,v1=zz", "two", 1000.0)
