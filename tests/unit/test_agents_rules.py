"""When a person takes over whatever the agent knows, and what the customer is told to expect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from myna.errors import NotFound
from myna.model.workspace import User, UserKind
from myna_agents.agent import HandoffPolicy, profile_of
from myna_agents.hearing.rules import amount, angry
from myna_agents.turns.runner import Runner
from support.agents_world import ANN, PROFILE, Ended, Platform, world_of

POLICY = HandoffPolicy(topics=("legal notice", "数据删除"), value_limit=500.0, vips=(77,))


async def ended_by(text: str, *, sender: int = ANN, outlook: Mapping[str, Any] | None = None) -> Ended:
    platform = Platform()
    turn = platform.asks(text, sender=sender)

    async def desk(conversation: int) -> Mapping[str, Any]:
        if outlook is None:
            raise NotFound("no desk")
        return outlook

    world = replace(world_of(platform, profile=replace(PROFILE, handoff=POLICY)), outlook=desk)
    await Runner(world).take(turn)
    (ended,) = platform.ended
    return ended


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("This is ridiculous, where is my lamp?", "anger"),
        ("I am so fed up with this", "anger"),
        ("你们这是什么垃圾客服", "anger"),
        ("我已经催了三次了", "anger"),
        ("I have a legal notice for you", "policy_topic"),
        ("我要申请数据删除", "policy_topic"),
        ("I want my 1,200 EUR back", "value_limit"),
        ("退我 800 元", "value_limit"),
    ],
)
async def test_what_the_company_keeps_for_people_goes_to_people(text: str, reason: str) -> None:
    ended = await ended_by(text)
    assert (ended.how, ended.reason) == ("hand_off", reason)
    assert ended.summary


@pytest.mark.parametrize(
    "text",
    [
        "How long can I return a lamp?",
        "I'm not angry, I just want to know how long I can return a lamp.",
        "Is a 20 EUR lamp returnable within how long?",
        "灯可以退多久？我不生气",
    ],
)
async def test_ordinary_questions_stay_with_the_agent(text: str) -> None:
    assert (await ended_by(text)).how == "finish"


async def test_a_vip_always_gets_a_person() -> None:
    assert (await ended_by("How long can I return a lamp?", sender=77)).reason == "vip"


async def test_the_customer_hears_how_long_it_will_take() -> None:
    waiting = {"open": True, "opens_at": None, "timezone": "UTC", "wait_s": 130.0}
    ended = await ended_by("get me a human", outlook=waiting)
    assert ended.body is not None
    assert "about 3 min" in ended.body["text"]
    assert "offers" not in ended.body
    free = await ended_by("get me a human", outlook={**waiting, "wait_s": 0.0})
    assert free.body is not None
    assert "free right now" in free.body["text"]


async def test_out_of_hours_the_customer_is_offered_to_leave_a_message() -> None:
    closed = {"open": False, "opens_at": 1_766_646_000.0, "timezone": "Europe/Berlin", "wait_s": None}
    ended = await ended_by("转人工", outlook=closed)
    assert ended.body is not None
    assert "2025-12-25 08:00（Europe/Berlin）" in ended.body["text"]
    assert [offer["action"] for offer in ended.body["offers"]] == ["leave_message"]


async def test_a_desk_that_fails_holds_no_hand_off_up() -> None:
    ended = await ended_by("get me a human")
    assert ended.how == "hand_off"


def test_amounts_are_found_in_every_currency_and_notation() -> None:
    assert amount("between 20 € and $1,500.50 within 5 days") == 1500.5
    assert amount("within 600 days") == 0.0
    assert angry("I will sue you")
    assert not angry("How do I sue somebody?")


def test_the_policy_comes_from_the_agents_settings() -> None:
    bird = User(7, 1, UserKind.BOT, "Myna", "myna", agent=True)
    profile = profile_of(
        bird, [], {"handoff": {"anger": False, "topics": ["refund"], "value_limit": 100, "vips": ["7"]}}
    )
    assert profile.handoff == HandoffPolicy(False, ("refund",), 100, (7,))
