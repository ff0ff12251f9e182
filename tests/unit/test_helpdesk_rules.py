"""Opening hours, promises, who takes the next conversation and how long that takes, as tables."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from myna.errors import Malformed
from myna.helpdesk.clocks import clocks
from myna.helpdesk.hours import check_hours, is_open, later, next_opening
from myna.helpdesk.model import Hours, OperatorState, Promise, Stay
from myna.helpdesk.queue import choose, expected_wait_s
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Owner, Ticket, TicketStatus

BERLIN = Hours(
    "Europe/Berlin",
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("09:00", "12:00"), ("13:00", "17:00"))),
    ("2026-12-25",),
)
VIC, OPA, BIRD = 21, 31, 41


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T09:00", True),
        ("2026-11-23T08:59", False),
        ("2026-11-23T12:30", False),
        ("2026-11-23T16:59", True),
        ("2026-11-23T17:00", False),
        ("2026-11-22T10:00", False),
        ("2026-12-25T10:00", False),
    ],
)
def test_it_is_open_in_its_hours_and_on_no_holiday(moment: str, opens: bool) -> None:
    assert is_open(BERLIN, at(moment)) is opens
    assert is_open(Hours(), at(moment))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T12:10", "2026-11-23T13:00"),
        ("2026-11-20T18:00", "2026-11-23T09:00"),
        ("2026-12-24T18:00", "2026-12-28T09:00"),
    ],
)
def test_it_opens_next_at_the_next_span(moment: str, opens: str) -> None:
    assert next_opening(BERLIN, at(moment)) == at(opens)


def test_hours_that_never_open_have_no_next_opening() -> None:
    assert next_opening(Hours("UTC", {"mon": ()}), at("2026-11-23T10:00")) is None


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T09:00", 1, "2026-11-23T10:00"),
        ("2026-11-23T11:30", 1, "2026-11-23T13:30"),
        ("2026-11-20T16:30", 1, "2026-11-23T09:30"),
        ("2026-11-22T10:00", 7, "2026-11-23T17:00"),
        ("2026-10-23T16:00", 2, "2026-10-26T10:00"),
    ],
)
def test_promises_count_opening_hours_only_also_over_a_clock_change(start: str, hours: int, due: str) -> None:
    assert later(BERLIN, at(start), hours * 3600) == at(due)
    assert later(Hours(), 100.0, 50.0) == 150.0


@pytest.mark.parametrize(
    "hours",
    [
        Hours("Mars/Olympus"),
        Hours("UTC", {"someday": (("09:00", "10:00"),)}),
        Hours("UTC", {"mon": (("10:00", "09:00"),)}),
        Hours("UTC", {"mon": (("9", "10:00"),)}),
        Hours("UTC", {"mon": (("09:00", "24:30"),)}),
        Hours("UTC", closed=("Christmas",)),
    ],
)
def test_hours_that_make_no_sense_are_refused(hours: Hours) -> None:
    with pytest.raises(Malformed):
        check_hours(hours)


def operators(*rows: tuple[int, bool, int]) -> list[OperatorState]:
    return [OperatorState(user, 1, available, capacity) for user, available, capacity in rows]


@pytest.mark.parametrize(
    ("people", "load", "team", "chosen"),
    [
        (operators((1, True, 4), (2, True, 4)), {1: 2, 2: 1}, None, 2),
        (operators((1, True, 10), (2, True, 2)), {1: 4, 2: 1}, None, 1),
        (operators((1, True, 4), (2, False, 4)), {1: 3}, None, 1),
        (operators((1, True, 4), (2, True, 4)), {}, None, 1),
        (operators((1, True, 4), (2, True, 4)), {}, (2,), 2),
        (operators((1, True, 2)), {1: 2}, None, None),
        (operators((1, True, 2)), {}, (9,), None),
        ([], {}, None, None),
    ],
)
def test_the_operator_with_the_most_room_takes_the_next_one(
    people: list[OperatorState], load: dict[int, int], team: Any, chosen: int | None
) -> None:
    found = choose(people, load, team)
    assert (found.user if found else None) == chosen


def test_a_wait_is_promised_only_when_enough_is_known() -> None:
    stays = [Stay(1, n, 1, 1, 0.0, until) for n, until in enumerate((60.0, 120.0, 4000.0))]
    assert expected_wait_s([], 0, 1) == 0.0
    assert expected_wait_s(stays[:2], 0, 0) is None
    assert expected_wait_s(stays, 0, 0) == 120.0
    assert expected_wait_s(stays, 3, 0) == 240.0
    assert expected_wait_s(stays, 3, 1) == 240.0


def message(seq: int, sender: int, when: float) -> Message:
    return Message(1, seq, sender, f"c{seq}", MessageKind.TEXT, MessageState.SENT, {"text": "x"}, when)


def ticket(status: TicketStatus = TicketStatus.OPEN, changed_at: float = 0.0) -> Ticket:
    return Ticket(1, 1, 1, VIC, BIRD, Owner.QUEUE, None, 1, status, None, None, 0.0, changed_at)


def test_each_promise_runs_from_its_own_message_to_its_own_end() -> None:
    promise = Promise(first_reply_s=60, next_reply_s=30, resolve_s=1000)
    said = [message(1, VIC, 100.0), message(2, BIRD, 110.0), message(3, VIC, 200.0), message(4, VIC, 205.0)]
    first, following, resolved = clocks(ticket(), said, Hours(), promise, 220.0)
    assert (first.name, first.due_at, first.met_at, first.breached) == ("first_reply", 160.0, 110.0, False)
    assert (following.name, following.due_at, following.met_at, following.breached) == (
        "next_reply",
        230.0,
        None,
        False,
    )
    assert (resolved.name, resolved.due_at, resolved.breached) == ("resolve", 1100.0, False)
    late = clocks(ticket(), said, Hours(), promise, 231.0)[1]
    assert late.breached
    done = clocks(ticket(TicketStatus.RESOLVED, 1200.0), said, Hours(), promise, 1300.0)[-1]
    assert (done.met_at, done.breached) == (1200.0, True)


def test_without_a_customers_message_nothing_was_promised() -> None:
    assert clocks(ticket(), [message(1, OPA, 1.0)], Hours(), Promise(1, 1, 1), 100.0) == []
