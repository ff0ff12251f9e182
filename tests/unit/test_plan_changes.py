"""The rules of edits, recalls, reactions, pins and threads, as a pure function."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.errors import Conflict, Forbidden, Malformed, MynaError, NotFound
from myna.log.changes import MAX_EMOJIS, MAX_PINS
from myna.log.writes import Edit, Join, Pin, React, Recall, Say, Write
from myna.model.conversation import MemberRole
from myna.model.message import Draft, EventKind, MessageState
from support.planning import (
    ANN,
    BOB,
    EVE,
    GROUP,
    OPA,
    SUPPORT,
    VIC,
    PlanLog,
    acked,
    opened,
    require_dense,
    say,
)


def edit(actor: int, client_id: str, seq: int, text: str = "better") -> Edit:
    return Edit(GROUP, actor, client_id, seq, body={"text": text})


def spoken() -> PlanLog:
    log = opened()
    log.commit(say(GROUP, ANN, "1", "from ann"), say(GROUP, BOB, "2", "from bob"))
    return log


def test_an_edit_is_an_event_and_keeps_the_version_before() -> None:
    log = spoken()
    ack = acked(log.one(edit(ANN, "e1", 1)))
    assert (ack.seq, ack.rev, ack.duplicate) == (1, 4, False)
    found = log.messages[(GROUP, 1)]
    assert (found.body, found.edited_at) == ({"text": "better"}, log.now)
    assert log.events[-1].kind is EventKind.MESSAGE_EDITED
    assert log.events[-1].data["body"] == {"text": "better"}
    assert log.versions[(GROUP, 1)] == [(4, {"text": "from ann"}, ANN)]
    require_dense(log)


def test_the_same_change_again_gives_the_first_result() -> None:
    log = spoken()
    changes: list[Write] = [
        edit(ANN, "c1", 1),
        React(GROUP, BOB, "c2", 1, emoji="👍"),
        Pin(GROUP, ANN, "c3", 1),
        Recall(GROUP, ANN, "c4", 1),
    ]
    first = [acked(log.one(each)) for each in changes]
    before = log.pos
    again = [acked(log.one(each)) for each in changes]
    assert [(each.rev, each.at, each.duplicate) for each in again] == [
        (each.rev, each.at, True) for each in first
    ]
    assert log.pos == before


def test_a_change_under_a_used_client_id_is_a_conflict() -> None:
    log = spoken()
    log.one(edit(ANN, "c", 1, "one"))
    for other in (edit(ANN, "c", 1, "two"), Recall(GROUP, ANN, "c", 1)):
        with pytest.raises(Conflict) as refused:
            log.one(other)
        assert refused.value.code == "client_id_conflict"
    assert log.messages[(GROUP, 1)].body == {"text": "one"}


def test_only_the_sender_edits() -> None:
    log = spoken()
    with pytest.raises(Forbidden):
        log.one(edit(ANN, "e", 2))
    with pytest.raises(Forbidden) as refused:
        log.one(edit(EVE, "e", 1))
    assert refused.value.code == "not_a_member"


def test_a_recall_takes_words_versions_reactions_and_pin_away() -> None:
    log = spoken()
    log.commit(edit(ANN, "e", 1), React(GROUP, BOB, "r", 1, emoji="👍"), Pin(GROUP, ANN, "p", 1))
    log.one(Recall(GROUP, ANN, "x", 1))
    found = log.messages[(GROUP, 1)]
    assert (found.state, found.body["text"], found.reactions) == (MessageState.RECALLED, "", {})
    assert (log.versions, log.reactions, log.pins) == ({}, set(), {})
    assert log.events[-1].kind is EventKind.MESSAGE_RECALLED
    for late in (edit(ANN, "e2", 1), React(GROUP, BOB, "r2", 1, emoji="👍"), Pin(GROUP, ANN, "p2", 1)):
        with pytest.raises(Conflict) as refused:
            log.one(late)
        assert refused.value.code == "recalled"


def test_a_recall_in_the_batch_of_a_reaction_leaves_no_reaction() -> None:
    log = spoken()
    log.commit(React(GROUP, BOB, "r", 1, emoji="👍"), Recall(GROUP, ANN, "x", 1))
    assert log.reactions == set()
    assert log.messages[(GROUP, 1)].reactions == {}


def test_moderators_recall_the_messages_of_those_below_them() -> None:
    log = spoken()
    log.one(Recall(GROUP, ANN, "x", 2))
    assert log.messages[(GROUP, 2)].body == {"text": "", "recalled_by": str(ANN)}
    with pytest.raises(Forbidden):
        log.one(Recall(GROUP, BOB, "y", 1))
    log.one(Join(GROUP, EVE, MemberRole.MODERATOR, {}))
    with pytest.raises(Forbidden):
        log.one(Recall(GROUP, EVE, "z", 1))


def test_an_operator_recalls_in_support_without_a_seat() -> None:
    log = opened()
    log.one(say(SUPPORT, VIC, "1"))
    with pytest.raises(Forbidden):
        log.one(Recall(SUPPORT, OPA, "x", 1))
    log.one(Recall(SUPPORT, OPA, "x", 1, observer=True))
    assert log.messages[(SUPPORT, 1)].state is MessageState.RECALLED


def test_reactions_are_counted_and_repeating_one_changes_nothing() -> None:
    log = spoken()
    log.commit(React(GROUP, ANN, "1", 1, emoji="👍"), React(GROUP, BOB, "2", 1, emoji="👍"))
    before = log.pos
    assert acked(log.one(React(GROUP, BOB, "3", 1, emoji="👍"))).duplicate
    assert log.pos == before
    assert log.messages[(GROUP, 1)].reactions == {"👍": 2}
    log.one(React(GROUP, BOB, "4", 1, emoji="👍", on=False))
    assert log.events[-1].data == {"user": str(BOB), "emoji": "👍", "on": False, "count": 1}
    log.one(React(GROUP, ANN, "5", 1, emoji="👍", on=False))
    assert log.messages[(GROUP, 1)].reactions == {}


def test_a_message_takes_so_many_different_reactions() -> None:
    log = spoken()
    for place in range(MAX_EMOJIS):
        log.one(React(GROUP, ANN, f"r{place}", 1, emoji=f":e{place}:"))
    with pytest.raises(Malformed) as refused:
        log.one(React(GROUP, ANN, "more", 1, emoji=":more:"))
    assert refused.value.code == "too_many_reactions"
    log.one(React(GROUP, BOB, "same", 1, emoji=":e0:"))


def test_pins_are_bounded_and_need_the_right() -> None:
    log = opened()
    log.commit(*(say(GROUP, ANN, str(place)) for place in range(MAX_PINS + 1)))
    with pytest.raises(Forbidden):
        log.one(Pin(GROUP, BOB, "p", 1))
    log.commit(*(Pin(GROUP, ANN, f"p{seq}", seq) for seq in range(1, MAX_PINS + 1)))
    with pytest.raises(Conflict) as refused:
        log.one(Pin(GROUP, ANN, "more", MAX_PINS + 1))
    assert refused.value.code == "too_many_pins"
    log.one(Pin(GROUP, ANN, "off", 1, on=False))
    log.one(Pin(GROUP, ANN, "more2", MAX_PINS + 1))
    assert log.events[-1].seq == MAX_PINS + 1


def test_what_lies_below_the_floor_cannot_be_changed() -> None:
    log = spoken()
    log.one(Join(GROUP, EVE, MemberRole.ADMIN, {}, history="none"))
    for seq in (1, 2, 3, 0):
        with pytest.raises(NotFound):
            log.one(React(GROUP, EVE, "r", seq, emoji="👍"))


def test_a_reply_in_a_thread_hangs_on_the_thread() -> None:
    log = spoken()
    log.one(Say(Draft(GROUP, BOB, "t1", {"text": "a"}, thread=1)))
    log.one(Say(Draft(GROUP, ANN, "t2", {"text": "b"}, thread=3)))
    assert [log.messages[(GROUP, seq)].thread for seq in (3, 4)] == [1, 1]
    for wrong in (Draft(GROUP, BOB, "t3", {"text": "c"}, thread=9), Draft(GROUP, BOB, "t4", {}, reply_to=9)):
        with pytest.raises(NotFound) as refused:
            log.one(Say(wrong))
        assert refused.value.code == "no_such_message"


CHANGES: Any = st.one_of(
    st.builds(
        edit, st.sampled_from([ANN, BOB]), st.uuids().map(str), st.integers(1, 4), st.sampled_from("abc")
    ),
    st.builds(
        React,
        st.just(GROUP),
        st.sampled_from([ANN, BOB]),
        st.uuids().map(str),
        st.integers(1, 4),
        emoji=st.sampled_from("👍👎"),
        on=st.booleans(),
    ),
    st.builds(Recall, st.just(GROUP), st.sampled_from([ANN, BOB]), st.uuids().map(str), st.integers(1, 4)),
    st.builds(Pin, st.just(GROUP), st.just(ANN), st.uuids().map(str), st.integers(1, 4), on=st.booleans()),
    st.builds(say, st.just(GROUP), st.sampled_from([ANN, BOB]), st.uuids().map(str), st.sampled_from("xyz")),
)


@given(st.lists(st.lists(CHANGES, min_size=1, max_size=4), max_size=12))
def test_applying_the_events_gives_what_is_stored(batches: list[list[Any]]) -> None:
    log = spoken()
    for batch in batches:
        for outcome in log.commit(*batch):
            assert isinstance(outcome, MynaError) or acked(outcome)
    require_dense(log)
    told: dict[int, dict[str, Any]] = {}
    reacted: set[tuple[int, str, str]] = set()
    pinned: set[int] = set()
    for event in log.events:
        if event.conversation != GROUP or event.seq is None:
            continue
        match event.kind:
            case EventKind.REACTION_CHANGED:
                counts = {**told[event.seq].get("reactions", {}), event.data["emoji"]: event.data["count"]}
                told[event.seq]["reactions"] = {each: count for each, count in counts.items() if count}
                key = (event.seq, event.data["emoji"], event.data["user"])
                (reacted.add if event.data["on"] else reacted.discard)(key)
            case EventKind.PIN_CHANGED:
                (pinned.add if event.data["on"] else pinned.discard)(event.seq)
            case _:
                told[event.seq] = dict(event.data)
                if event.kind is EventKind.MESSAGE_RECALLED:
                    pinned.discard(event.seq)
                    reacted = {each for each in reacted if each[0] != event.seq}
    for seq, shown in told.items():
        stored = log.messages[(GROUP, seq)]
        assert (shown["state"], shown["body"], shown.get("reactions", {})) == (
            stored.state,
            stored.body,
            stored.reactions,
        )
    assert pinned == {seq for _, seq in log.pins}
    assert reacted == {(seq, emoji, str(user)) for _, seq, emoji, user in log.reactions}


def test_a_recall_leaves_the_versions_of_other_conversations_in_its_batch() -> None:
    log = spoken()
    log.commit(say(SUPPORT, VIC, "v1", "from vic"))
    log.commit(
        Edit(SUPPORT, VIC, "v2", 1, body={"text": "vic again"}),
        Recall(GROUP, ANN, "r1", 1),
    )
    assert [version[1] for version in log.versions[(SUPPORT, 1)]] == [{"text": "from vic"}]
