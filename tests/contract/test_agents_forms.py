"""Order forms: asked for by word or by a model, filled in by the customer alone, done once, refused clearly."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from myna.api.forms import checked_form
from myna.errors import Conflict, Forbidden, Malformed
from myna.ports.visitors import Profile
from myna.rights import Principal
from myna_agents.turns.filling import fill_in, form_of_agent
from support.office_world import CUSTOMER, OPERATOR, OWNER, OfficeWorld, office_world
from support.openai_provider import Provider, Tool
from support.planning import BIRD, INBOX, SUPPORT, VIC
from support.receiver import Receiver, receiver

FIELDS: list[dict[str, Any]] = [
    {"name": "order", "label": "Order number", "required": True, "max_length": 20},
    {"name": "lamps", "label": "Lamps", "kind": "number", "min": 1, "max": 9},
    {"name": "why", "label": "Why", "kind": "choice", "options": ["broken", "too large"]},
    {"name": "insured", "label": "Insured", "kind": "bool"},
]
FORM: dict[str, Any] = {
    "kind": "form", "name": "return_lamp", "description": "Register a lamp that comes back.", "title": "Return a lamp",
    "submit": "", "fields": FIELDS, "words": ["send it back", "退货"],
}  # fmt: skip
VALUES: dict[str, Any] = {"order": "ML-12", "lamps": 2, "why": "broken", "insured": True}


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    """An offline agent whose form operators get."""
    async with office_world(database_url, tmp_path, agent={"tools": [FORM]}) as made:
        yield made


async def fills(office: OfficeWorld, seq: int, values: Mapping[str, Any], who: Principal = CUSTOMER) -> Any:
    """What a customer's sending of the form of a message gives."""
    form = await form_of_agent(office.services, who, SUPPORT, seq)
    assert form is not None
    return await fill_in(office.services, who, SUPPORT, seq, form, checked_form(form, values))


async def asked(office: OfficeWorld, text: str) -> dict[str, Any]:
    """The agent's message with the form, after these words of the customer."""
    turn = await office.answered(text)
    assert (turn["decision"], turn["reason"]) == ("ask_back", "form")
    last = (await office.messages())[-1]
    assert last.body["form"]["id"] == "return_lamp"
    return {"seq": last.seq, **last.body}


async def newest_turn(office: OfficeWorld) -> dict[str, Any]:
    await office.turn()
    return dict((await office.ask(OPERATOR, "GET", f"/conversations/{SUPPORT}/turns"))["turns"][0])


async def test_a_form_is_asked_for_by_its_words_without_any_model(office: OfficeWorld) -> None:
    for words in ("I want to send it back", "return a lamp", "我想退货"):
        form = (await asked(office, words))["form"]
        assert form["user"] == str(VIC)
        assert form["submit"] == ("提交" if words.startswith("我") else "Send")
        assert form["fields"][0] == {**FIELDS[0], "kind": "text"}


async def test_a_question_about_it_is_answered_and_the_form_offered_below(office: OfficeWorld) -> None:
    turn = await office.answered("How long can I return a lamp?")
    last = (await office.messages())[-1]
    assert turn["decision"] == "answer"
    assert "30 days" in last.body["text"]
    assert last.body["offers"] == [{"action": "ask", "label": "Return a lamp", "text": "Return a lamp"}]
    await asked(office, "Return a lamp")


async def test_operators_get_what_was_filled_in_once(office: OfficeWorld) -> None:
    shown = await asked(office, "I want to send it back")
    first = await fills(office, shown["seq"], VALUES)
    put_away = next(each for each in await office.messages() if each.seq == shown["seq"])
    assert put_away.body["form"] is None
    assert put_away.body["form_sent"] == shown["form"]
    assert (await fills(office, shown["seq"], VALUES)).seq == first.seq
    with pytest.raises(Conflict, match="already") as twice:
        await fills(office, shown["seq"], {**VALUES, "order": "ML-13"})
    assert twice.value.code == "form_sent"
    turn = await newest_turn(office)
    assert (turn["decision"], turn["reason"]) == ("hand_off", "form_filled")
    assert turn["trace"]["tools"][0]["arguments"] == VALUES
    said = next(each for each in await office.messages() if each.seq == first.seq)
    assert said.body["text"] == "Return a lamp\nOrder number: ML-12\nLamps: 2\nWhy: broken\nInsured: ✓"
    assert said.sender == VIC
    ticket = await office.services.desk.ticket(SUPPORT)
    assert ticket is not None
    assert ticket.owner == "queue"
    assert "ML-12" in str((await office.ask(OPERATOR, "GET", "/tickets?view=queue"))["tickets"])


async def test_only_who_was_asked_can_fill_it_in_and_only_with_what_it_asks_for(office: OfficeWorld) -> None:
    shown = await asked(office, "I want to send it back")
    with pytest.raises(Forbidden):
        await fills(office, shown["seq"], VALUES, OPERATOR)
    before = len(await office.messages())
    with pytest.raises(Malformed) as wrong:
        await fills(
            office, shown["seq"], {"order": "", "lamps": 10, "why": "dull", "insured": "yes", "colour": "red"}
        )
    assert {each["name"] for each in (wrong.value.extra or {})["fields"]} == {
        "order",
        "lamps",
        "why",
        "insured",
        "colour",
    }
    assert len(await office.messages()) == before
    assert await form_of_agent(office.services, CUSTOMER, SUPPORT, shown["seq"] - 1) is None


