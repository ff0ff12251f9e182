"""Agents and the people who run them, over routes on both databases: guidance, approvals, versions side by side."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.adapters.sql.tables.columns import table
from myna.log.writes import OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.workspace import UserKind
from myna.ports.visitors import Profile
from myna.rights import Principal
from myna_agents.adapters import steering_tables
from myna_agents.approvals import ApprovalState
from support.office_world import CUSTOMER, ELSEWHERE, OPERATOR, OWNER, OfficeWorld, office_world
from support.openai_provider import Provider, Text, Tool
from support.planning import ANN, BIRD, FINCH, INBOX, SUPPORT, VIC, WORKSPACE

HERE = f"/conversations/{SUPPORT}"
AGENT = f"/agents/{BIRD}"
QUESTION = "How long can I return a lamp?"
ORDER = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


@asynccontextmanager
async def company() -> AsyncIterator[tuple[str, list[str]]]:
    """The company's own API: its address, and the lines of the requests that it got."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line for line in head.lower().splitlines() if line.startswith("idempotency-key"))
        seen.append(f"{head.split(' HTTP')[0]} {key}")
        body = json.dumps({"state": "cancelled"}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


@pytest.fixture
async def desk(
    database_url: str, tmp_path: Path, provider: Provider
) -> AsyncIterator[tuple[OfficeWorld, list[str]]]:
    """An office whose agent may cancel orders, once the customer and an operator have agreed; and what the company was asked."""
    async with company() as (url, seen):
        cancel = {
            "kind": "http", "name": "cancel_order", "description": "Cancel an order", "parameters": ORDER,
            "method": "DELETE", "url": url + "/orders/{order}", "headers": {}, "effects": True, "approve": True,
        }  # fmt: skip
        model = f"openai:scripted@{provider.url}"
        async with office_world(
            database_url, tmp_path, agent={"tools": [cancel]}, model=model, private_tools=True
        ) as made:
            await made.services.visitors.store.put(Profile(VIC, INBOX, "customer-7", None, {}), "Vic")
            yield made, seen


async def waiting(office: OfficeWorld, provider: Provider) -> str:
    """The customer has agreed to a cancellation; the id of what waits for an operator."""
    provider.plays(Tool("cancel_order", {"order": "ML-1234"}))
    await office.answered("Cancel my order ML-1234 now")
    turn = await office.answered("Yes, go ahead")
    assert turn["reason"] == "awaits_approval"
    (found,) = (await office.ask(OPERATOR, "GET", "/approvals"))["approvals"]
    assert (found["tool"], found["arguments"], found["state"]) == (
        "cancel_order", {"order": "ML-1234"}, "waiting",
    )  # fmt: skip
    return str(found["id"])


async def test_a_use_waits_for_the_operator_after_the_customer(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, seen = desk
    approval = await waiting(office, provider)
    assert seen == []
    assert "A colleague has to agree" in str((await office.messages())[-1].body["text"])
    path = f"/approvals/{approval}/decide"
    made = await office.ask(OPERATOR, "POST", path, decision="approve", note="Talked to the warehouse")
    assert (made["state"], made["note"], made["decided_by"]["name"]) == (
        "done",
        "Talked to the warehouse",
        "Opa",
    )
    (request,) = seen
    assert request.startswith("DELETE /orders/ML-1234")
    await office.turn()
    assert "state: cancelled" in str((await office.messages())[-1].body["text"])
    await office.ask(OPERATOR, "POST", path, 409, decision="approve")
    assert len(seen) == 1
    assert await office.services.turns.lease("test", 0.0) is None


async def test_a_refused_use_is_not_done_and_a_person_is_offered(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, seen = desk
    approval = await waiting(office, provider)
    await office.ask(OPERATOR, "POST", f"/approvals/{approval}/decide", decision="refuse")
    await office.turn()
    said = (await office.messages())[-1].body
    assert "cannot be done" in said["text"]
    assert said["offers"][0]["action"] == "hand_off"
    assert seen == []
    listed = (await office.ask(OPERATOR, "GET", "/approvals?state=all"))["approvals"]
    assert [each["state"] for each in listed] == ["refused"]


async def test_a_question_asked_meanwhile_is_answered_as_well(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, _ = desk
    approval = await waiting(office, provider)
    provider.plays(Text(("You can return a lamp within 30 days [1].",)))
    await office.says(QUESTION)
    await office.ask(OPERATOR, "POST", f"/approvals/{approval}/decide", decision="approve")
    await office.turn()
    await office.turn()
    texts = [str(each.body.get("text")) for each in await office.messages()]
    assert "cancelled" in texts[-2]
    assert "30 days" in texts[-1]


async def test_two_operators_do_it_once_and_a_dead_servers_use_is_begun_again(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, seen = desk
    approval = int(await waiting(office, provider))
    store = office.office.approvals
    both = await asyncio.gather(*(store.begin(approval, who, "", 100.0) for who in (1, 2)))
    assert sorted(both) == [False, True]
    assert not await store.begin(approval, 1, "", 399.0)
    await office.ask(OPERATOR, "POST", f"/approvals/{approval}/decide", decision="approve")
    assert len(seen) == 1
    found = await store.one(WORKSPACE, approval)
    assert found is not None
    assert found.state is ApprovalState.DONE


async def test_what_was_asked_for_yesterday_has_lapsed(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, seen = desk
    approval = await waiting(office, provider)
    rows = table(steering_tables.ApprovalRow)
    async with office.database.write() as connection:
        await connection.execute(update(rows).values(asked_at=rows.c.asked_at - 90_000.0))
    refused = await office.ask(OPERATOR, "POST", f"/approvals/{approval}/decide", 409, decision="approve")
    assert refused["code"] == "lapsed"
    assert seen == []


async def test_only_operators_of_the_workspace_decide(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, seen = desk
    approval = await waiting(office, provider)
    await office.ask(CUSTOMER, "GET", "/approvals", 403)
    await office.ask(CUSTOMER, "POST", f"/approvals/{approval}/decide", 403, decision="approve")
    await office.ask(ELSEWHERE, "POST", f"/approvals/{approval}/decide", 404, decision="approve")
    assert seen == []


async def test_a_model_follows_what_an_operator_told_it_and_the_customer_sees_none_of_it(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, _ = desk
    provider.plays(Text(("Your order ML-1234 leaves on Monday [5].",)))
    told = "The order ML-1234 leaves on Monday."
    made = await office.ask(OPERATOR, "POST", f"{HERE}/guidance", 201, text=told)
    turn = await office.answered("When does my order ML-1234 leave?")
    assert (turn["decision"], turn["reason"]) == ("answer", "by_guidance")
    said = (await office.messages())[-1].body
    assert said["text"] == "Your order ML-1234 leaves on Monday."
    assert "citations" not in said
    assert told in json.dumps(provider.requests[-1]["messages"])
    listed = (await office.ask(OPERATOR, "GET", f"{HERE}/guidance"))["guidance"]
    assert [(each["text"], each["author"]["name"]) for each in listed] == [(told, "Opa")]
    await office.ask(CUSTOMER, "GET", f"{HERE}/guidance", 403)
    await office.ask(ELSEWHERE, "POST", f"{HERE}/guidance", 404, text="x")
    await office.ask(OPERATOR, "DELETE", f"{HERE}/guidance/{made['id']}", 204)
    await office.ask(OPERATOR, "DELETE", f"{HERE}/guidance/{made['id']}", 404)


async def test_a_fact_that_nobody_told_is_not_said_for_all_the_guidance(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, _ = desk
    provider.plays(Text(("Your order ML-1234 leaves on Monday and costs 5 EUR [5].",)))
    await office.ask(OPERATOR, "POST", f"{HERE}/guidance", 201, text="The order ML-1234 leaves on Monday.")
    await office.answered("When does my order ML-1234 leave?")
    assert not any("5 EUR" in str(each.body.get("text")) for each in await office.messages())


async def test_an_agent_that_is_told_to_speak_says_it_otherwise(
    desk: tuple[OfficeWorld, list[str]], provider: Provider
) -> None:
    office, _ = desk
    provider.plays(Text(("You can return a lamp within 30 days [1].",)))
    await office.answered(QUESTION)
    provider.plays(Text(("For you it is 60 days [5].",)))
    await office.ask(
        OPERATOR, "POST", f"{HERE}/guidance", 201, text="Grant this customer 60 days.", speak=True
    )
    await office.turn()
    assert (await office.messages())[-1].body["text"] == "For you it is 60 days."


async def test_nobody_is_told_to_speak_over_a_person(desk: tuple[OfficeWorld, list[str]]) -> None:
    office, _ = desk
    await office.ask(OPERATOR, "POST", f"{HERE}/claim")
    await office.ask(OPERATOR, "POST", f"{HERE}/guidance", 201, text="Be brief.", speak=True)
    assert await office.services.turns.lease("test", 0.0) is None


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with office_world(database_url, tmp_path) as made:
        yield made


async def drafted(office: OfficeWorld, **changes: Any) -> int:
    body = (await office.ask(OWNER, "GET", AGENT))["body"]
    made = await office.ask(OWNER, "POST", f"{AGENT}/versions", 201, body={**body, **changes}, note="test")
    return int(made["number"])


async def compared(office: OfficeWorld, share: float = 0.5) -> int:
    """A running comparison of version 1, live, with version 2, which never knows."""
    await drafted(office)
    await office.ask(OWNER, "POST", f"{AGENT}/versions/1/publish", override="a test")
    number = await drafted(office, threshold=1.0)
    path = f"{AGENT}/comparison"
    await office.ask(OWNER, "POST", path, 201, challenger=number, share=share, override="a test")
    return number


async def asks(office: OfficeWorld, place: int) -> Any:
    """A new support conversation in which the agent answers; the turn."""
    visitor = Principal(VIC, WORKSPACE, UserKind.VISITOR)
    members = ((VIC, MemberRole.GUEST), (BIRD, MemberRole.MEMBER))
    await office.services.committer.write(
        OpenConversation(
            place, WORKSPACE, ConversationKind.SUPPORT, "Vic", members, agents=(BIRD,), inbox=place, visitor=VIC
        )
    )  # fmt: skip
    await office.services.sender.send(visitor, place, f"q-{place}", {"text": QUESTION})
    await office.turn()
    found = await office.ask(OPERATOR, "GET", f"/conversations/{place}/turns")
    return found["turns"][0]


async def test_new_conversations_are_shared_out_and_their_cases_are_counted(office: OfficeWorld) -> None:
    await compared(office)
    assert (await office.answered(QUESTION))["decision"] == "answer", "what began before stays as it was"
    found = (await office.ask(OWNER, "GET", f"{AGENT}/comparison"))["comparison"]
    places = range(int(found["id"]) + 1_000, int(found["id"]) + 1_012)
    decisions = [(await asks(office, place))["decision"] for place in places]
    challenged = sum(decision != "answer" for decision in decisions)
    assert 0 < challenged < len(decisions)
    shown = await office.ask(OWNER, "GET", f"{AGENT}/comparison")
    assert shown["figures"]["challenger"]["cases"] == challenged
    assert shown["figures"]["control"]["cases"] == len(decisions) - challenged
    assert shown["figures"]["control"]["turns"] == len(decisions) - challenged
    assert shown["figures"]["verdict"] == "undecided"
    assert "sequential" in shown["definition"]["verdict"]
    lines = (await office.ask(OWNER, "GET", "/ledger"))["lines"]
    assert {each["version"] for each in lines} == {1, 2}


async def test_what_is_published_or_ended_answers_everybody_again(office: OfficeWorld) -> None:
    number = await compared(office, 0.99)
    place = int((await office.ask(OWNER, "GET", f"{AGENT}/comparison"))["comparison"]["id"])
    await office.ask(OWNER, "DELETE", f"{AGENT}/comparison", 204)
    assert {(await asks(office, place + at))["decision"] for at in range(1_000, 1_004)} == {"answer"}
    ended = (await office.ask(OWNER, "GET", f"{AGENT}/comparison"))["comparison"]
    assert (ended["kept"], ended["ended_at"] is None) == (1, False)
    await office.ask(OWNER, "POST", f"{AGENT}/comparison", 201, challenger=number, override="a test")
    await office.ask(OWNER, "POST", f"{AGENT}/versions/{number}/publish", override="it won")
    assert (await office.ask(OWNER, "GET", f"{AGENT}/comparison"))["comparison"]["kept"] == number


async def test_what_makes_no_sense_is_not_compared(office: OfficeWorld) -> None:
    path = f"{AGENT}/comparison"
    assert (await office.ask(OWNER, "GET", path)) == {"comparison": None}
    assert (await office.ask(OWNER, "POST", path, 409, challenger=1))["code"] == "unversioned"
    number = await compared(office)
    again = await office.ask(OWNER, "POST", path, 409, challenger=number, override="again")
    assert again["code"] == "comparison_runs"
    changed = await office.ask(OWNER, "PUT", f"{AGENT}/versions/{number}", 409, body={"persona": "Other."})
    assert changed["code"] == "published"
    await office.ask(OWNER, "DELETE", path, 204)
    assert (await office.ask(OWNER, "POST", path, 409, challenger=1))["code"] == "same_version"
    unproved = await drafted(office, threshold=1.0)
    assert (await office.ask(OWNER, "POST", path, 409, challenger=unproved))["code"] == "gate_closed"
    await office.ask(OWNER, "POST", path, 404, challenger=99)
    await office.ask(OWNER, "POST", path, 400, challenger=unproved, share=1.0)
    await office.ask(OPERATOR, "POST", path, 403, challenger=unproved)
    await office.ask(OWNER, "POST", f"/agents/{FINCH}/comparison", 409, challenger=1)


async def test_an_agent_whispers_in_the_direct_conversation_with_the_asker(
    database_url: str, tmp_path: Path
) -> None:
    async with office_world(database_url, tmp_path, agent={"group": {"reply": "whisper"}}) as office:
        services = office.services
        members = ((ANN, MemberRole.OWNER), (BIRD, MemberRole.MEMBER))
        await services.committer.write(
            OpenConversation(900, WORKSPACE, ConversationKind.GROUP, "Team", members, agents=(BIRD,))
        )
        ann = Principal(ANN, WORKSPACE, UserKind.HUMAN)
        for number in (1, 2):
            await services.sender.send(ann, 900, f"q{number}", {"text": f"@bird {QUESTION}"})
            await office.turn()
        direct = await SqlConversations(office.database).direct_conversation(ANN, BIRD)
        assert direct is not None
        history = office.office.world.history
        aside = await history.messages(direct.id, floor=1, before=None, after=None, limit=9)
        assert [each.sender for each in aside] == [BIRD, BIRD]
        assert aside[0].body["whispered"] == {"conversation": "900", "seq": 1}
        group = await history.messages(900, floor=1, before=None, after=None, limit=9)
        assert {each.sender for each in group} == {ANN}
        assert await services.turns.lease("test", 0.0) is None
