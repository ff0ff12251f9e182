"""The wire objects: ids are strings, times ISO 8601 in UTC with milliseconds, as the contract lists their fields."""

from dataclasses import replace

from myna.model.conversation import Member, MemberRole
from myna.model.message import Ack, Event, EventKind, Message, MessageKind, MessageState
from myna.model.moderation import Action, Held, HeldState, Reason, Verdict
from myna.model.ticket import Owner, Ticket, TicketStatus, TurnDecision, TurnRecord, TurnState
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.wire import (
    ack_object,
    decode,
    encode,
    event_object,
    held_object,
    member_object,
    message_object,
    optional_id,
    signal,
    stamp,
    ticket_object,
    turn_object,
    user_object,
)

AT = 1_795_390_200.123
ANN = User(2**53 - 1, 1, UserKind.HUMAN, "Ann", "ann", "zh", WorkspaceRole.OWNER)


def test_times_are_utc_with_milliseconds() -> None:
    assert stamp(AT) == "2026-11-22T23:30:00.123Z"
    assert stamp(1_795_390_200.0) == "2026-11-22T23:30:00.000Z"


def test_ids_are_strings() -> None:
    assert (optional_id(None), optional_id(7)) == (None, "7")
    assert user_object(ANN) == {
        "id": "9007199254740991",
        "kind": "human",
        "handle": "ann",
        "name": "Ann",
        "locale": "zh",
        "agent": False,
    }


def test_a_user_never_shows_role_or_workspace() -> None:
    assert not {"role", "workspace", "password"} & user_object(ANN).keys()


def test_a_message_and_its_event() -> None:
    message = Message(9, 3, 11, "c", MessageKind.TEXT, MessageState.SENT, {"text": "你好 🌱"}, AT, reply_to=1)
    shown = message_object(message)
    assert shown == {
        "conversation": "9",
        "seq": 3,
        "sender": "11",
        "client_id": "c",
        "kind": "text",
        "state": "sent",
        "body": {"text": "你好 🌱"},
        "reply_to": 1,
        "created_at": "2026-11-22T23:30:00.123Z",
    }
    more = replace(message, thread=1, edited_at=AT, expires_at=AT, reactions={"👍": 2})
    assert message_object(more) == shown | {
        "thread": 1,
        "edited_at": shown["created_at"],
        "expires_at": shown["created_at"],
        "reactions": {"👍": 2},
    }
    event = event_object(Event(9, 4, 5, EventKind.MESSAGE_CREATED, 3, shown))
    assert decode(encode(event)) == {
        "op": "event",
        "conversation": "9",
        "rev": 4,
        "pos": 5,
        "kind": "message.created",
        "seq": 3,
        "data": shown,
    }


def test_an_ack() -> None:
    assert ack_object(Ack(9, "c", 3, 4, AT)) == {
        "conversation": "9",
        "client_id": "c",
        "seq": 3,
        "rev": 4,
        "ts": "2026-11-22T23:30:00.123Z",
        "duplicate": False,
        "held": None,
    }
    assert ack_object(Ack(9, "c", None, None, AT, held=8))["held"] == "8"


def test_a_ticket() -> None:
    ticket = Ticket(9, 1, 5, 21, 41, Owner.OPERATOR, 31, 4, TicketStatus.OPEN, "offered", None, AT, AT)
    assert ticket_object(ticket) == {
        "conversation": "9",
        "inbox": "5",
        "visitor": "21",
        "owner": "operator",
        "owner_user": "31",
        "epoch": 4,
        "status": "open",
        "reason": "offered",
        "summary": None,
        "created_at": stamp(AT),
        "changed_at": stamp(AT),
    }


def test_a_member() -> None:
    shown = member_object(Member(9, 11, MemberRole.GUEST, from_seq=2, read_seq=7, joined_at=AT), ANN)
    assert shown == {
        "user": user_object(ANN),
        "role": "guest",
        "read_seq": 7,
        "from_seq": 2,
        "joined_at": "2026-11-22T23:30:00.123Z",
        "muted_until": None,
    }


def test_a_held_message_shows_why_it_waits() -> None:
    verdict = Verdict(Action.HOLD, (Reason("link", "bad.example", 0.123456),), 0.987654)
    held = Held(8, 1, 9, 11, "c", {"text": "buy"}, None, verdict, HeldState.WAITING, AT)
    shown = held_object(held, ANN, "Team", "group")
    assert shown["reasons"] == [{"code": "link", "detail": "bad.example", "weight": 0.123}]
    assert (shown["score"], shown["text"], shown["state"]) == (0.9877, "buy", "waiting")
    assert (shown["decided_by"], shown["decided_at"], shown["seq"]) == (None, None, None)


def test_a_turn_with_and_without_a_decision() -> None:
    bare = turn_object(TurnRecord(1, 2, None, TurnState.QUEUED, None, AT))
    assert bare["decision"] is None
    assert bare["passages"] == []
    decision = TurnDecision("answer", "found", "offline", 0.9, 0.5, ({"chunk": "1"},), 12.5)
    full = turn_object(TurnRecord(1, 2, 3, TurnState.DONE, decision, AT))
    assert (full["decision"], full["engine"], full["confidence"]) == ("answer", "offline", 0.9)
    assert full["passages"] == [{"chunk": "1"}]
    assert full.keys() == bare.keys()


def test_a_signal_is_an_object_with_its_op() -> None:
    assert decode(signal("typing", {"on": True})) == {"op": "typing", "on": True}
