"""Versions of an agent over their routes, on both databases: the gate, roll back, replay, the evaluation set."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.office_world import CUSTOMER, ELSEWHERE, OPERATOR, OWNER, OfficeWorld, office_world
from support.planning import BIRD, FINCH, SUPPORT

AGENT = f"/agents/{BIRD}"


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with office_world(database_url, tmp_path) as made:
        yield made


async def draft(office: OfficeWorld, **changes: Any) -> Any:
    """A version like the live one with these changes."""
    body = (await office.ask(OWNER, "GET", AGENT))["body"]
    return await office.ask(OWNER, "POST", f"{AGENT}/versions", 201, body={**body, **changes}, note="test")


async def test_a_draft_copies_what_is_live_and_changes_nothing(office: OfficeWorld) -> None:
    made = await office.ask(OWNER, "POST", f"{AGENT}/versions", 201)
    assert (made["number"], made["live"], made["published_at"]) == (1, False, None)
    assert made["body"]["bases"] == [str(office.base)]
    assert made["body"]["threshold"] == 0.5
    assert (await office.ask(OWNER, "GET", AGENT))["version"] == 0
    changed = await office.ask(OWNER, "PUT", f"{AGENT}/versions/1", body={**made["body"], "persona": "Kind."})
    assert changed["body"]["persona"] == "Kind."


async def test_a_version_is_published_only_when_its_evaluation_passes(office: OfficeWorld) -> None:
    await draft(office, persona="Brief.")
    closed = await office.ask(OWNER, "POST", f"{AGENT}/versions/1/publish", 409)
    assert closed["code"] == "gate_closed"
    await office.ask(
        OPERATOR, "POST", f"{AGENT}/cases", 201, question="How long can I return a lamp?", holds=["30 DAYS"]
    )
    wrong = await office.ask(
        OPERATOR, "POST", f"{AGENT}/cases", 201, question="What does shipping to France cost?", holds=["8.90"]
    )
    closed = await office.ask(OWNER, "POST", f"{AGENT}/versions/1/publish", 409)
    assert (closed["gate"]["n"], closed["gate"]["passed_n"]) == (2, 1)
    assert closed["gate"]["failures"][0]["wrong"] == "does not hold '8.90'"
    assert (await office.ask(OWNER, "GET", AGENT))["version"] == 0
    await office.ask(OPERATOR, "DELETE", f"{AGENT}/cases/{wrong['id']}", 204)
    published = await office.ask(OWNER, "POST", f"{AGENT}/versions/1/publish")
    assert published["live"]
    assert published["gate"]["passed"]
    now = await office.ask(OWNER, "GET", AGENT)
    assert (now["version"], now["body"]["persona"]) == (1, "Brief.")
    await office.ask(OWNER, "PUT", f"{AGENT}/versions/1", 409, body=now["body"])


async def test_an_override_is_kept_with_the_version(office: OfficeWorld) -> None:
    await draft(office)
    made = await office.ask(OWNER, "POST", f"{AGENT}/versions/1/publish", override="first day, no cases yet")
    assert made["live"]
    assert made["gate"]["override"] == "first day, no cases yet"


async def test_rolling_back_brings_the_version_before_to_life(office: OfficeWorld) -> None:
    await office.ask(OWNER, "POST", f"{AGENT}/roll-back", 409)
    for persona in ("One.", "Two."):
        made = await draft(office, persona=persona)
        await office.ask(OWNER, "POST", f"{AGENT}/versions/{made['number']}/publish", override="a test")
    back = await office.ask(OWNER, "POST", f"{AGENT}/roll-back")
    assert (back["number"], back["live"], back["body"]["persona"]) == (1, True, "One.")
    listed = (await office.ask(OWNER, "GET", f"{AGENT}/versions"))["versions"]
    assert [(each["number"], each["live"]) for each in listed] == [(2, False), (1, True)]
    await office.ask(OWNER, "POST", f"{AGENT}/roll-back", 409)


async def test_a_turn_says_which_version_made_it(office: OfficeWorld) -> None:
    made = await draft(office, threshold=0.3)
    await office.ask(OWNER, "POST", f"{AGENT}/versions/{made['number']}/publish", override="a test")
    await office.answered("How long can I return a lamp?")
    lines = (await office.ask(OWNER, "GET", "/ledger"))["lines"]
    assert [(each["version"], each["answers"]) for each in lines] == [(1, 1)]


async def test_a_replay_shows_what_another_version_would_have_said(office: OfficeWorld) -> None:
    await office.answered("How long can I return a lamp?")
    same = await draft(office)
    stricter = await draft(office, threshold=1.0)
    before = len(await office.messages())
    found = await office.ask(OWNER, "POST", f"{AGENT}/versions/{same['number']}/replay")
    assert (found["n"], found["same"]) == (1, 1)
    found = await office.ask(
        OWNER, "POST", f"{AGENT}/versions/{stricter['number']}/replay", conversations=[str(SUPPORT)]
    )
    (turn,) = found["turns"]
    assert (turn["then"]["decision"], turn["now"]["decision"]) == ("answer", "ask_back")
    assert turn["question"] == "How long can I return a lamp?"
    assert "".join(each["text"] for each in turn["diff"] if each["kind"] != "new") == turn["then"]["text"]
    assert "".join(each["text"] for each in turn["diff"] if each["kind"] != "gone") == turn["now"]["text"]
    assert len(await office.messages()) == before


async def test_a_version_can_be_tried_without_any_conversation(office: OfficeWorld) -> None:
    await draft(office)
    tried = await office.ask(
        OPERATOR, "POST", f"{AGENT}/versions/1/try", question="What does shipping to France cost?"
    )
    assert tried["decision"] == "answer"
    assert "9.90 EUR" in tried["text"]
    assert await office.messages() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "openai:unknown"}, 400),
        ({"bases": ["999"]}, 404),
        ({"handof": {}}, 400),
        ({"threshold": 2}, 400),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(
    office: OfficeWorld, body: dict[str, Any], status: int
) -> None:
    await office.ask(OWNER, "POST", f"{AGENT}/versions", status, body=body)
    assert (await office.ask(OWNER, "GET", f"{AGENT}/versions"))["versions"] == []


async def test_who_may_do_what_with_versions(office: OfficeWorld) -> None:
    await office.ask(OPERATOR, "POST", f"{AGENT}/versions", 403)
    await office.ask(CUSTOMER, "GET", f"{AGENT}/versions", 403)
    await office.ask(ELSEWHERE, "GET", f"{AGENT}/versions", 404)
    await office.ask(OWNER, "GET", "/agents/31/versions", 404)
    await office.ask(OWNER, "GET", f"{AGENT}/versions/7", 404)
    found = await office.ask(OPERATOR, "GET", "/agents")
    assert [each["id"] for each in found["agents"]] == [str(BIRD), str(FINCH)]
    assert found["models"] == ["offline:"]
