"""Events reach the hub in commit order and once, whatever the bus loses, repeats or turns around."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.deliver.frames import BusFrame, EventFrame, SignalFrame, event_frame, pack, unpack
from myna.deliver.hub import Hub
from myna.deliver.relay import MAX_OUTGOING, TAIL_EVENTS, Relay
from myna.deliver.session import Session
from myna.errors import Busy
from myna.log.plan import Published
from myna.model.message import Event, EventKind
from myna.model.workspace import User, UserKind

ANN = User(11, 1, UserKind.HUMAN, "Ann")
GROUP = 101
ELSEWHERE = 99


def event(pos: int, kind: EventKind = EventKind.MESSAGE_CREATED, **data: Any) -> Event:
    return Event(GROUP, pos, pos, kind, pos if kind.startswith("message") else None, data)


def published(pos: int) -> Published:
    return Published(event(pos), 1, False)


class Log:
    """The events that are durable so far; `reads` counts how often they were asked for."""

    def __init__(self, head: int = 0) -> None:
        self.events = {pos: event(pos) for pos in range(1, head + 1)}
        self.reads = 0
        self.failing = False

    async def head(self) -> tuple[int, int]:
        return max(self.events, default=0), 7

    async def events_after(self, pos: int, limit: int) -> list[tuple[Event, int, bool]]:
        self.reads += 1
        if self.failing:
            raise Busy("The database rests.")
        found = sorted(each for each in self.events if each > pos)[:limit]
        return [(self.events[each], 1, False) for each in found]

    def commit(self, pos: int, kind: EventKind = EventKind.MESSAGE_CREATED, **data: Any) -> EventFrame:
        self.events[pos] = event(pos, kind, **data)
        return event_frame(Published(self.events[pos], 1, False))

    async def messages(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the relay reads no messages")


class Wire:
    """A bus in the hands of the test: `arrive` is what comes in, `sent` what went out."""

    shared = True

    def __init__(self) -> None:
        self.arriving: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.sent: list[BusFrame] = []
        self.publish_with: Callable[[bytes], Any] | None = None
        self.subscribed = asyncio.Event()

    def arrive(self, *events: EventFrame, signals: tuple[SignalFrame, ...] = ()) -> None:
        self.arriving.put_nowait(pack(BusFrame(ELSEWHERE, list(events), list(signals))))

    async def publish(self, frame: bytes) -> None:
        if self.publish_with is not None:
            await self.publish_with(frame)
        self.sent.append(unpack(frame))

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[bytes | None]]:
        self.subscribed.set()
        yield self._frames()

    async def _frames(self) -> AsyncIterator[bytes | None]:
        while True:
            yield await self.arriving.get()

    async def close(self) -> None: ...


class Place:
    """A process's delivery with one reader, ann."""

    def __init__(self, log: Log, bus: Any, *, beacon_s: float = 1000.0) -> None:
        self.log, self.bus, self.hub = log, bus, Hub()
        self.relay = Relay(log, bus, self.hub, beacon_s=beacon_s)  # type: ignore[arg-type]
        self.ann = Session(ANN, operator=False, ready=lambda: None)
        self.hub.add(self.ann, [GROUP])
        self.heard: list[int] = []
        self.news = asyncio.Event()
        self.relay.listeners.append(self._hear)

    def _hear(self, frame: EventFrame) -> None:
        self.heard.append(frame.pos)
        self.news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Place"]:
        await self.relay.start()
        task = asyncio.get_running_loop().create_task(self.relay.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, pos: int) -> None:
        async with asyncio.timeout(60):
            while self.relay.pos < pos:
                self.news.clear()
                await self.news.wait()


async def test_events_come_in_order_from_both_sides() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        wire.arrive(log.commit(1))
        await here.until(1)
        log.commit(2)
        await here.relay.publish([published(2)])
        assert here.heard == [1, 2]
        assert [pos for pos, _ in here.ann.take()] == [1, 2]