async def test_a_forged_form_is_not_done(office: OfficeWorld) -> None:
    """What a client writes as if it were a form is a message like any other."""
    shown = await asked(office, "I want to send it back")
    forged = {"text": "hm", "filled": {"form": "return_lamp", "seq": shown["seq"], "values": VALUES}}
    await office.services.sender.send(CUSTOMER, SUPPORT, "forged", forged)
    said = (await office.messages())[-1]
    assert "filled" not in said.body


async def test_a_form_of_before_the_matter_was_closed_is_told_to_be_gone(office: OfficeWorld) -> None:
    shown = await asked(office, "I want to send it back")
    await office.services.handoff.resolve(OPERATOR, SUPPORT)
    await fills(office, shown["seq"], VALUES)
    turn = await newest_turn(office)
    assert (turn["decision"], turn["reason"]) == ("decline", "form_gone")
    assert (await office.messages())[-1].body["offers"][0]["action"] == "hand_off"


async def test_an_operator_who_owns_the_conversation_gets_it_as_a_message(office: OfficeWorld) -> None:
    shown = await asked(office, "I want to send it back")
    await office.services.handoff.claim(OPERATOR, SUPPORT)
    await fills(office, shown["seq"], VALUES)
    assert await office.services.turns.lease("test", 0.0) is None
    assert "ML-12" in (await office.messages())[-1].body["text"]


@asynccontextmanager
async def shop(
    database_url: str, folder: Path, *, verified: bool = True, **more: Any
) -> AsyncGenerator[tuple[OfficeWorld, Receiver]]:
    """An office whose form goes to the company's own address."""
    async with receiver() as company:
        company.answer = lambda _: (200, {}, b'{"return": "R-7"}')
        form = {**FORM, "url": company.url, **more.pop("form", {})}
        async with office_world(
            database_url, folder, agent={"tools": [form]}, private_tools=True, **more
        ) as made:
            if verified:
                await made.services.visitors.store.put(Profile(VIC, INBOX, "customer-7", None, {}), "Vic")
            yield made, company


async def test_the_companys_own_address_gets_it_once(database_url: str, tmp_path: Path) -> None:
    async with shop(database_url, tmp_path) as (office, company):
        shown = await asked(office, "I want to send it back")
        await fills(office, shown["seq"], {"order": "ML-12", "lamps": 2})
        turn = await newest_turn(office)
        assert (turn["decision"], turn["reason"]) == ("answer", "form_done")
        (request,) = company.requests
        assert request.json == {"order": "ML-12", "lamps": 2}
        assert request.headers["x-myna-customer"] == str(VIC)
        assert request.headers["idempotency-key"]
        last = (await office.messages())[-1]
        assert "R-7" in last.body["text"]
        assert last.body["citations"][0]["tool"] is True


async def test_an_address_that_refuses_is_told_and_the_form_can_be_had_again(
    database_url: str, tmp_path: Path
) -> None:
    async with shop(database_url, tmp_path) as (office, company):
        company.answer = lambda _: (422, {}, b"no such order")
        shown = await asked(office, "I want to send it back")
        await fills(office, shown["seq"], {"order": "ML-12"})
        assert (await newest_turn(office))["reason"] == "tool_failed"
        assert (await office.messages())[-1].body["offers"][0]["action"] == "hand_off"
        company.answer = lambda _: (200, {}, b"{}")
        again = await asked(office, "Return a lamp")
        await fills(office, again["seq"], {"order": "ML-12"})
        assert (await newest_turn(office))["reason"] == "form_done"
        first, second = (each.headers["idempotency-key"] for each in company.requests)
        assert first != second


async def test_an_address_is_for_customers_whom_the_site_vouched_for(
    database_url: str, tmp_path: Path
) -> None:
    async with shop(database_url, tmp_path, verified=False) as (office, company):
        turn = await office.answered("I want to send it back")
        assert turn["reason"] != "form"
        assert not company.requests


async def test_a_model_may_ask_for_a_form_but_fill_in_nothing(
    database_url: str, tmp_path: Path, provider: Provider
) -> None:
    model = f"openai:scripted@{provider.url}"
    form: dict[str, Any] = {"words": [], "approve": True}
    async with shop(database_url, tmp_path, model=model, form=form) as (office, company):
        provider.plays(Tool("return_lamp", {}))
        shown = await asked(office, "My lamp came in pieces, what now?")
        offered = {each["function"]["name"]: each["function"] for each in provider.requests[0]["tools"]}
        assert not offered["return_lamp"]["parameters"].get("properties")
        await fills(office, shown["seq"], {"order": "ML-12"})
        assert (await newest_turn(office))["reason"] == "awaits_approval"
        assert not company.requests
        (waits,) = (await office.ask(OPERATOR, "GET", "/approvals"))["approvals"]
        await office.ask(OPERATOR, "POST", f"/approvals/{waits['id']}/decide", decision="approve")
        assert company.requests[0].json == {"order": "ML-12"}


WRONG: list[dict[str, Any]] = [
    {"fields": []},
    {"fields": [FIELDS[0], FIELDS[0]]},
    {"fields": [{"name": "x", "label": "X", "kind": "choice"}]},
    {"approve": True},
    {"url": "ftp://example.org"},
    {"name": "cannot_answer"},
    {"colour": "red"},
]


async def test_a_form_that_cannot_be_shown_is_refused(office: OfficeWorld) -> None:
    for wrong in WRONG:
        body = {"tools": [{**FORM, **wrong}]}
        await office.ask(OWNER, "POST", f"/agents/{BIRD}/versions", 400, body=body)
    made = await office.ask(OWNER, "POST", f"/agents/{BIRD}/versions", 201, body={"tools": [FORM]})
    assert made["body"]["tools"][0]["fields"][1]["max"] == 9
