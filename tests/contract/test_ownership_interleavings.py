"""A thousand ways in which workers and operators can meet in a conversation: one owner, one answer, no lost hand-off.

Workers of two processes, each with connections of its own, and one operator to each conversation, act at once; the order is
the scheduler's and the database's, what each of them does is drawn from a seed. The log is then read event by event, as a
client would.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from myna.errors import Busy, Conflict, MynaError, StaleTurn
from myna.log.writes import MoveTicket, OpenConversation, Write
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Event, EventKind, MessageState
from myna.model.ticket import Owner, TicketStatus, Turn, TurnState
from support.planning import (
    BIRD,
    OPA,
    SUPPORT,
    VIC,
    WORKSPACE,
    acked,
    claim,
    close,
    interrupt,
    release,
    resolve,
    say,
    stream,
)
from support.stores import Stores, stores

LATER = 4e9
INTERLEAVINGS = 1_000
AT_ONCE = 125


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Stores, Stores]]:
    """The stores of two processes on one database."""
    async with stores(database_url) as one, stores(database_url, fresh=False) as other:
        yield one, other


async def test_in_a_thousand_interleavings_nobody_talks_over_anybody(two: tuple[Stores, Stores]) -> None:
    one, other = two
    met: Counter[str] = Counter()
    for start in range(0, INTERLEAVINGS, AT_ONCE):
        places = range(10_000 + start, 10_000 + start + AT_ONCE)
        await one.all(*(opened(place) for place in places))
        await one.all(*(say(place, VIC, "q1", "first question") for place in places))
        people = [operator(one if place % 2 else other, place, met) for place in places]
        workers = [worker(each, start + number, met) for number, each in enumerate((one, other) * 12)]
        await asyncio.gather(*people, *workers)
        drains = [
            worker(each, start + number, met, drain=True) for number, each in enumerate((one, other) * 8)
        ]
        await asyncio.gather(*drains)
        await asyncio.gather(*(check(one if place % 2 else other, place) for place in places))
    # The test means something only when the parties did meet: late answers were refused, and others got through.
    assert met["answered"] > INTERLEAVINGS / 4
    assert met["handed_off"] > INTERLEAVINGS / 20
    assert met["refused"] > INTERLEAVINGS / 50
    assert met["claimed"] > INTERLEAVINGS / 4


def opened(place: int) -> OpenConversation:
    members = ((VIC, MemberRole.GUEST), (BIRD, MemberRole.MEMBER))
    return OpenConversation(
        place, WORKSPACE, ConversationKind.SUPPORT, "Vic", members, agents=(BIRD,), inbox=place, visitor=VIC
    )


async def stored(shop: Stores, write: Write) -> object:
    """The outcome of a write, sent again when the database had no time for it, as every client does."""
    while True:
        try:
            return await shop.one(write)
        except Busy:
            await asyncio.sleep(0.05)


async def operator(shop: Stores, place: int, met: Counter[str]) -> None:
    """Takes over, speaks, gives back and resolves as the seed of this conversation says; the customer writes in between."""
    chance = random.Random(place)
    for number in range(chance.randint(1, 4)):
        await asyncio.sleep(chance.random() * 0.01)
        match chance.choice(("claim", "claim", "release", "resolve", "ask")):
            case "claim":
                await stored(shop, claim(place, OPA))
                met["claimed"] += 1
            case "release":
                await stored(shop, release(place, OPA))
            case "resolve":
                await stored(shop, resolve(place, OPA))
            case _:
                await stored(shop, say(place, VIC, f"more-{number}", "another question"))


async def worker(shop: Stores, seed: int, met: Counter[str], *, drain: bool = False) -> None:
    """Answers whatever turn it gets, streamed or not, or hands over; `drain` leaves no turn behind."""
    chance = random.Random(seed)
    idle = 0
    while (await shop.queue.next_due() is not None) if drain else idle < 6:
        turn = await shop.queue.lease(LATER, 20.0)
        if turn is None:
            idle += 1
            await asyncio.sleep(0.002)
            continue
        idle = 0
        try:
            await answer(shop, turn, chance, met)
        except (StaleTurn, Conflict):
            met["refused"] += 1


async def answer(shop: Stores, turn: Turn, chance: random.Random, met: Counter[str]) -> None:
    seq = None
    if chance.random() < 0.5:
        seq = acked(await stored(shop, stream(turn))).seq
    await asyncio.sleep(chance.random() * 0.03)
    if chance.random() < 0.25:
        move = MoveTicket(
            turn.conversation, BIRD, Owner.QUEUE, reason="low_confidence", summary="asked twice"
        )
        await stored(shop, close(turn, {"text": "a person comes"}, seq=seq, move=move))
        met["handed_off"] += 1
    else:
        await stored(shop, close(turn, {"text": "an answer"}, seq=seq))
        met["answered"] += 1


async def check(shop: Stores, place: int) -> None:
    """What the log shows, event by event."""
    events = await shop.log.events(place, after_rev=0, floor=1, limit=500)
    owner, status, epoch = Owner.AGENT, TicketStatus.OPEN, 1
    spoken: Counter[tuple[int, str]] = Counter()
    handed = 0
    for event in events:
        if event.kind is EventKind.TICKET_CHANGED:
            assert event.data["epoch"] > epoch or event.data["epoch"] == epoch == 1, "the epoch only grows"
            owner, status, epoch = (
                Owner(event.data["owner"]),
                TicketStatus(event.data["status"]),
                event.data["epoch"],
            )
            handed += event.data["reason"] == "low_confidence" and owner is Owner.QUEUE
        elif by_agent(event):
            assert owner is Owner.AGENT, f"conversation {place}: the agent spoke while the owner was {owner}"
            assert status is TicketStatus.OPEN, f"conversation {place}: the agent spoke after it was resolved"
            if event.kind is EventKind.MESSAGE_CREATED and event.data["state"] == MessageState.SENT:
                spoken[(epoch, event.data["client_id"].split(":")[1])] += 1
    assert max(spoken.values(), default=1) == 1, f"conversation {place}: a turn was answered twice: {spoken}"
    said = await shop.log.messages(place, floor=1, before=None, after=None, limit=200)
    assert all(each.state is not MessageState.STREAMING for each in said), "no stream is left open"
    promised = sum(
        each.body.get("text") == "a person comes" and each.state is MessageState.SENT for each in said
    )
    assert handed == promised, (
        "every hand-off that the customer read of is in the queue's history, and no other"
    )
    ticket = await shop.desk.ticket(place)
    assert ticket is not None
    asked = max(each.seq for each in said if each.sender == VIC)
    if ticket.owner is Owner.AGENT and ticket.status is TicketStatus.OPEN:
        # An answer that came after the question, but to an earlier one, is none.
        turns = await shop.queue.records(place, 100)
        answers = [each for each in turns if each.state is TurnState.DONE and each.trigger_seq == asked]
        sent = {each.seq for each in said if each.sender == BIRD and each.state is MessageState.SENT}
        assert any(each.seq in sent for each in answers), f"conversation {place}: nobody answers the customer"


def by_agent(event: Event) -> bool:
    """Whether the agent says something with this event; a stream that a move cut off was said before."""
    if event.kind not in {EventKind.MESSAGE_CREATED, EventKind.MESSAGE_FINISHED}:
        return False
    mine = event.data["sender"] == str(BIRD) and event.data["kind"] == "text"
    return mine and not (
        event.kind is EventKind.MESSAGE_FINISHED and event.data["state"] == MessageState.INTERRUPTED
    )


async def test_a_worker_that_dies_in_mid_stream_leaves_an_interrupted_message_and_one_answer(
    two: tuple[Stores, Stores],
) -> None:
    dead, living = two
    await dead.one(say(SUPPORT, VIC, "q"))
    due = await dead.queue.next_due()
    assert due is not None
    turn = await dead.queue.lease(due, 0.0)
    assert turn is not None
    await dead.one(stream(turn))
    ((expired, conversation, seq),) = await living.queue.expired(LATER + 1, 10)
    assert (expired, conversation) == (turn.id, SUPPORT)
    await living.one(interrupt(turn, "You can ret"))
    again = await living.queue.lease(LATER, 20.0)
    assert again is not None
    assert (again.id, again.attempt) == (turn.id, turn.attempt + 1)
    await living.one(close(again, {"text": "You can return it."}))
    with pytest.raises(MynaError) as late:
        await dead.one(close(turn, {"text": "You can return it."}, seq=seq))
    assert late.value.code == "stale_turn"
    messages = await living.log.messages(SUPPORT, floor=1, before=None, after=None, limit=50)
    own = [(each.state, each.body["text"]) for each in messages if each.sender == BIRD]
    assert own == [
        (MessageState.INTERRUPTED, "You can ret"),
        (MessageState.SENT, "You can return it."),
    ]
