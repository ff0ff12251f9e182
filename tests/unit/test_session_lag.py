"""A slow reader costs bounded memory and finds its way back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.deliver.session import BUSY_BYTES, QUEUE_BYTES, Session
from myna.model.workspace import User, UserKind

ANN = User(11, 1, UserKind.HUMAN, "Ann")


class Reader:
    """A session with a count of how often its transport was called."""

    def __init__(self, *, signals: bool = True) -> None:
        self.calls = 0
        self.session = Session(ANN, operator=False, ready=self._ready, signals=signals)

    def _ready(self) -> None:
        self.calls += 1

    def take(self) -> list[bytes]:
        return [frame for _, frame in self.session.take()]


@pytest.fixture
def reader() -> Reader:
    return Reader()


def event(rev: int, size: int = 1000) -> bytes:
    return json.dumps({"rev": rev}).ljust(size).encode()


def fill(reader: Reader, size: int = 1000) -> int:
    """Queue events until the session lags; the number of events."""
    rev = 0
    while not reader.session.lagging:
        rev += 1
        reader.session.event(7, rev, rev, event(rev, size))
    return rev


def test_frames_come_in_order_with_the_position_of_events(reader: Reader) -> None:
    reader.session.direct(b"ready")
    reader.session.event(7, 1, 41, b"event")
    reader.session.signal(b"typing", minor=True)
    assert reader.session.take() == [(0, b"ready"), (41, b"event"), (0, b"typing")]
    assert reader.session.take() == []


def test_the_transport_is_called_once_per_drain(reader: Reader) -> None:
    for place in range(5):
        reader.session.direct(b"%d" % place)
    assert reader.calls == 1
    reader.take()
    reader.session.direct(b"more")
    assert reader.calls == 2


def test_an_empty_session_waits_for_nothing(reader: Reader) -> None:
    assert not reader.session.waiting
    reader.session.direct(b"x")
    assert reader.session.waiting
    reader.take()
    assert not reader.session.waiting


def test_overflow_drops_live_frames_and_keeps_answers(reader: Reader) -> None:
    reader.session.direct(b"ack 1")
    reader.session.signal(b"typing", minor=True)
    last = fill(reader)
    reader.session.direct(b"ack 2")
    assert reader.session.live_bytes == 0
    assert reader.take() == [b"ack 1", b"ack 2"]
    assert reader.session.lagging
    (heads,) = reader.take()
    assert json.loads(heads) == {"op": "heads", "heads": {"7": last}}
    assert not reader.session.lagging


def test_a_lagging_reader_is_called_again_for_its_heads(reader: Reader) -> None:
    reader.session.direct(b"ack")
    fill(reader)
    before = reader.calls
    reader.take()
    assert reader.calls > before
    assert b"heads" in reader.take()[0]


def test_heads_name_the_newest_change_of_every_missed_conversation(reader: Reader) -> None:
    reader.session.event(8, 3, 1, b"early")
    last = fill(reader)
    reader.session.event(9, 5, 1, b"late")
    reader.session.event(9, 6, 2, b"later")
    (heads,) = reader.take()
    assert json.loads(heads)["heads"] == {"7": last, "8": 3, "9": 6}


def test_after_the_heads_events_flow_again(reader: Reader) -> None:
    fill(reader)
    reader.take()
    reader.session.event(7, 999, 999, b"live")
    assert reader.take() == [b"live"]


def test_a_lagging_reader_gets_no_signals(reader: Reader) -> None:
    fill(reader)
    reader.session.signal(b"read", minor=False)
    (heads,) = reader.take()
    assert b"heads" in heads
    reader.session.signal(b"read", minor=False)
    assert reader.take() == [b"read"]


def test_minor_signals_are_dropped_first(reader: Reader) -> None:
    while reader.session.live_bytes + 1000 <= BUSY_BYTES:
        reader.session.event(7, 1, 1, event(1))
    before = reader.session.live_bytes
    reader.session.signal(b"t" * 1000, minor=True)
    assert reader.session.live_bytes == before
    reader.session.signal(b"d" * 1000, minor=False)
    assert reader.session.live_bytes == before + 1000
    assert not reader.session.lagging


def test_a_signal_never_makes_a_reader_lag(reader: Reader) -> None:
    while reader.session.live_bytes + 1000 <= QUEUE_BYTES:
        reader.session.event(7, 1, 1, event(1))
    reader.session.signal(b"d" * 2000, minor=False)
    assert not reader.session.lagging


def test_an_event_larger_than_the_bound_is_left_for_a_pull(reader: Reader) -> None:
    reader.session.event(7, 4, 1, b"x" * (QUEUE_BYTES + 1))
    assert json.loads(reader.take()[0])["heads"] == {"7": 4}


def test_a_reader_without_signals_gets_only_events() -> None:
    reader = Reader(signals=False)
    reader.session.signal(b"typing", minor=True)
    reader.session.signal(b"delta", minor=False)
    reader.session.event(7, 1, 1, b"event")
    assert reader.take() == [b"event"]


def test_the_first_frame_can_be_put_before_what_waits_already(reader: Reader) -> None:
    reader.session.event(7, 1, 1, b"event")
    reader.session.first(b"ready")
    assert reader.take() == [b"ready", b"event"]


actions = st.one_of(
    st.tuples(st.just("event"), st.integers(1, 4), st.integers(1, 90_000)),
    st.tuples(st.just("signal"), st.integers(0, 1), st.integers(1, 90_000)),
    st.tuples(st.just("take"), st.just(0), st.just(0)),
)


@given(st.lists(actions, max_size=60))
def test_the_queue_is_bounded_and_no_change_is_forgotten(script: list[tuple[str, int, int]]) -> None:
    reader = Reader()
    heads: dict[int, int] = {}
    known: dict[int, int] = {}

    def drain() -> None:
        for raw in reader.take():
            frame = json.loads(raw)
            for place, rev in frame.get("heads", {}).items():
                known[int(place)] = rev
            if "rev" in frame:
                known[frame["place"]] = frame["rev"]

    for what, place, size in script:
        if what == "event":
            heads[place] = heads.get(place, 0) + 1
            frame = json.dumps({"place": place, "rev": heads[place]}).ljust(size).encode()
            reader.session.event(place, heads[place], 1, frame)
        elif what == "signal":
            reader.session.signal(b"{}".ljust(size), minor=bool(place))
        else:
            drain()
        assert reader.session.live_bytes <= QUEUE_BYTES
    while reader.session.waiting:
        drain()
    assert known == heads


def test_the_deltas_of_a_stream_become_one_for_a_busy_reader(reader: Reader) -> None:
    fill_to = BUSY_BYTES // 1000 + 1
    for rev in range(1, fill_to + 1):
        reader.session.event(7, rev, rev, event(rev))
    for offset, text in enumerate("answer"):
        reader.session.signal(b"delta", minor=False, piece=(7, 3, offset, text))
    reader.session.signal(b"delta", minor=False, piece=(8, 1, 4, "an"))
    reader.session.event(7, fill_to + 1, fill_to + 1, b"finished")
    *_, whole, other, finished = reader.take()
    assert json.loads(whole) == {"op": "delta", "conversation": "7", "seq": 3, "offset": 0, "text": "answer"}
    assert json.loads(other)["text"] == "an"
    assert finished == b"finished"


def test_a_delta_with_a_hole_before_it_is_not_joined_to_the_last_one(reader: Reader) -> None:
    for rev in range(1, BUSY_BYTES // 1000 + 2):
        reader.session.event(7, rev, rev, event(rev))
    for piece in ((7, 3, 0, "ab"), (7, 3, 5, "f")):
        reader.session.signal(b"delta", minor=False, piece=piece)
    assert [json.loads(frame)["offset"] for frame in reader.take()[-2:]] == [0, 5]


def test_merged_deltas_count_against_the_bound(reader: Reader) -> None:
    for rev in range(1, BUSY_BYTES // 1000 + 2):
        reader.session.event(7, rev, rev, event(rev))
    for offset in range(0, QUEUE_BYTES * 2, 1000):
        reader.session.signal(b"x" * 1100, minor=False, piece=(7, 3, offset, "x" * 1000))
        assert reader.session.live_bytes <= QUEUE_BYTES
