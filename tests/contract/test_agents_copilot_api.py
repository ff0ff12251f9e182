"""The copilot, marks, ledger and memory over their routes, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from myna.helpdesk.model import ItemKind
from myna.model.service import WHOLE, Rating
from myna_agents.memory import Fact
from support.office_world import CUSTOMER, ELSEWHERE, OPERATOR, OWNER, OfficeWorld, office_world
from support.openai_provider import Provider, Refuse, Text, openai_provider
from support.planning import BIRD, FINCH, OPA, SUPPORT, SUPPORT_WITHOUT_AGENT, VIC

HERE = f"/conversations/{SUPPORT}"


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with office_world(database_url, tmp_path) as made:
        yield made


async def test_a_reply_is_suggested_to_what_was_asked_last(office: OfficeWorld) -> None:
    await office.says("What does shipping to France cost?")
    await office.says("I want to talk to a person!")
    found = await office.ask(OPERATOR, "POST", f"{HERE}/copilot/reply")
    assert found["question"] == "What does shipping to France cost?"
    assert "9.90 EUR" in found["plain"]
    assert "[1]" in found["text"]
    assert "[1]" not in found["plain"]
    assert found["citations"][0]["title"] == "What does shipping to France cost?"
    assert len(await office.messages()) == 2, "nothing was sent"


async def test_a_suggestion_below_the_threshold_says_that_it_is_unsure(office: OfficeWorld) -> None:
    profile = await office.office.world.profiles(FINCH)
    assert profile is not None
    found = await office.office.copilot.ask(replace(profile, threshold=1.0), "Which bulbs fit the desk lamp?")
    assert found.answer is not None
    assert found.reason == "unsure"


async def test_nothing_asked_gives_no_suggestion(office: OfficeWorld) -> None:
    refused = await office.ask(OPERATOR, "POST", f"{HERE}/copilot/reply", 404)
    assert refused["code"] == "nothing_asked"


async def test_a_summary_says_what_was_asked_and_what_people_said(office: OfficeWorld) -> None:
    await office.answered("How long can I return a lamp?")
    await office.says("Your parcel left on Monday.", OPERATOR)
    found = (await office.ask(OPERATOR, "POST", f"{HERE}/copilot/summary"))["summary"]
    assert "Asked: How long can I return a lamp?" in found
    assert "Your parcel left on Monday." in found


async def test_operators_ask_the_knowledge_base_themselves(office: OfficeWorld) -> None:
    found = await office.ask(OPERATOR, "POST", "/copilot/ask", question="Do you repair broken lamps?")
    assert "15 EUR" in found["plain"]
    await office.ask(
        ELSEWHERE, "POST", "/copilot/ask", 404, question="Do you repair?", bases=[str(office.base)]
    )
    await office.ask(CUSTOMER, "POST", "/copilot/ask", 403, question="Do you repair broken lamps?")


async def test_rewriting_needs_a_model(office: OfficeWorld) -> None:
    assert (await office.ask(OPERATOR, "GET", "/copilot"))["tones"] == []
    refused = await office.ask(OPERATOR, "POST", "/copilot/rewrite", 409, text="It is 9 EUR.", tone="formal")
    assert refused["code"] == "needs_model"


async def test_similar_cases_and_fitting_macros_are_found(office: OfficeWorld) -> None:
    services = office.services
    label = await services.helpdesk.put_item(OWNER, ItemKind.LABEL, "repair", {"color": "#aa0000"})
    steps = {"steps": [{"do": "reply", "text": "Please send the broken lamp to our workshop."}]}
    macro = await services.helpdesk.put_item(OWNER, ItemKind.MACRO, "Workshop", steps)
    await services.helpdesk.put_item(OWNER, ItemKind.MACRO, "Bye", {"steps": [{"do": "resolve"}]})
    await services.sender.send(CUSTOMER, SUPPORT_WITHOUT_AGENT, "other", {"text": "My lamp arrived broken."})
    await services.helpdesk.set_label(OPERATOR, SUPPORT_WITHOUT_AGENT, label.id, True)
    await office.says("Do you repair a broken lamp?")
    while await services.indexer.once():
        pass
    found = await office.ask(OPERATOR, "GET", f"{HERE}/copilot/similar")
    assert [each["conversation"] for each in found["cases"]] == [str(SUPPORT_WITHOUT_AGENT)]
    assert found["labels"] == [str(label.id)]
    assert found["macros"] == [str(macro.id)]


async def test_an_answer_marked_wrong_is_listed_until_it_is_seen_to(office: OfficeWorld) -> None:
    turn = await office.answered("How long can I return a lamp?")
    path = f"{HERE}/messages/{turn['seq']}/wrong"
    mark = await office.ask(OPERATOR, "POST", path, note="It is 14 days.", right="14 days", guard=True)
    assert (mark["question"], mark["agent"]) == ("How long can I return a lamp?", str(BIRD))
    assert len(mark["sources"]) == 1
    gaps = await office.office.library.care.gaps(office.base)
    assert [each.question for each in gaps] == ["How long can I return a lamp?"]
    again = await office.ask(OPERATOR, "POST", path, note="14 days since May.")
    assert again["id"] == mark["id"]
    listed = (await office.ask(OPERATOR, "GET", "/marks"))["marks"]
    assert [each["note"] for each in listed] == ["14 days since May."]
    cases = (await office.ask(OPERATOR, "GET", f"/agents/{BIRD}/cases"))["cases"]
    assert [(each["question"], each["holds"]) for each in cases] == [
        ("How long can I return a lamp?", ["14 days"])
    ]
    assert (await office.ask(ELSEWHERE, "GET", "/marks"))["marks"] == []
    await office.ask(ELSEWHERE, "POST", f"/marks/{mark['id']}/settle", 404)
    await office.ask(OPERATOR, "POST", f"/marks/{mark['id']}/settle")
    assert (await office.ask(OPERATOR, "GET", "/marks"))["marks"] == []
    assert len((await office.ask(OPERATOR, "GET", "/marks?settled=true"))["marks"]) == 1


async def test_only_an_agents_answer_can_be_wrong(office: OfficeWorld) -> None:
    seq = await office.says("How long can I return a lamp?")
    await office.ask(OPERATOR, "POST", f"{HERE}/messages/{seq}/wrong", 400)
    await office.ask(OPERATOR, "POST", f"{HERE}/messages/99/wrong", 404)
    await office.ask(CUSTOMER, "POST", f"{HERE}/messages/{seq}/wrong", 403)


async def test_an_operators_answer_becomes_a_faq_entry_that_the_agent_uses(office: OfficeWorld) -> None:
    await office.says("Do you sell candles made of beeswax?")
    seq = await office.says("Yes, beeswax candles cost 12 EUR.", OPERATOR)
    made = await office.ask(OPERATOR, "POST", f"{HERE}/messages/{seq}/faq", 201, base=str(office.base))
    assert made["question"] == "Do you sell candles made of beeswax?"
    again = await office.ask(
        OPERATOR, "POST", f"{HERE}/messages/{seq}/faq", 201, base=str(office.base), answer="They cost 13 EUR."
    )
    assert again["source"] == made["source"]
    await office.office.library.drain()
    found = await office.ask(OPERATOR, "POST", "/copilot/ask", question="Do you sell beeswax candles?")
    assert "13 EUR" in found["plain"]
    await office.ask(OPERATOR, "POST", f"{HERE}/messages/{seq}/faq", 404, base="999")


async def test_the_ledger_counts_cases_by_what_became_of_them(office: OfficeWorld) -> None:
    await office.answered("How long can I return a lamp?")
    found = await office.ask(OWNER, "GET", "/ledger")
    assert found["cases"] == {
        "all": 1, "resolved": 0, "confirmed": 0, "assumed": 0, "handed_over": 0, "unresolved": 0, "open": 1,
    }  # fmt: skip
    assert found["cost"] == 0.0
    assert "24 hours" in found["definition"]["assumed"]
    (line,) = found["lines"]
    assert (line["model"], line["turns"], line["answers"], line["tokens_in"]) == ("offline:", 1, 1, 0)
    await office.services.service.rate(rating(5))
    found = await office.ask(OWNER, "GET", "/ledger")
    assert (found["cases"]["confirmed"], found["cost_per_resolved"]) == (1, 0.0)
    await office.services.service.rate(rating(1))
    assert (await office.ask(OWNER, "GET", "/ledger"))["cases"]["unresolved"] == 1
    await office.says("I am here.", OPERATOR)
    assert (await office.ask(OWNER, "GET", "/ledger"))["cases"]["handed_over"] == 1
    assert (await office.ask(ELSEWHERE, "GET", "/ledger"))["cases"]["all"] == 0
    await office.ask(CUSTOMER, "GET", "/ledger", 403)


def rating(score: int) -> Rating:
    return Rating(SUPPORT, VIC, WHOLE, score, "", float(score))


async def test_memory_is_the_customers_to_give_see_and_erase(office: OfficeWorld) -> None:
    assert await office.ask(CUSTOMER, "GET", "/memory/me") == {"consent": None, "facts": []}
    await office.ask(CUSTOMER, "PUT", "/memory/me", given=True)
    fact = Fact(VIC, 1, "order", "ML-1234", SUPPORT, 1, 1.0, 9e9)
    stranger = Fact(OPA, 1, "order", "ML-9", SUPPORT, 1, 1.0, 9e9)
    old = Fact(VIC, 1, "name", "Vic", SUPPORT, 1, 1.0, 2.0)
    assert await office.office.memory.remember([fact, stranger, old]) == 2
    seen = await office.ask(OPERATOR, "GET", f"/memory/{VIC}")
    assert [(each["name"], each["value"]) for each in seen["facts"]] == [("order", "ML-1234")]
    await office.ask(ELSEWHERE, "GET", f"/memory/{VIC}", 404)
    await office.ask(CUSTOMER, "GET", f"/memory/{VIC}", 403)
    assert await office.ask(CUSTOMER, "PUT", "/memory/me", given=False) == {"consent": False, "facts": []}
    assert await office.office.memory.remember([fact]) == 0
    await office.ask(CUSTOMER, "PUT", "/memory/me", given=True)
    await office.office.memory.remember([fact])
    assert await office.ask(OPERATOR, "DELETE", f"/memory/{VIC}?name=order") == {"forgotten": 1}


@pytest.fixture
async def writing(tmp_path: Path, sqlite_url: str) -> AsyncIterator[tuple[OfficeWorld, Provider]]:
    """An office whose copilot has a model."""
    async with openai_provider() as provider:
        model = f"openai:scripted@{provider.url}"
        async with office_world(sqlite_url, tmp_path, model=model) as made:
            yield made, provider


async def test_a_draft_is_put_differently_without_new_facts(
    writing: tuple[OfficeWorld, Provider],
) -> None:
    office, provider = writing
    assert "translate" in (await office.ask(OPERATOR, "GET", "/copilot"))["tones"]
    provider.plays(Text(("Your refund of 9 EUR ", "is on its way to you.")))
    draft = "refund 9 EUR sent, order ML-1234"
    made = await office.ask(OPERATOR, "POST", "/copilot/rewrite", text=draft, tone="friendly")
    assert made == {"text": "Your refund of 9 EUR is on its way to you.", "lost": ["ML-1234"]}
    provider.plays(Text(("Your refund of 19 EUR is on its way.",)))
    refused = await office.ask(OPERATOR, "POST", "/copilot/rewrite", 409, text=draft, tone="friendly")
    assert refused["code"] == "unfounded"
    await office.ask(OPERATOR, "POST", "/copilot/rewrite", 400, text=draft, tone="translate")
    provider.plays(Refuse(500))
    await office.ask(OPERATOR, "POST", "/copilot/rewrite", 502, text=draft, tone="short")


async def test_a_models_suggestion_is_founded_or_quoted(writing: tuple[OfficeWorld, Provider]) -> None:
    office, provider = writing
    await office.says("What does shipping to France cost?")
    provider.plays(Text(("A parcel to France costs 9.90 EUR [1].",)))
    found = await office.ask(OPERATOR, "POST", f"{HERE}/copilot/reply")
    assert (found["engine"], found["plain"]) == ("openai:scripted", "A parcel to France costs 9.90 EUR.")
    provider.plays(Text(("A parcel to France costs 4.50 EUR [1].",)))
    found = await office.ask(OPERATOR, "POST", f"{HERE}/copilot/reply")
    assert (found["engine"], "9.90 EUR" in found["plain"]) == ("offline:", True)
