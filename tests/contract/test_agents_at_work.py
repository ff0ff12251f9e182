"""Agents in a running core, on both databases: stopped, interrupted, taken over, given back, passing on, remembering."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.tickets import SqlTurnQueue
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.desk import TurnRow
from myna.log.writes import Interrupt, OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import MessageKind, MessageState
from myna.model.ticket import TicketStatus
from myna.model.workspace import UserKind
from myna.ports.visitors import Profile
from myna.rights import Principal
from support.office_world import CUSTOMER, ELSEWHERE, OPERATOR, OfficeWorld, office_world
from support.openai_provider import Provider, Text
from support.planning import ANN, BIRD, FINCH, INBOX, OPA, SUPPORT, VIC, WORKSPACE

QUESTION = "How long can I return a lamp?"
MEMBER = Principal(ANN, WORKSPACE, UserKind.HUMAN)
HERE = f"/conversations/{SUPPORT}"
BEGUN = ("You can return a lamp within 30 days [1]. ", "The parcel must be insured [1]. ")


@pytest.fixture
async def office(database_url: str, tmp_path: Path, provider: Provider) -> AsyncIterator[OfficeWorld]:
    async with office_world(database_url, tmp_path, model=f"openai:scripted@{provider.url}") as made:
        yield made


async def speaking(office: OfficeWorld) -> "asyncio.Task[None]":
    """The agent in mid-sentence: the model has begun to answer and goes no further."""
    await office.says(QUESTION)
    task = asyncio.create_task(office.turn())
    async with asyncio.timeout(60):
        while not any("30 days" in text for text in office.services.hub.streams.values()):
            await asyncio.sleep(0.01)
    return task


async def test_stop_ends_the_answer_here_and_at_the_provider(office: OfficeWorld, provider: Provider) -> None:
    provider.plays(Text((*BEGUN, *(f"More {n} [1]. " for n in range(2_000))), pause_s=0.01))
    task = await speaking(office)
    await office.ask(CUSTOMER, "POST", f"{HERE}/stop")
    async with asyncio.timeout(60):
        await task
        await provider.hung_up.wait()
    said = (await office.messages())[-1]
    assert said.state is MessageState.INTERRUPTED
    assert "30 days" in str(said.body["text"])
    assert await office.services.turns.lease("test", 0.0) is None, "nothing is left to answer"
    provider.plays(Text(("You can return a lamp within 30 days [1].",)))
    assert (await office.answered("And how long can I return a lamp?"))["decision"] == "answer"


async def expire(database: Database, turn: int) -> None:
    """Let a lease be over."""
    async with database.write() as connection:
        await connection.execute(update(table(TurnRow)).where(table(TurnRow).c.id == turn).values(due_at=0.0))


async def test_stop_is_for_those_who_may_write_here(office: OfficeWorld) -> None:
    await office.ask(OPERATOR, "POST", f"{HERE}/stop")
    await office.ask(CUSTOMER, "POST", "/conversations/103999/stop", 404)
    await office.ask(ELSEWHERE, "POST", f"{HERE}/stop", 404)


async def test_a_worker_that_dies_in_mid_stream_leaves_one_answer(
    office: OfficeWorld, provider: Provider
) -> None:
    provider.plays(Text(BEGUN, "hang"))
    task = await speaking(office)
    turns = office.services.turns
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    # Its lease ends as time goes by; the clock of the database's rows is moved instead of waiting for it.
    for turn, conversation, seq in await SqlTurnQueue(office.database).expired(4e9, 100):
        await expire(office.database, turn)
        partial = office.services.hub.streams.get((conversation, seq or 0), "")
        await office.services.committer.write(Interrupt(turn, conversation, partial))
    provider.plays(Text(("You can return a lamp within 30 days [1].",)))
    await office.turn()
    texts = [each for each in await office.messages() if each.sender == BIRD]
    assert [each.state for each in texts] == [MessageState.INTERRUPTED, MessageState.SENT]
    assert await turns.lease("test", 0.0) is None


async def test_an_operator_who_speaks_ends_the_agents_sentence_and_gives_back(
    office: OfficeWorld, provider: Provider
) -> None:
    provider.plays(Text((*BEGUN, *(f"More {n} [1]. " for n in range(2_000))), pause_s=0.01))
    task = await speaking(office)
    await office.says("Hello, this is Opa.", OPERATOR)
    async with asyncio.timeout(60):
        await task
        await provider.hung_up.wait()
    await office.says("Do you repair broken lamps?")
    assert await office.services.turns.lease("test", 0.0) is None, "a person answers now"
    provider.plays(Text(("A repair costs 15 EUR [1].",)))
    await office.ask(OPERATOR, "POST", f"{HERE}/release", to="agent")
    await office.turn()
    said = [each for each in await office.messages() if each.kind is MessageKind.TEXT]
    assert [(each.sender == BIRD, each.state) for each in said[-3:]] == [
        (False, MessageState.SENT), (False, MessageState.SENT), (True, MessageState.SENT),
    ]  # fmt: skip
    assert "15 EUR" in str(said[-1].body["text"])
    assert await office.services.turns.lease("test", 0.0) is None


async def test_a_topic_is_answered_by_the_agent_that_knows_it(database_url: str, tmp_path: Path) -> None:
    topics = [{"agent": str(FINCH), "words": ["repair", "修理"]}]
    async with office_world(database_url, tmp_path, agent={"topics": topics}) as office:
        await office.answered(QUESTION)
        await office.answered("Do you repair broken lamps?")
        turns = (await office.ask(OPERATOR, "GET", f"{HERE}/turns"))["turns"]
        assert [each["reason"] for each in turns] == [None, "passed_on", "confident"]
        await office.turn()
        messages = await office.messages()
        assert [each.sender for each in messages if each.kind is MessageKind.TEXT] == [VIC, BIRD, VIC, FINCH]
        assert "15 EUR" in str(messages[-1].body["text"])
        ticket = await office.services.desk.ticket(SUPPORT)
        assert ticket is not None
        assert (ticket.agent, ticket.status) == (FINCH, TicketStatus.OPEN)
        notices = [each.body for each in messages if each.kind is MessageKind.NOTICE]
        assert notices[-1]["code"] == "agent.passed_on"


async def test_agents_do_not_pass_a_message_to_and_fro(database_url: str, tmp_path: Path) -> None:
    def to(agent: int) -> dict[str, object]:
        return {"topics": [{"agent": str(agent), "words": ["repair"]}]}

    async with office_world(database_url, tmp_path, agent=to(FINCH), other=to(BIRD)) as office:
        await office.says("Do you repair broken lamps?")
        for _ in range(3):
            await office.turn()
        messages = await office.messages()
        assert [each.kind for each in messages].count(MessageKind.NOTICE) == 2
        assert "15 EUR" in str(messages[-1].body["text"])
        assert await office.services.turns.lease("test", 0.0) is None


async def test_what_a_customer_told_is_remembered_only_after_consent(
    database_url: str, tmp_path: Path
) -> None:
    async with office_world(database_url, tmp_path, agent={"remember": True}) as office:
        await office.answered("My order number is ML-1234. How long can I return a lamp?")
        assert (await office.ask(CUSTOMER, "GET", "/memory/me"))["facts"] == []
        await office.ask(CUSTOMER, "PUT", "/memory/me", given=True)
        await office.answered("My order number is ML-1234. What does shipping to France cost?")
        facts = (await office.ask(OPERATOR, "GET", f"/memory/{VIC}"))["facts"]
        assert [(each["name"], each["value"]) for each in facts] == [("order", "ML-1234")]
        await office.answered("I want to talk to a person")
        ticket = await office.services.desk.ticket(SUPPORT)
        assert ticket is not None
        assert "Remembered: order: ML-1234" in (ticket.summary or "")


@pytest.mark.parametrize(
    ("reply", "in_thread", "thread"),
    [("conversation", False, False), ("thread", False, True), ("conversation", True, True)],
)
async def test_answers_go_where_the_question_or_the_policy_says(
    database_url: str, tmp_path: Path, reply: str, in_thread: bool, thread: bool
) -> None:
    async with office_world(database_url, tmp_path, agent={"group": {"reply": reply}}) as office:
        services = office.services
        await services.committer.write(
            OpenConversation(
                900,
                1,
                ConversationKind.GROUP,
                "Team",
                ((ANN, MemberRole.OWNER), (BIRD, MemberRole.MEMBER)),
                agents=(BIRD,),
            )
        )
        root = await services.sender.send(MEMBER, 900, "root", {"text": "Good morning."})
        await office.turn()
        asked = await services.sender.send(
            MEMBER, 900, "q", {"text": f"@bird {QUESTION}"}, thread=root.seq if in_thread else None
        )
        await office.turn()
        said = (await office.office.world.history.messages(900, floor=1, before=None, after=None, limit=9))[
            -1
        ]
        assert said.sender == BIRD
        assert "30 days" in str(said.body["text"])
        assert said.thread == ((root.seq if in_thread else asked.seq) if thread else None)


async def test_a_visitor_is_vouched_for_once_the_site_signed_who_it_is(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with office_world(sqlite_url, tmp_path) as office:
        world, visitors = office.office.world, office.services.visitors.store
        vic = await office.services.accounts.user(VIC)
        opa = await office.services.accounts.user(OPA)
        assert vic is not None
        assert opa is not None
        assert (await world.verified(vic), await world.verified(opa)) == (False, True)
        await visitors.put(Profile(VIC, INBOX, None, "vic@shop.example", {}), "Vic")
        assert not await world.verified(vic), "an address that somebody typed vouches for nothing"
        await visitors.put(Profile(VIC, INBOX, "customer-7", None, {}), "Vic")
        assert await world.verified(vic)