async def test_what_is_published_here_goes_to_the_other_processes() -> None:
    wire = Wire()
    async with Place(Log(), wire).running() as here:
        await here.relay.publish([published(1), published(2)])
        await here.relay.publish([])
        await here.relay.signal(SignalFrame(1, b"typing", GROUP))
        await here.relay.drained()
        assert [[event.pos for event in frame.events] for frame in wire.sent] == [[1, 2], []]
        assert [len(frame.signals) for frame in wire.sent] == [0, 1]


async def test_a_process_ignores_its_own_frames() -> None:
    wire = Wire()
    async with Place(Log(), wire).running() as here:
        await here.relay.signal(SignalFrame(1, b"typing", GROUP))
        await here.relay.drained()
        wire.arriving.put_nowait(pack(wire.sent[0]))
        wire.arrive(here.log.commit(1))
        await here.until(1)
        assert [frame for _, frame in here.ann.take() if frame == b"typing"] == [b"typing"]


async def test_frames_that_come_twice_or_late_are_delivered_once() -> None:
    wire, log = Wire(), Log()
    one, two, three = log.commit(1), log.commit(2), log.commit(3)
    log.events.clear()
    async with Place(log, wire).running() as here:
        wire.arrive(two, three)
        wire.arrive(one)
        wire.arrive(two, one)
        wire.arrive(three)
        await here.until(3)
        wire.arrive(log.commit(4))
        await here.until(4)
        assert here.heard == [1, 2, 3, 4]


async def test_a_gap_is_filled_from_the_log() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        log.commit(1)
        wire.arrive(log.commit(2))
        await here.until(2)
        assert here.heard == [1, 2]
        assert log.reads == 1


async def test_a_long_gap_is_filled_in_pages() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        last = [log.commit(pos) for pos in range(1, 1_203)][-1]
        wire.arrive(last)
        await here.until(1_202)
        assert here.heard == list(range(1, 1_203))


async def test_after_a_fault_of_the_bus_the_log_is_read() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        log.commit(1)
        wire.arriving.put_nowait(None)
        await here.until(1)
        assert here.heard == [1]


async def test_the_beacon_finds_what_no_frame_told_of() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire, beacon_s=0.01).running() as here:
        log.commit(1)
        await here.until(1)
        async with asyncio.timeout(60):
            while not any(b"heads" in frame for _, frame in here.ann.take()):
                await asyncio.sleep(0)


async def test_a_log_that_rests_is_asked_again() -> None:
    wire, log = Wire(), Log()
    log.failing = True
    async with Place(log, wire, beacon_s=0.01).running() as here:
        wire.arriving.put_nowait(None)
        async with asyncio.timeout(60):
            while log.reads == 0:
                await asyncio.sleep(0)
        log.failing = False
        log.commit(1)
        await here.until(1)


async def test_what_is_no_frame_of_ours_is_dropped() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        wire.arriving.put_nowait(b"\xc1 not msgpack")
        wire.arriving.put_nowait(b"\x01")
        wire.arrive(log.commit(1))
        await here.until(1)


async def test_a_bus_that_hangs_does_not_hold_up_senders() -> None:
    wire = Wire()
    hanging = asyncio.Event()

    async def hang(_: bytes) -> None:
        hanging.set()
        await asyncio.Event().wait()

    wire.publish_with = hang
    async with Place(Log(), wire).running() as here:
        await here.relay.publish([published(1)])
        await hanging.wait()
        for pos in range(2, MAX_OUTGOING + 50):
            await here.relay.publish([published(pos)])
        assert here.relay.pos == MAX_OUTGOING + 49


@pytest.mark.parametrize("failure", [Busy("Redis is away."), OSError("reset")])
async def test_a_bus_that_fails_loses_nothing_here(failure: Exception) -> None:
    wire = Wire()

    async def fail(_: bytes) -> None:
        raise failure

    wire.publish_with = fail
    async with Place(Log(), wire).running() as here:
        await here.relay.publish([published(1)])
        await here.relay.drained()
        assert here.heard == [1]


