"""The protocol's state machine against a small log of its own."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.errors import Conflict, Forbidden, Refused
from myna_bots.client.deliveries import Forgotten, Piece, Settled, Snapshot
from myna_bots.client.frames import (
    Ack,
    Delta,
    Event,
    Heads,
    Nack,
    Page,
    Ready,
    SnapshotState,
    StreamSnapshot,
    Typing,
)
from myna_bots.client.outbox import Sent
from myna_bots.client.pulls import MAX_PULLS, PULL_S
from myna_bots.client.state import ProtocolState
from myna_bots.client.wire import Message, User

ANN = User("11", "human", "Ann")


def message(seq: int, sender: str = "12", client_id: str = "c") -> dict[str, Any]:
    return {
        "conversation": "7",
        "seq": seq,
        "sender": sender,
        "client_id": client_id,
        "kind": "text",
        "state": "sent",
        "body": {"text": f"message {seq}"},
        "created_at": "2026-11-23T23:30:00.123Z",
    }


def event(rev: int, sender: str = "12", client_id: str = "c", conversation: str = "7") -> Event:
    return Event(conversation, rev, rev, "message.created", message(rev, sender, client_id), rev)


def ready(rev: int = 0, epoch: str = "1", more: bool = False, conversation: str = "7") -> Ready:
    return Ready("1", epoch, rev, ANN, {conversation: [rev, rev, 0, 1]} if rev else {}, 25, more)


def connected(state: ProtocolState, rev: int = 0, epoch: str = "1") -> ProtocolState:
    state.received(ready(rev, epoch), 0.0)
    return state


def ops(state: ProtocolState) -> list[str]:
    return [frame["op"] for frame in state.take_frames()]


def revs(state: ProtocolState) -> list[int]:
    return [each.rev for each in state.take_deliveries() if isinstance(each, Event)]


def settled(state: ProtocolState) -> list[Settled]:
    return [each for each in state.take_deliveries() if isinstance(each, Settled)]


def test_a_head_above_the_cursor_is_pulled_on_ready() -> None:
    state = connected(ProtocolState(cursors={"7": 3}), rev=5)
    (pull,) = state.take_frames()
    assert (pull["op"], pull["conversation"], pull["after_rev"]) == ("pull", "7", 3)


def test_a_head_at_the_cursor_is_not_pulled() -> None:
    assert ops(connected(ProtocolState(cursors={"7": 5}), rev=5)) == []


def test_a_client_from_now_fetches_no_old_history_but_everything_later() -> None:
    state = connected(ProtocolState(from_now=True), rev=5)
    assert ops(state) == []
    state.received(event(6), 1.0)
    assert revs(state) == [6]
    state.lost()
    state.received(Ready("1", "1", 9, ANN, {"7": [6, 6, 0, 1], "8": [2, 2, 0, 1]}), 2.0)
    assert [frame["conversation"] for frame in state.take_frames()] == ["8"]


def test_a_gap_may_close_by_itself_before_it_is_pulled() -> None:
    state = connected(ProtocolState())
    state.received(event(2), 1.0)
    due = state.due_at()
    assert due is not None
    assert 1.1 <= due <= 1.5
    state.received(event(1), 1.05)
    state.tick(2.0)
    assert ops(state) == []
    assert revs(state) == [1, 2]


def test_a_gap_that_stays_open_is_pulled_once() -> None:
    state = connected(ProtocolState())
    state.received(event(2), 1.0)
    state.tick(1.5)
    state.received(event(3), 1.6)
    state.tick(2.2)
    assert ops(state) == ["pull"]


def test_a_page_that_does_not_come_is_asked_for_again() -> None:
    state = connected(ProtocolState(), rev=2)
    assert ops(state) == ["pull"]
    state.tick(PULL_S - 1)
    assert ops(state) == []
    state.tick(PULL_S)
    assert ops(state) == ["pull"]


def test_only_so_many_pages_are_asked_for_at_once_and_the_others_follow() -> None:
    state = ProtocolState()
    heads = {str(each): [1, 1, 0, 1] for each in range(1, MAX_PULLS + 4)}
    state.received(Ready("1", "1", 1, ANN, heads), 0.0)
    pulls = state.take_frames()
    assert len(pulls) == MAX_PULLS
    first = pulls[0]
    state.received(
        Page(
            first["conversation"],
            0,
            1,
            1,
            [event(1, conversation=first["conversation"])],
            ref=first["ref"],
        ),
        1.0,
    )
    assert ops(state) == ["pull"]


def test_a_heads_frame_after_lag_is_pulled() -> None:
    state = connected(ProtocolState(cursors={"7": 1}), rev=1)
    state.received(Heads({"7": 4}), 1.0)
    state.tick(1.0)
    (pull,) = state.take_frames()
    assert pull["after_rev"] == 1


def test_a_snapshot_replaces_the_history_and_events_held_behind_it_follow() -> None:
    state = connected(ProtocolState(), rev=3000)
    (pull,) = state.take_frames()
    state.received(event(3001), 0.1)
    newest = Message("7", 2999, "12", "c", "text", "sent", {"text": "x"}, "2026-11-23T23:30:00.123Z")
    state.received(Page("7", 0, 3000, snapshot=SnapshotState(3000, [newest]), ref=pull["ref"]), 0.2)
    _, snapshot, following = state.take_deliveries()
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.rev, snapshot.messages) == (3000, (newest,))
    assert isinstance(following, Event)
    assert state.cursors == {"7": 3001}


def test_another_epoch_begins_every_conversation_anew() -> None:
    state = connected(ProtocolState(), rev=0)
    state.received(event(1), 0.1)
    state.lost()
    connected(state, rev=1, epoch="2")
    (pull,) = state.take_frames()
    assert pull["after_rev"] == 0


def test_drafts_wait_for_the_connection_and_go_out_in_order() -> None:
    state = ProtocolState()
    for client_id in ("a", "b", "c"):
        state.send("7", client_id, client_id)
    assert state.take_frames() == []
    connected(state)
    assert [frame["client_id"] for frame in state.take_frames()] == ["a", "b", "c"]


def test_unacknowledged_drafts_are_sent_again_in_order_after_a_cut() -> None:
    state = connected(ProtocolState())
    for client_id in ("a", "b", "c"):
        state.send("7", client_id, client_id)
    state.take_frames()
    state.received(Ack("b", "7", "t", 1, 1), 1.0)
    state.lost()
    assert state.take_frames() == []
    connected(state)
    assert [frame["client_id"] for frame in state.take_frames()] == ["a", "c"]


def test_another_log_gets_again_what_the_old_one_had_acknowledged_and_not_shown() -> None:
    state = connected(ProtocolState())
    for client_id in ("a", "b", "c"):
        state.send("7", client_id, client_id)
    state.take_frames()
    for seq, client_id in enumerate(("a", "b"), 1):
        state.received(Ack(client_id, "7", "2026-11-23T23:30:00.123Z", seq, seq), 1.0)
    state.received(event(1, "11", "a"), 1.0)
    state.lost()
    state.received(ready(epoch="1"), 2.0)
    assert [frame["client_id"] for frame in state.take_frames() if frame["op"] == "send"] == ["c"]
    state.lost()
    state.received(ready(epoch="2"), 3.0)
    assert [frame["client_id"] for frame in state.take_frames() if frame["op"] == "send"] == ["b", "c"]


def test_an_ack_settles_a_draft_once() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "hello")
    ack = Ack("a", "7", "t", 4, 9, ref=state.take_frames()[0]["ref"])
    state.received(ack, 1.0)
    state.received(ack, 1.1)
    assert settled(state) == [Settled("a", Sent("7", "a", 4, 9))]


def test_a_lost_ack_is_made_up_for_by_the_own_message_in_the_log() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "hello")
    state.received(event(1, sender=ANN.id, client_id="a"), 1.0)
    assert settled(state) == [Settled("a", Sent("7", "a", 1, 1))]
    assert len(state.outbox) == 0


def test_the_same_client_id_of_somebody_else_settles_nothing() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "hello")
    state.received(event(1, sender="12", client_id="a"), 1.0)
    assert settled(state) == []


def test_a_held_message_settles_without_a_seq() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "hello")
    state.received(Ack("a", "7", "t", held="99"), 1.0)
    (outcome,) = settled(state)
    assert outcome == Settled("a", Sent("7", "a", None, None, held="99"))


def test_a_draft_that_policy_refuses_ends_with_its_error() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "spam")
    (frame,) = state.take_frames()
    state.received(
        Nack(422, "refused_by_policy", "No.", ref=frame["ref"], extra={"reasons": ["link.denied"]}), 1.0
    )
    (outcome,) = settled(state)
    assert isinstance(outcome.outcome, Refused)
    assert outcome.outcome.extra == {"reasons": ["link.denied"]}


def test_a_busy_server_gets_the_draft_again_later_and_later_drafts_do_not_overtake_it() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "first")
    (frame,) = state.take_frames()
    state.received(Nack(503, "busy", temporary=True, retry_ms=2000, ref=frame["ref"]), 1.0)
    state.send("7", "b", "second")
    assert state.take_frames() == []
    state.tick(2.9)
    assert state.take_frames() == []
    state.tick(3.0)
    assert [each["client_id"] for each in state.take_frames()] == ["a", "b"]


def test_a_draft_that_meets_an_old_token_waits_for_the_next_connection() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "first")
    (frame,) = state.take_frames()
    state.received(Nack(401, "token_expired", ref=frame["ref"]), 1.0)
    assert settled(state) == []
    state.lost()
    connected(state)
    assert ops(state) == ["send"]


def test_another_draft_under_the_same_client_id_is_refused() -> None:
    state = ProtocolState()
    state.send("7", "a", "one")
    state.send("7", "a", "one")
    with pytest.raises(Conflict):
        state.send("7", "a", "two")
    assert len(state.outbox) == 1


def test_a_conversation_that_cannot_be_read_any_more_is_forgotten() -> None:
    state = connected(ProtocolState(), rev=2)
    (pull,) = state.take_frames()
    state.received(Nack(404, "not_found", ref=pull["ref"]), 1.0)
    assert [each for each in state.take_deliveries() if isinstance(each, Forgotten)] == [Forgotten("7")]
    state.tick(60.0)
    assert (ops(state), state.cursors) == ([], {})


def test_a_stream_is_put_together_and_ends_with_its_message() -> None:
    state = connected(ProtocolState())
    state.take_deliveries()
    state.received(Delta("7", 1, 0, "Hel"), 1.0)
    state.received(Delta("7", 1, 5, "!"), 1.1)
    state.received(StreamSnapshot("7", 1, "Hello"), 1.2)
    state.received(Delta("7", 1, 5, "!"), 1.3)
    assert state.take_deliveries() == [
        Piece("7", 1, "Hel", "Hel"),
        Piece("7", 1, "lo", "Hello"),
        Piece("7", 1, "!", "Hello!"),
    ]
    state.received(Event("7", 1, 1, "message.finished", message(1), 1), 1.4)
    assert state.texts.text("7", 1) == ""


def test_a_slow_reader_gets_no_more_until_it_has_room_and_then_everything() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "mine")
    ops(state)
    state.take_deliveries()
    state.full = True
    state.received(event(1, sender=ANN.id, client_id="a"), 1.0)
    state.received(event(2), 1.0)
    state.received(Typing("7", "12", True), 1.0)
    state.tick(9.0)
    assert (state.due_at(), ops(state)) == (None, [])
    assert settled(state) == [Settled("a", Sent("7", "a", 1, 1))]
    state.room(9.0)
    state.tick(9.0)
    (pull,) = state.take_frames()
    state.received(Page("7", 0, 2, 1, [event(1), event(2)], ref=pull["ref"]), 9.1)
    assert revs(state) == [1, 2]


def test_a_refused_send_keeps_its_class() -> None:
    state = connected(ProtocolState())
    state.send("7", "a", "x")
    (frame,) = state.take_frames()
    state.received(Nack(403, "forbidden", "You may not.", ref=frame["ref"]), 1.0)
    (outcome,) = settled(state)
    assert isinstance(outcome.outcome, Forbidden)


class Server:
    """A log of one conversation behind a network that the test plays."""

    def __init__(self) -> None:
        self.log: list[Event] = []
        self.known: dict[str, int] = {}

    def append(self, sender: str, client_id: str) -> Event:
        rev = len(self.log) + 1
        self.known[client_id] = rev
        self.log.append(event(rev, sender, client_id))
        return self.log[-1]

    def answer(self, frame: dict[str, Any]) -> Ack | Page:
        if frame["op"] == "send":
            rev = self.known.get(frame["client_id"])
            duplicate = rev is not None
            rev = rev or self.append(ANN.id, frame["client_id"]).rev
            return Ack(frame["client_id"], "7", "t", rev, rev, duplicate, ref=frame["ref"])
        after = frame["after_rev"]
        found = self.log[after : after + frame["limit"]]
        return Page("7", after, len(self.log), 1, found, ref=frame["ref"])


STEP = st.one_of(
    st.tuples(st.just("others"), st.integers(1, 3)),
    st.tuples(st.just("send"), st.just(0)),
    st.tuples(st.just("push"), st.integers(0, 40)),
    st.tuples(st.just("answer"), st.sampled_from(["whole", "lost"])),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.6, 20.0])),
    st.tuples(st.just("cut"), st.just(0)),
    st.tuples(st.just("slow"), st.booleans()),
)


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEP, max_size=60), seed=st.integers(0, 2**16))
def test_whatever_the_network_does_the_applied_log_is_dense_and_every_draft_is_in_it_once(
    steps: list[tuple[str, Any]], seed: int
) -> None:
    state, server, now = ProtocolState(dice=random.Random(seed)), Server(), 0.0
    applied: list[Event] = []
    drafts = 0
    outcomes: list[Settled] = []

    def collect() -> None:
        for each in state.take_deliveries():
            if isinstance(each, Event):
                applied.append(each)
            elif isinstance(each, Settled):
                outcomes.append(each)
        assert [each.rev for each in applied] == list(range(1, len(applied) + 1))

    def greet() -> None:
        state.received(ready(len(server.log)), now)

    greet()
    for step, value in steps:
        match step:
            case "others":
                for _ in range(value):
                    server.append("12", f"other{len(server.log)}")
            case "send":
                drafts += 1
                state.send("7", f"draft{drafts}", "hello")
            case "push" if server.log:
                # Any event of the log at any time: pushes come late, twice, out of order or never.
                state.received(server.log[value % len(server.log)], now)
            case "answer":
                for frame in state.take_frames():
                    answer = server.answer(frame)
                    if value == "whole":
                        state.received(answer, now)
            case "wait":
                now += value
                state.tick(now)
            case "cut":
                state.lost()
                greet()
            case "slow":
                if value:
                    state.full = True
                else:
                    state.room(now)
        collect()
    state.room(now)
    state.lost()
    greet()
    for _ in range(200):
        for frame in state.take_frames():
            state.received(server.answer(frame), now)
        # What the last answers committed is heard of as the beacon tells it.
        state.received(Heads({"7": len(server.log)} if server.log else {}), now)
        now += 1.0
        state.tick(now)
        collect()
        if state.caught_up and not state.outbox and len(applied) == len(server.log):
            break
    assert applied == server.log
    assert sorted(each.client_id for each in outcomes) == sorted(f"draft{n}" for n in range(1, drafts + 1))
    assert all(isinstance(each.outcome, Sent) for each in outcomes)
    mine = [each.data["client_id"] for each in server.log if each.data["sender"] == ANN.id]
    assert len(mine) == len(set(mine)) == drafts
    assert mine == [f"draft{n}" for n in range(1, drafts + 1)]
