"""Durable batches: the same promises on SQLite and PostgreSQL."""

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy import text

from myna.errors import Conflict, Forbidden, MynaError
from myna.log.plan import Opened
from myna.log.writes import Join, OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Ack, EventKind, MessageState
from myna.model.moderation import HeldState
from myna.model.ticket import Owner, Ticket, TicketStatus
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    GROUP,
    OPA,
    SUPPORT,
    VIC,
    WORKSPACE,
    acked,
    claim,
    close,
    decide,
    held_of,
    hold,
    operator_says,
    resolve,
    say,
    stream,
)
from support.stores import Stores, commits_of, stores


async def test_acks_name_the_places_of_the_messages(shop: Stores) -> None:
    outcomes = await shop.all(say(GROUP, ANN, "1", "hi"), say(GROUP, EVE, "1"), say(GROUP, BOB, "1", "ho"))
    first, refused, second = outcomes
    assert (acked(first).seq, acked(first).rev, acked(second).seq, acked(second).rev) == (1, 2, 2, 3)
    assert isinstance(refused, Forbidden)
    found = await shop.log.messages(GROUP, floor=1, before=None, after=None, limit=10)
    assert [(each.seq, each.sender, each.body) for each in found] == [
        (1, ANN, {"text": "hi"}),
        (2, BOB, {"text": "ho"}),
    ]
    assert found[0].created_at == acked(first).at


async def test_published_events_are_those_in_the_log(shop: Stores) -> None:
    committed = await shop.commits.commit([say(GROUP, ANN, "1"), say(SUPPORT, VIC, "1"), claim(SUPPORT, OPA)])
    first = committed.published[0].event.pos
    read = await shop.log.events_after(first - 1, 100)
    assert [event for event, _, _ in read] == [each.event for each in committed.published]
    assert [(workspace, support) for _, workspace, support in read] == [
        (each.workspace, each.support) for each in committed.published
    ]
    assert await shop.log.head() == (read[-1][0].pos, (await shop.log.head())[1])


@pytest.mark.parametrize("restart", [False, True])
async def test_a_resent_draft_is_the_first_message(database_url: str, restart: bool) -> None:
    async with stores(database_url) as shop:
        first = acked(await shop.one(say(GROUP, ANN, "1")))
        held = acked(await shop.one(hold(900, GROUP, BOB, "2")))
        if not restart:
            await _resend(shop, first, held)
    if restart:
        async with stores(database_url, fresh=False) as shop:
            await _resend(shop, first, held)


async def _resend(shop: Stores, first: Ack, held: Ack) -> None:
    again = acked(await shop.one(say(GROUP, ANN, "1")))
    assert (again.seq, again.rev, again.at, again.duplicate) == (first.seq, first.rev, first.at, True)
    waits = acked(await shop.one(say(GROUP, BOB, "2")))
    assert (waits.held, waits.seq, waits.duplicate, waits.at) == (900, None, True, held.at)
    with pytest.raises(Conflict):
        await shop.one(say(GROUP, ANN, "1", "other"))
    found = await shop.log.messages(GROUP, floor=1, before=None, after=None, limit=10)
    assert len(found) == 1


async def test_a_batch_that_fails_leaves_nothing(shop: Stores) -> None:
    before = await shop.log.head()
    twice = OpenConversation(GROUP, WORKSPACE, ConversationKind.GROUP, "Again", ((ANN, MemberRole.OWNER),))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await shop.commits.commit([say(GROUP, ANN, "1"), twice])
    assert await shop.log.head() == before
    assert acked(await shop.one(say(GROUP, ANN, "1"))).seq == 1


async def test_a_refused_batch_changes_nothing(shop: Stores) -> None:
    before = await shop.log.head()
    outcomes = await shop.all(say(GROUP, EVE, "1"), resolve(GROUP, OPA), decide(1, GROUP, allow=True))
    assert all(isinstance(each, MynaError) for each in outcomes)
    assert await shop.log.head() == before


@pytest.mark.parametrize(
    "said", ["", "plain", "你好，世界 🌱", 'quotes " and \\ and \n lines', "x" * 10_000, "\u2028\u0301"]
)
async def test_every_text_comes_back_as_it_was(shop: Stores, said: str) -> None:
    client_id = "ключ-🔑"
    await shop.one(say(GROUP, ANN, client_id, said))
    (found,) = await shop.log.messages(GROUP, floor=1, before=None, after=None, limit=10)
    assert (found.body, found.client_id) == ({"text": said}, client_id)
    assert acked(await shop.one(say(GROUP, ANN, client_id, said))).duplicate