async def test_the_end_of_a_stream_elsewhere_frees_its_text_here() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        delta = SignalFrame(1, b"delta", GROUP, stream=(GROUP, 2, 0, "Your order"))
        wire.arrive(log.commit(1), log.commit(2), signals=(delta,))
        wire.arrive(log.commit(3))
        await here.until(3)
        assert here.hub.streams == {(GROUP, 2): "Your order"}
        ended = event_frame(
            Published(Event(GROUP, 4, 4, EventKind.MESSAGE_FINISHED, 2, {"seq": 2}), 1, False)
        )
        wire.arrive(ended)
        await here.until(4)
        assert here.hub.streams == {}


async def test_members_who_joined_in_a_gap_are_seated() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        bob = Session(User(12, 1, UserKind.HUMAN, "Bob"), operator=False, ready=lambda: None)
        cleo = Session(User(13, 1, UserKind.HUMAN, "Cleo"), operator=False, ready=lambda: None)
        here.hub.add(bob, [])
        here.hub.add(cleo, [])
        log.commit(1, EventKind.MEMBER_JOINED, user={"id": "12"})
        log.commit(2, EventKind.CONVERSATION_CHANGED, members=["13"])
        log.commit(3, EventKind.TICKET_CHANGED)
        wire.arriving.put_nowait(None)
        await here.until(3)
        assert [pos for pos, _ in bob.take() if pos] == [1, 2, 3]
        assert [pos for pos, _ in cleo.take() if pos] == [2, 3]


async def test_a_reader_resumes_from_memory_or_is_told_to_sync() -> None:
    log = Log(head=5)
    async with Place(log, Wire()).running() as here:
        assert here.relay.epoch == 7
        assert here.relay.since(5) == []
        assert here.relay.since(4) is None
        await here.relay.publish([published(6), published(7)])
        found = here.relay.since(6)
        assert found is not None
        assert [each.pos for each in found] == [7]
        assert here.relay.since(5) is not None
        assert here.relay.since(4) is None
        assert here.relay.since(8) is None


async def test_the_tail_in_memory_is_bounded() -> None:
    async with Place(Log(), Wire()).running() as here:
        await here.relay.publish([published(pos) for pos in range(1, TAIL_EVENTS + 11)])
        assert len(here.relay.tail) == TAIL_EVENTS
        assert here.relay.since(9) is None
        assert here.relay.since(10) is not None


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=8))
def test_any_order_of_frames_gives_commit_order(order: list[int], again: list[int]) -> None:
    here = Place(Log(), Wire())
    for pos in [*order, *again]:
        asyncio.run(here.relay.publish([published(pos)]))
    assert here.heard == list(range(1, 9))


@given(
    st.builds(
        SignalFrame,
        st.integers(0, 2**53),
        st.binary(max_size=50),
        users=st.lists(st.integers(0, 2**53), max_size=3).map(tuple),
        stream=st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.text()),
    )
)
def test_frames_survive_the_bus(signal: SignalFrame) -> None:
    frame = BusFrame(3, [event_frame(published(1))], [signal])
    assert unpack(pack(frame)) == frame


async def test_events_that_wait_for_a_gap_are_bounded() -> None:
    log = Log()
    async with Place(log, Wire()).running() as here:
        await here.relay.publish([published(pos) for pos in range(2, TAIL_EVENTS + 10)])
        assert here.heard == []
        for pos in range(1, TAIL_EVENTS + 10):
            log.commit(pos)
        await here.until(TAIL_EVENTS + 9)
        assert here.heard == list(range(1, TAIL_EVENTS + 10))


async def test_after_a_fault_of_the_bus_sessions_hear_the_heads_at_once() -> None:
    wire, log = Wire(), Log()
    async with Place(log, wire).running() as here:
        log.commit(1)
        wire.arriving.put_nowait(None)
        async with asyncio.timeout(60):
            while not any(b"heads" in frame for _, frame in here.ann.take()):
                await asyncio.sleep(0)


async def test_a_replaced_database_sends_every_session_away() -> None:
    wire, log = Wire(), Log(head=5)
    async with Place(log, wire, beacon_s=0.01).running() as here:
        del log.events[5], log.events[4]
        async with asyncio.timeout(60):
            while here.ann.ended is None:
                await asyncio.sleep(0)
        assert here.ann.ended.status == 410
        assert here.relay.pos == 3
        assert here.relay.since(3) == []
        assert here.relay.since(5) is None
