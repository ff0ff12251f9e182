"""Who sees what: nothing reaches a session whose user may not see it."""

import json
from typing import Any

import pytest

from myna.deliver.frames import EventFrame, SignalFrame
from myna.deliver.hub import Hub
from myna.deliver.session import Session
from myna.model.workspace import User, UserKind

HERE, ELSEWHERE = 1, 2
GROUP, SUPPORT = 101, 102


def session(hub: Hub, user: int, *seats: int, operator: bool = False, workspace: int = HERE) -> Session:
    made = Session(
        User(user, workspace, UserKind.HUMAN, f"user {user}"), operator=operator, ready=lambda: None
    )
    hub.add(made, seats)
    return made


def event(
    conversation: int, rev: int = 1, *, support: bool = False, workspace: int = HERE, **more: Any
) -> EventFrame:
    return EventFrame(rev, rev, conversation, workspace, support, b"event %d" % rev, **more)


def got(reader: Session) -> list[bytes]:
    return [frame for _, frame in reader.take()]


@pytest.fixture
def hub() -> Hub:
    return Hub()


def test_an_event_reaches_every_session_of_every_member(hub: Hub) -> None:
    phone, laptop, bob = session(hub, 11, GROUP), session(hub, 11, GROUP), session(hub, 12, GROUP)
    hub.deliver(event(GROUP))
    assert [got(each) for each in (phone, laptop, bob)] == [[b"event 1"]] * 3


def test_an_event_reaches_nobody_else(hub: Hub) -> None:
    eve, operator = session(hub, 13, SUPPORT), session(hub, 31, operator=True)
    hub.deliver(event(GROUP))
    assert (got(eve), got(operator)) == ([], [])


def test_operators_see_the_support_conversations_of_their_workspace_only(hub: Hub) -> None:
    here = session(hub, 31, operator=True)
    elsewhere = session(hub, 32, operator=True, workspace=ELSEWHERE)
    analyst = session(hub, 33)
    hub.deliver(event(SUPPORT, support=True))
    assert [got(each) for each in (here, elsewhere, analyst)] == [[b"event 1"], [], []]


def test_an_operator_with_a_seat_gets_an_event_once(hub: Hub) -> None:
    operator = session(hub, 31, SUPPORT, operator=True)
    hub.deliver(event(SUPPORT, support=True))
    assert got(operator) == [b"event 1"]


def test_who_joins_gets_the_event_of_joining_and_what_follows(hub: Hub) -> None:
    eve = session(hub, 13)
    hub.deliver(event(GROUP, 1))
    hub.deliver(event(GROUP, 2, joined=(13,)))
    hub.deliver(event(GROUP, 3))
    assert got(eve) == [b"event 2", b"event 3"]
    assert eve.conversations == {GROUP}


def test_who_leaves_gets_the_event_of_leaving_and_nothing_more(hub: Hub) -> None:
    bob = session(hub, 12, GROUP)
    hub.deliver(event(GROUP, 1, left=(12,)))
    hub.deliver(event(GROUP, 2))
    assert got(bob) == [b"event 1"]
    assert bob.conversations == set()


def test_a_removed_session_gets_nothing_and_leaves_nothing_behind(hub: Hub) -> None:
    ann = session(hub, 11, GROUP, operator=True)
    hub.remove(ann)
    hub.remove(ann)
    hub.deliver(event(GROUP))
    hub.signal(SignalFrame(HERE, b"held", moderators=True, users=(11,)))
    assert got(ann) == []
    assert hub.sessions() == []
    assert not hub.online(11)


def test_a_user_is_online_while_a_session_is_there(hub: Hub) -> None:
    phone, laptop = session(hub, 11), session(hub, 11)
    hub.remove(phone)
    assert hub.online(11)
    assert hub.sessions() == [laptop]
    hub.remove(laptop)
    assert not hub.online(11)


def test_a_signal_spares_the_user_who_made_it(hub: Hub) -> None:
    phone, laptop, bob = session(hub, 11, GROUP), session(hub, 11, GROUP), session(hub, 12, GROUP)
    hub.signal(SignalFrame(HERE, b"typing", GROUP, minor=True, but_user=11))
    assert [got(each) for each in (phone, laptop, bob)] == [[], [], [b"typing"]]


