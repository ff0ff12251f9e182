"""Customers who paste the shop's own words are no campaign, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from myna.model.conversation import ConversationKind
from myna.model.filtering import FilterPolicy
from myna.model.moderation import Case
from myna.model.workspace import UserKind
from myna_agents.adapters.sql_own_texts import SqlOwnTexts
from myna_agents.moderation import LayeredModerator
from myna_agents.moderation.own import FRESH_S, OwnTexts
from myna_knowledge.adapters.tables import BaseRow, SectionRow, table
from support.api_world import OPA, World, world
from support.planning import SUPPORT, WORKSPACE

PAGE = """Returning a tent

You may send a tent back within 30 days of the delivery. Write to returns@shop.example.com or call 030 1234567 and you
get a label for the parcel. The money is on your account five days after the tent has reached us."""
REPLY = "Our winter stock arrives on Friday. Look at https://shop.example.com/winter or call 030 1234567 to keep a pair."
ANSWER = "Your parcel was handed to the courier this morning; follow it at https://track.example.org/a1b2c3 until tonight."
ELSEWHERE = "Cheap followers for your channel, a thousand for ten dollars, see https://boost.example.net or call 030 7654321."


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database_url, tmp_path) as app:
        base = {
            "id": 1,
            "workspace": WORKSPACE,
            "name": "Help",
            "audience": "public",
            "version": 1,
            "vectors": 0,
        }
        section: dict[str, Any] = dict.fromkeys(("source", "version", "ordinal", "written"), 1)
        section |= dict.fromkeys(("digest", "title", "heading", "lang", "kind", "variants", "tags"), "")
        async with app.database.write() as connection:
            await connection.execute(insert(table(BaseRow)), [{**base, "created_at": 0.0}])
            await connection.execute(
                insert(table(SectionRow)), [{**section, "id": 1, "base": 1, "text": PAGE}]
            )
        await app.ask(OPA, "PUT", "/replies", json={"shortcut": "winter", "text": REPLY})
        await app.say(OPA, SUPPORT, "answer", ANSWER)
        yield app


def pasted(text: str, sender: int) -> Case:
    policy = FilterPolicy("standard", {"model": False, "reputation": False})
    return Case(
        WORKSPACE,
        SUPPORT,
        ConversationKind.SUPPORT,
        sender,
        UserKind.VISITOR,
        text,
        1000.0 + sender,
        f"c{sender}",
        policy,
    )


async def of_three(moderator: LayeredModerator, text: str) -> list[str]:
    """The reasons of the last of three senders of a text."""
    await moderator.prepare()
    verdicts = [await moderator.judge(pasted(text, sender)) for sender in (901, 902, 903)]
    return [each.code for each in verdicts[-1].reasons]


@pytest.mark.parametrize(
    "text", [PAGE, PAGE[PAGE.index("Write to") :], REPLY, ANSWER], ids=["page", "part", "reply", "answer"]
)
async def test_pasting_the_shops_own_words_is_no_campaign(shop: World, text: str) -> None:
    assert "duplicate.senders" in await of_three(LayeredModerator(), text)
    moderator = LayeredModerator()
    moderator.own = OwnTexts(SqlOwnTexts(shop.database).alike).include
    assert "duplicate.senders" not in await of_three(moderator, text)


@pytest.mark.parametrize("text", [ELSEWHERE, f"{REPLY} {ELSEWHERE}"], ids=["another", "with more"])
async def test_what_the_shop_did_not_say_stays_a_campaign(shop: World, text: str) -> None:
    moderator = LayeredModerator()
    moderator.own = OwnTexts(SqlOwnTexts(shop.database).alike).include
    assert "duplicate.senders" in await of_three(moderator, text)


async def test_another_workspace_has_other_words(shop: World) -> None:
    alike = SqlOwnTexts(shop.database).alike
    assert await alike(WORKSPACE + 1, 1, ["within 30 days of the", "winter stock"]) == []
    assert len(await alike(WORKSPACE, 1, ["within 30 days of the", "winter stock"])) == 2


async def test_a_campaign_that_goes_on_is_looked_up_once_a_minute() -> None:
    asked, now = list[str](), 0.0

    async def alike(_: int, __: int, pieces: object) -> list[str]:
        asked.append(str(pieces))
        return []

    own = OwnTexts(alike, clock=lambda: now)
    assert not await own.include(pasted(ELSEWHERE, 904), 7)
    assert not await own.include(pasted(ELSEWHERE, 905), 7)
    assert len(asked) == 1
    now += FRESH_S
    assert not await own.include(pasted(ELSEWHERE, 906), 7)
    assert len(asked) == 2
