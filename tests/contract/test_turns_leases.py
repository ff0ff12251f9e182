"""Leases of turns on both databases: one worker per turn, one turn per conversation at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.tickets import SqlTurnQueue
from myna.log.writes import Join, OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.ticket import TurnState
from support.planning import (
    ANN,
    BIRD,
    FINCH,
    GROUP,
    SUPPORT,
    VIC,
    WORKSPACE,
    close,
    interrupt,
    say,
)
from support.stores import Stores, stores

LATER = 4e9
"""A moment by which every turn is due."""


async def ask(shop: Stores, count: int) -> None:
    """So many visitors' conversations, each with a waiting turn."""
    for place in range(2000, 2000 + count):
        members = ((VIC, MemberRole.GUEST), (BIRD, MemberRole.MEMBER))
        await shop.all(
            OpenConversation(
                place,
                WORKSPACE,
                ConversationKind.SUPPORT,
                "Vic",
                members,
                agents=(BIRD,),
                inbox=place,
                visitor=VIC,
            ),
            say(place, VIC, "q"),
        )


async def test_a_turn_is_leased_with_all_that_a_worker_needs(shop: Stores) -> None:
    assert await shop.queue.lease(LATER, 20.0) is None
    await shop.one(say(SUPPORT, VIC, "q"))
    turn = await shop.queue.lease(LATER, 20.0)
    assert turn is not None
    assert (turn.conversation, turn.agent, turn.trigger_seq, turn.epoch, turn.attempt) == (
        SUPPORT,
        BIRD,
        1,
        1,
        1,
    )
    assert (turn.workspace, turn.conversation_kind) == (WORKSPACE, ConversationKind.SUPPORT)
    assert await shop.queue.lease(LATER, 20.0) is None


async def test_a_turn_is_not_leased_before_it_is_due(shop: Stores) -> None:
    assert await shop.queue.next_due() is None
    await shop.one(say(SUPPORT, VIC, "q", turn_delay_s=1000.0))
    due = await shop.queue.next_due()
    assert due is not None
    assert await shop.queue.lease(due - 1, 20.0) is None
    assert await shop.queue.lease(due, 20.0) is not None
    assert await shop.queue.next_due() is None


async def test_the_turn_that_has_been_due_longest_comes_first(shop: Stores) -> None:
    await ask(shop, 3)
    found = [await shop.queue.lease(LATER, 20.0) for _ in range(3)]
    assert [turn.conversation for turn in found if turn is not None] == [2000, 2001, 2002]


async def test_workers_at_once_share_out_the_turns(database_url: str) -> None:
    async with stores(database_url) as shop, stores(database_url, fresh=False) as other:
        await ask(shop, 6)

        async def worker(queue: SqlTurnQueue) -> list[int]:
            mine: list[int] = []
            for _ in range(40):
                turn = await queue.lease(LATER, 20.0)
                if turn is not None:
                    mine.append(turn.id)
            return mine

        leased = await asyncio.gather(*(worker(each.queue) for each in (shop, other, shop, other)))
        everything = [turn for mine in leased for turn in mine]
        assert len(everything) == len(set(everything)) == 6


class SlowCommit(Database):
    """A database whose write transactions wait before they commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.wrote, self.go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        async with super().write() as connection:
            yield connection
            self.wrote.set()
            await self.go_on.wait()


async def group_with_two_agents(shop: Stores) -> None:
    for agent in (BIRD, FINCH):
        await shop.one(Join(GROUP, agent, MemberRole.MEMBER, {}, agent=True))
    await shop.one(say(GROUP, ANN, "1"))


async def test_one_turn_of_a_conversation_runs_at_a_time(shop: Stores) -> None:
    await group_with_two_agents(shop)
    first = await shop.queue.lease(LATER, 20.0)
    assert first is not None
    assert await shop.queue.lease(LATER, 20.0) is None
    await shop.one(close(first, {"text": "one"}))
    second = await shop.queue.lease(LATER, 20.0)
    assert second is not None
    assert {first.agent, second.agent} == {BIRD, FINCH}


async def test_also_when_two_workers_lease_at_the_same_moment(postgres_url: str) -> None:
    slow = SlowCommit(postgres_url)
    try:
        async with stores(postgres_url) as shop:
            await group_with_two_agents(shop)
            leasing = asyncio.get_running_loop().create_task(SqlTurnQueue(slow).lease(LATER, 20.0))
            await slow.wrote.wait()
            assert await shop.queue.lease(LATER, 20.0) is None
            slow.go_on.set()
            assert await leasing is not None
            assert await shop.queue.lease(LATER, 20.0) is None
    finally:
        await slow.close()


async def test_a_lease_is_prolonged_only_by_who_has_it(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "q"))
    first = await shop.queue.lease(LATER, 20.0)
    assert first is not None
    assert await shop.queue.renew(first, LATER + 100)
    assert await shop.queue.expired(LATER + 99, 9) == []
    assert await shop.queue.expired(LATER + 101, 9) == [(first.id, SUPPORT, None)]
    assert await shop.queue.expired(LATER + 101, 0) == []


async def test_a_lost_lease_is_not_prolonged(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "q"))
    due = await shop.queue.next_due()
    assert due is not None
    first = await shop.queue.lease(due, 0.0)
    assert first is not None
    await shop.one(interrupt(first))
    second = await shop.queue.lease(LATER, 20.0)
    assert second is not None
    assert (second.id, second.attempt) == (first.id, 2)
    assert not await shop.queue.renew(first, LATER)
    assert await shop.queue.renew(second, LATER)
    await shop.one(close(second, None))
    assert not await shop.queue.renew(second, LATER)


async def test_a_turn_is_kept_with_its_decision(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "q"))
    turn = await shop.queue.lease(LATER, 20.0)
    assert turn is not None
    (running,) = await shop.queue.records(SUPPORT, 9)
    assert (running.state, running.decision, running.seq) == (TurnState.LEASED, None, None)
    ending = close(turn, {"text": "Here."})
    await shop.one(ending)
    await shop.one(say(SUPPORT, VIC, "q2"))
    newest, done = await shop.queue.records(SUPPORT, 9)
    assert (newest.state, newest.trigger_seq) == (TurnState.QUEUED, 3)
    assert (done.state, done.seq, done.decision) == (TurnState.DONE, 2, ending.decision)
    assert len(await shop.queue.records(SUPPORT, 1)) == 1
    assert await shop.queue.records(GROUP, 9) == []


async def test_a_deferred_turn_comes_back_when_it_is_due(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "q"))
    turn = await shop.queue.lease(LATER, 20.0)
    assert turn is not None
    assert await shop.queue.defer(turn, LATER + 100)
    assert not await shop.queue.defer(turn, LATER + 200), "the lease has ended"
    assert await shop.queue.lease(LATER + 99, 20.0) is None
    again = await shop.queue.lease(LATER + 100, 20.0)
    assert again is not None
    assert (again.id, again.attempt) == (turn.id, turn.attempt + 1)