def test_signals_reach_single_users_and_moderators(hub: Hub) -> None:
    ann, operator = session(hub, 11), session(hub, 31, operator=True)
    far = session(hub, 32, operator=True, workspace=ELSEWHERE)
    hub.signal(SignalFrame(HERE, b"yours", users=(11,)))
    hub.signal(SignalFrame(HERE, b"held", moderators=True))
    assert [got(each) for each in (ann, operator, far)] == [[b"yours"], [b"held"], []]


def test_a_signal_for_several_reasons_comes_once(hub: Hub) -> None:
    operator = session(hub, 31, SUPPORT, operator=True)
    hub.signal(SignalFrame(HERE, b"held", SUPPORT, support=True, users=(31,), moderators=True))
    assert got(operator) == [b"held"]


def test_the_beacon_names_what_changed_since_the_last_one(hub: Hub) -> None:
    ann, operator = session(hub, 11, GROUP), session(hub, 31, operator=True)
    hub.deliver(event(GROUP, 4))
    hub.deliver(event(GROUP, 5))
    hub.deliver(event(SUPPORT, 9, support=True))
    got(ann), got(operator)
    hub.beacon()
    assert json.loads(got(ann)[0]) == {"op": "heads", "heads": {str(GROUP): 5}}
    assert json.loads(got(operator)[0])["heads"] == {str(SUPPORT): 9}
    hub.beacon()
    assert (got(ann), got(operator)) == ([], [])


def stream(offset: int, text: str, seq: int = 3) -> SignalFrame:
    return SignalFrame(HERE, b"delta", SUPPORT, support=True, stream=(SUPPORT, seq, offset, text))


def test_the_text_so_far_is_held_for_those_who_come_later(hub: Hub) -> None:
    hub.signal(stream(0, "Your "))
    hub.signal(stream(5, "order"))
    assert hub.streams == {(SUPPORT, 3): "Your order"}
    assert hub.streamed(SUPPORT) == "Your order"
    assert hub.streamed(GROUP) == ""
    hub.end_stream(SUPPORT, 3)
    hub.end_stream(SUPPORT, 3)
    assert hub.streams == {}


def test_a_stream_with_a_lost_delta_is_not_held_wrongly(hub: Hub) -> None:
    hub.signal(stream(0, "Your "))
    hub.signal(stream(9, "is late"))
    assert hub.streams == {}
    hub.signal(stream(16, "!"))
    assert hub.streams == {}


def test_a_stream_begins_anew_at_offset_zero(hub: Hub) -> None:
    hub.signal(stream(0, "Wrong"))
    hub.signal(stream(0, "Right"))
    assert hub.streamed(SUPPORT) == "Right"


def on_device(hub: Hub, user: int, device: str) -> Session:
    made = Session(
        User(user, HERE, UserKind.HUMAN, f"user {user}"), operator=False, ready=lambda: None, device=device
    )
    hub.add(made, [GROUP])
    return made


def test_a_newer_session_of_a_device_ends_the_older_one_and_no_other(hub: Hub) -> None:
    old, new = on_device(hub, 11, "phone"), on_device(hub, 11, "phone")
    laptop, nameless, bob = on_device(hub, 11, "laptop"), on_device(hub, 11, ""), on_device(hub, 12, "phone")
    hub.signal(SignalFrame(HERE, b"", replaced=(11, "phone", new.id)))
    assert old.ended is not None
    assert (old.ended.status, json.loads(old.ended.frame)["temporary"]) == (409, False)
    assert [each.ended for each in (new, laptop, nameless, bob)] == [None] * 4


def test_a_drain_asks_everybody_to_come_back_at_different_times(hub: Hub) -> None:
    readers = [session(hub, user, GROUP) for user in range(11, 61)]
    hub.drain()
    goodbyes = [json.loads(each.ended.frame) for each in readers if each.ended is not None]
    assert {each["code"] for each in goodbyes} == {503}
    assert len({each["retry_ms"] for each in goodbyes}) == len(readers)


def test_a_session_ends_once(hub: Hub) -> None:
    reader = session(hub, 11, GROUP)
    hub.reset()
    hub.drain()
    assert reader.ended is not None
    assert reader.ended.status == 410