async def test_events_of_a_conversation_come_in_pages(shop: Stores) -> None:
    await shop.all(*(say(GROUP, ANN, str(place)) for place in range(5)))
    page = await shop.log.events(GROUP, after_rev=0, floor=1, limit=3)
    rest = await shop.log.events(GROUP, after_rev=page[-1].rev, floor=1, limit=100)
    assert [each.rev for each in page + rest] == [1, 2, 3, 4, 5, 6]
    assert page[0].kind is EventKind.CONVERSATION_CHANGED
    assert page[0].data["members"] == [str(ANN), str(BOB)]
    assert page[1].data["body"] == {"text": "hello"}
    assert await shop.log.events(GROUP, after_rev=6, floor=1, limit=100) == []
    assert await shop.log.events(999, after_rev=0, floor=1, limit=100) == []


async def test_below_the_floor_no_message_is_read(shop: Stores) -> None:
    await shop.all(*(say(GROUP, ANN, str(place)) for place in range(4)))
    await shop.one(Join(GROUP, EVE, MemberRole.MEMBER, {"name": "Eve"}, history="none"))
    await shop.one(say(GROUP, ANN, "later"))
    floor = (await shop.conversations.member(GROUP, EVE)).from_seq  # type: ignore[union-attr]
    assert floor == 5
    events = await shop.log.events(GROUP, after_rev=0, floor=floor, limit=100)
    assert [(each.rev, each.seq) for each in events] == [(1, None), (6, None), (7, 5)]
    for bounds in (
        {"before": None, "after": None},
        {"before": 9, "after": None},
        {"before": None, "after": 0},
    ):
        found = await shop.log.messages(GROUP, floor=floor, limit=100, **bounds)
        assert [each.seq for each in found] == [5]


async def test_messages_come_in_pages_in_both_directions(shop: Stores) -> None:
    await shop.all(*(say(GROUP, ANN, str(place)) for place in range(1, 10)))

    async def page(before: int | None, after: int | None) -> list[int]:
        found = await shop.log.messages(GROUP, floor=1, before=before, after=after, limit=3)
        return [each.seq for each in found]

    assert await page(None, None) == [7, 8, 9]
    assert await page(7, None) == [4, 5, 6]
    assert await page(2, None) == [1]
    assert await page(1, None) == []
    assert await page(None, 0) == [1, 2, 3]
    assert await page(None, 8) == [9]
    assert await page(None, 9) == []
    assert await page(6, 1) == [2, 3, 4]


async def test_a_streamed_answer_is_told_as_it_ended(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "q"))
    turn = await shop.queue.lease(2e9, 20.0)
    assert turn is not None
    seq = acked(await shop.one(stream(turn))).seq
    events = await shop.log.events(SUPPORT, after_rev=0, floor=1, limit=100)
    assert (events[-1].data["state"], events[-1].data["body"]) == ("streaming", {"text": ""})
    await shop.one(close(turn, {"text": "Here it is."}, seq=seq))
    (message,) = await shop.log.messages(SUPPORT, floor=1, before=None, after=1, limit=9)
    assert (message.state, message.body) == (MessageState.SENT, {"text": "Here it is."})
    events = await shop.log.events(SUPPORT, after_rev=0, floor=1, limit=100)
    assert events[-1].kind is EventKind.MESSAGE_FINISHED
    assert events[-1].data["body"] == {"text": "Here it is."}


async def test_a_stream_in_another_process_is_ended_by_a_claim(database_url: str) -> None:
    async with stores(database_url) as shop, stores(database_url, fresh=False) as other:
        await shop.one(say(SUPPORT, VIC, "q"))
        turn = await shop.queue.lease(2e9, 20.0)
        assert turn is not None
        seq = acked(await shop.one(stream(turn))).seq
        await other.one(claim(SUPPORT, OPA, partial="Here"))
        found = await shop.log.messages(SUPPORT, floor=1, before=None, after=1, limit=1)
        assert (found[0].seq, found[0].state, found[0].body) == (
            seq,
            MessageState.INTERRUPTED,
            {"text": "Here"},
        )
        with pytest.raises(Conflict):
            await shop.one(close(turn, {"text": "Here it is."}, seq=seq))


