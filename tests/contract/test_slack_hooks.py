"""Incoming webhooks and slash commands as Slack and Mattermost have them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from myna_bots.slack.payload import formatted
from support.bot_world import Caller, World, world
from support.receiver import Request, receiver


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def texts(ann: Caller, place: str) -> list[str]:
    got = await ann.ask("GET", f"/v1/conversations/{place}/messages")
    return [each["body"]["text"] for each in got["messages"]]


async def test_an_incoming_webhook_speaks_as_the_bot(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place)
    made = await ann.ask("POST", f"/v1/bots/{bot.id}/hooks", 201, json={"conversation": place})
    path = urlsplit(made["url"]).path
    assert path.split("/")[-1] not in repr(await ann.ask("GET", f"/v1/bots/{bot.id}/hooks"))
    card = {"title": "Build 7", "text": "*failed*", "fields": [{"title": "Branch", "value": "main"}]}
    answer = await shop.http.post(
        path, json={"text": "Hi <https://e.org|there> & *you*", "attachments": [card]}
    )
    assert (answer.status_code, answer.text) == (200, "ok")
    form = {"payload": json.dumps({"text": "from a form"})}
    assert (await shop.http.post(path, data=form)).text == "ok"
    assert await texts(ann, place) == ["Hi there & you\nBuild 7\nfailed\nBranch: main", "from a form"]
    message = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"][0]
    assert message["sender"] == bot.id
    assert message["body"]["card"]["fields"] == [{"label": "Branch", "value": "main"}]
    wrong: list[tuple[str, Any, int, str]] = [
        (path, b"{", 400, "invalid_payload"),
        (path, b"[]", 400, "invalid_payload"),
        (path, b'{"text": 7}', 400, "invalid_payload"),
        (path, b'{"text": " "}', 400, "no_text"),
        (path[:-1] + "_", b'{"text": "x"}', 404, "no_service"),
    ]
    for where, body, status, word in wrong:
        answer = await shop.http.post(where, content=body)
        assert (answer.status_code, answer.text) == (status, word)
    await ann.ask("DELETE", f"/v1/bots/{bot.id}/hooks/{made['hook']['id']}", 204)
    assert (await shop.http.post(path, json={"text": "x"})).status_code == 404
    assert len(await texts(ann, place)) == 2


async def test_a_slash_command_goes_out_and_its_answers_come_in(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place)
    async with receiver() as inbox:

        def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
            return 200, {}, json.dumps({"response_type": "in_channel", "text": "Sunny"}).encode()

        inbox.answer = answer
        made = await ann.ask("PUT", f"/v1/bots/{bot.id}/slash-command", json={"url": inbox.url})
        await ann.says(place, "just talking")
        await ann.says(place, "/weather Berlin tomorrow")
        (got,) = await inbox.wait_for(1)
        assert got.headers["content-type"] == "application/x-www-form-urlencoded"
        sent = {name: each[0] for name, each in parse_qs(got.body.decode()).items()}
        assert (sent["command"], sent["text"], sent["token"]) == (
            "/weather",
            "Berlin tomorrow",
            made["token"],
        )
        assert (sent["channel_id"], sent["user_id"]) == (place, ann.id)
        async with asyncio.timeout(60):
            while "Sunny" not in await texts(ann, place):
                await asyncio.sleep(0.05)
        later = urlsplit(sent["response_url"]).path
        for number in range(5):
            said = {"response_type": "in_channel", "text": f"later {number}"}
            assert (await shop.http.post(later, json=said)).text == "ok"
        assert (await shop.http.post(later, json={"text": "x"})).text == "used_url"
        assert "later 4" in await texts(ann, place)


@pytest.mark.parametrize(
    ("text", "shown", "marks"),
    [
        ("*b* _i_ ~s~ `c`", "b i s c", ["bold", "italic", "strikethrough", "code"]),
        ("2 * 3 * 4", "2 * 3 * 4", []),
        ("snake_case_name", "snake_case_name", []),
        ("<https://e.org>", "https://e.org", []),
        ("*a <https://e.org|b> c*", "a b c", ["bold", "text_link"]),
        ("<@U1> &lt;x&gt;", "@U1 <x>", []),
    ],
)
def test_mrkdwn(text: str, shown: str, marks: list[str]) -> None:
    got, entities = formatted(text)
    assert (got, [each["type"] for each in entities]) == (shown, marks)
    for each in entities:
        assert 0 <= each["offset"] < each["offset"] + each["length"] <= len(got)
