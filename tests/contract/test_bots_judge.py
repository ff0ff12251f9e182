"""Bots with the scope `messages:moderate` are asked about messages before they are stored."""

import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from myna.model.workspace import WorkspaceRole
from myna_bots import opening
from myna_bots.host import judges
from myna_bots.host.signing import verify
from support.bot_world import Caller, World, world
from support.receiver import Receiver, Request, receiver

JUDGES = ["messages:moderate", "messages:write"]


@pytest.fixture
async def inbox() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def shop(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    # On a busy machine an answer may take longer than a judge is given.
    monkeypatch.setattr(judges, "ANSWER_S", 5.0)
    monkeypatch.setattr(opening, "SLACK_S", 10.0)
    # Each message looks who judges: the bots come after the start here.
    monkeypatch.setattr(judges, "REFRESH_S", 0.0)
    async with world(tmp_path, database_url, moderation=True) as made:
        assert made.services.sender.judging is not None
        made.services.sender.judging.wait_s = 20.0
        yield made


async def judged(shop: World, inbox: Receiver, scopes: list[str] = JUDGES) -> tuple[Caller, str, Caller, str]:
    """A group with a bot that judges: its owner, the group, the bot, the bot's secret."""
    ann = await shop.person("ann")
    group = await shop.group(ann)
    bot = await shop.bot(ann, scopes=scopes)
    asked = {"url": inbox.url, "types": ["form.submitted"]}
    secret = (await ann.ask("PUT", f"/v1/bots/{bot.id}/webhook", json=asked))["secret"]
    await ann.ask("PUT", f"/v1/bots/{bot.id}/installations/{group}", json={"scopes": scopes})
    return ann, group, bot, secret


async def send(who: Caller, group: str, text: str, status: int) -> Any:
    key = {"Idempotency-Key": f"k{time.monotonic_ns()}"}
    body = {"body": {"text": text}}
    return await who.ask("POST", f"/v1/conversations/{group}/messages", status, json=body, headers=key)


def failures(shop: World) -> Counter[str]:
    assert shop.services.sender.judging is not None
    return shop.services.sender.judging.failures


def says(action: str) -> Any:
    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        if "rude" not in str(request.json["data"]["text"]):
            return 204, {}, b""
        return 200, {}, json.dumps({"action": action, "reason": "rude"}).encode()

    return answer


async def test_a_bot_is_asked_with_a_signed_question(shop: World, inbox: Receiver) -> None:
    ann, group, bot, secret = await judged(shop, inbox)
    inbox.answer = says("hold")
    await send(ann, group, "good morning", 201)
    (asked,) = await inbox.wait_for(1)
    assert verify(asked.body, asked.headers["x-myna-signature"], secret, time.time())
    assert asked.json == {
        "type": "moderation.asked",
        "bot": bot.id,
        "conversation": group,
        "data": {
            "text": "good morning",
            "codes": [],
            "sender": {"id": ann.id, "kind": "human"},
            "place": {"id": group, "kind": "group"},
        },
    }


@pytest.mark.parametrize(("action", "status"), [("allow", 201), ("flag", 201), ("hold", 202), ("block", 422)])
async def test_what_the_bot_says_counts(shop: World, inbox: Receiver, action: str, status: int) -> None:
    ann, group, bot, _ = await judged(shop, inbox)
    inbox.answer = says(action)
    await send(ann, group, "how rude", status)
    boss = await shop.person("boss", WorkspaceRole.OWNER)
    state = {"flag": "flagged", "hold": "waiting", "block": "blocked"}.get(action)
    if state is not None:
        (aside,) = (await boss.ask("GET", "/v1/held", params={"state": state}))["held"]
        assert aside["reasons"][0] | {"weight": 1.0} == {
            "code": "bot.judged",
            "detail": f"{bot.id}: rude",
            "weight": 1.0,
        }


@pytest.mark.parametrize(
    "answer", [(500, b""), (200, b"hold it"), (200, b'{"action": "destroy"}'), (200, b"[1]")]
)
async def test_a_bot_that_fails_is_counted_and_the_policy_decides(
    shop: World, inbox: Receiver, answer: tuple[int, bytes]
) -> None:
    ann, group, bot, _ = await judged(shop, inbox)
    inbox.answer = lambda _: (answer[0], {}, answer[1])
    await send(ann, group, "open", 201)
    await ann.ask("PUT", f"/v1/moderation/policies/conversation/{group}", json={"fails": "closed"})
    await send(ann, group, "closed", 202)
    assert failures(shop)[f"bot.{bot.id}"] == 2


async def test_a_bot_without_the_scope_is_not_asked(shop: World, inbox: Receiver) -> None:
    ann, group, _, _ = await judged(shop, inbox, ["messages:read:all", "messages:write"])
    inbox.answer = says("block")
    await send(ann, group, "how rude", 201)
    assert inbox.requests == []


async def test_a_bot_that_is_gone_is_left_alone_after_three_failures(shop: World, inbox: Receiver) -> None:
    ann, group, bot, _ = await judged(shop, inbox)
    inbox.answer = lambda _: (503, {}, b"")
    for number in range(5):
        await send(ann, group, f"message {number}", 201)
    assert len(inbox.requests) == 3
    assert failures(shop)[f"bot.{bot.id}"] == 5