async def test_a_conversation_is_opened_with_its_ticket(shop: Stores) -> None:
    write = OpenConversation(
        500,
        WORKSPACE,
        ConversationKind.SUPPORT,
        "New",
        ((EVE, MemberRole.GUEST), (BIRD, MemberRole.MEMBER)),
        agents=(BIRD,),
        inbox=5,
        visitor=EVE,
    )
    made = await shop.one(write)
    assert isinstance(made, Opened)
    found = await shop.conversations.find(500, WORKSPACE)
    assert found == made.conversation
    ticket = await shop.desk.ticket(500)
    assert ticket is not None
    assert (ticket.owner, ticket.status, ticket.epoch) == (Owner.AGENT, TicketStatus.OPEN, 1)


async def test_moves_and_decisions_are_stored_whole(shop: Stores) -> None:
    await shop.one(hold(900, SUPPORT, VIC, "1", "psst"))
    moved = await shop.one(claim(SUPPORT, OPA))
    assert isinstance(moved, Ticket)
    assert await shop.desk.ticket(SUPPORT) == moved
    decided = held_of(await shop.one(decide(900, SUPPORT, allow=True)))
    assert await shop.desk.held(900, WORKSPACE) == decided
    assert (decided.state, decided.decided_by) == (HeldState.ALLOWED, OPA)
    again = acked(await shop.one(say(SUPPORT, VIC, "1", "psst")))
    assert (again.seq, again.duplicate, again.held) == (decided.seq, True, None)


async def test_an_operators_words_are_one_transaction(shop: Stores) -> None:
    await shop.one(operator_says(SUPPORT, OPA, "o1"))
    found = await shop.log.messages(SUPPORT, floor=1, before=None, after=None, limit=10)
    assert [each.body.get("code") or each.body["text"] for each in found] == [
        "handoff.claimed",
        "I look into it",
    ]
    seat = await shop.conversations.member(SUPPORT, OPA)
    assert seat is not None
    assert seat.role is MemberRole.MODERATOR


@pytest.mark.parametrize("processes", [2, 4])
async def test_processes_that_commit_at_once_share_one_dense_log(database_url: str, processes: int) -> None:
    async with stores(database_url) as shop:
        rivals = [commits_of(shop.database) for _ in range(processes)]
        orders: list[list[int]] = []

        async def process(number: int) -> None:
            mine: list[int] = []
            for place in range(20):
                batch = [
                    say(GROUP, ANN, f"{number}.{place}"),
                    say(SUPPORT, VIC, f"{number}.{place}"),
                    say(GROUP, BOB, f"shared.{place}"),
                ]
                committed = await rivals[number].commit(batch)
                assert all(isinstance(each, Ack) for each in committed.outcomes)
                mine.extend(each.event.pos for each in committed.published)
            orders.append(mine)

        try:
            await asyncio.gather(*(process(number) for number in range(processes)))
        finally:
            for each in rivals:
                await each.close()
        head, _ = await shop.log.head()
        read = await shop.log.events_after(0, 10_000)
        assert [event.pos for event, _, _ in read] == list(range(1, head + 1))
        for place in (GROUP, SUPPORT):
            found = await shop.conversations.find(place, WORKSPACE)
            assert found is not None
            revs = [event.rev for event, _, _ in read if event.conversation == place]
            assert revs == list(range(1, found.rev + 1))
            messages = await shop.log.messages(place, floor=1, before=None, after=0, limit=10_000)
            assert [each.seq for each in messages] == list(range(1, found.seq + 1))
            ids = [(each.sender, each.client_id) for each in messages]
            assert len(set(ids)) == len(ids)
        everything = sorted(pos for mine in orders for pos in mine)
        assert everything == list(range(everything[0], head + 1))
        assert all(first < second for mine in orders for first, second in pairwise(mine))


async def test_the_epoch_names_the_log_and_stays(database_url: str) -> None:
    async with stores(database_url) as shop:
        _, epoch = await shop.log.head()
    async with stores(database_url, fresh=False) as again:
        assert (await again.log.head())[1] == epoch


async def test_a_read_sees_one_consistent_state(shop: Stores) -> None:
    async with shop.database.read() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM message"))).scalar()
        await shop.one(say(GROUP, ANN, "1"))
        assert (await connection.execute(text("SELECT count(*) FROM message"))).scalar() == before


async def test_a_read_cannot_write(postgres_url: str) -> None:
    async with stores(postgres_url) as shop, shop.database.read() as connection:
        with pytest.raises(Exception, match="read-only"):
            await connection.execute(text("DELETE FROM message"))
