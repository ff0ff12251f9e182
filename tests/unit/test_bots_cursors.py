"""One conversation's cursor and the texts of streams."""

import pytest

from myna.errors import Malformed
from myna_bots.client.cursors import MAX_HELD, Cursor
from myna_bots.client.frames import Delta, Event, Page
from myna_bots.client.texts import Texts


def event(rev: int) -> Event:
    return Event("7", rev, rev, "ticket.changed", {})


def page(from_rev: int, revs: list[int], head: int, floor: int = 1) -> Page:
    return Page("7", from_rev, head, floor, [event(rev) for rev in revs])


def revs(events: list[Event]) -> list[int]:
    return [each.rev for each in events]


def test_the_next_event_is_applied_at_once() -> None:
    cursor = Cursor(4)
    assert revs(cursor.offer(event(5))) == [5]
    assert not cursor.behind


def test_an_event_that_comes_twice_is_applied_once() -> None:
    cursor = Cursor()
    cursor.offer(event(1))
    assert cursor.offer(event(1)) == []
    assert cursor.rev == 1


def test_events_ahead_of_a_gap_wait_and_follow_in_order() -> None:
    cursor = Cursor()
    assert cursor.offer(event(3)) == []
    assert cursor.offer(event(2)) == []
    assert cursor.behind
    assert revs(cursor.offer(event(1))) == [1, 2, 3]
    assert not cursor.behind


def test_a_page_fills_a_gap_and_held_events_follow() -> None:
    cursor = Cursor()
    cursor.offer(event(4))
    assert revs(cursor.fill(page(0, [1, 2, 3], 3))) == [1, 2, 3, 4]


def test_a_page_that_overlaps_what_is_applied_gives_only_the_rest() -> None:
    cursor = Cursor(2)
    assert revs(cursor.fill(page(0, [1, 2, 3], 3))) == [3]


def test_a_full_page_leaves_the_cursor_at_its_last_event() -> None:
    cursor = Cursor()
    assert revs(cursor.fill(page(0, [1, 2], 9), limit=2)) == [1, 2]
    assert (cursor.rev, cursor.behind) == (2, True)


def test_events_below_the_floor_may_be_missing_from_a_page() -> None:
    cursor = Cursor()
    assert revs(cursor.fill(page(0, [1, 5], 7, floor=4))) == [1, 5]
    assert cursor.rev == 7


@pytest.mark.parametrize(("missing", "head"), [([1, 3], 3), ([1, 2], 3), ([2, 3], 3), ([2, 1], 2)])
def test_a_page_with_a_gap_that_no_floor_explains_is_refused_and_changes_nothing(
    missing: list[int], head: int
) -> None:
    cursor = Cursor()
    with pytest.raises(Malformed):
        cursor.fill(page(0, missing, head))
    assert cursor.rev == 0


def test_a_page_of_a_cursor_that_is_ahead_is_ignored() -> None:
    cursor = Cursor(1)
    assert cursor.fill(page(5, [6], 6)) == []
    assert (cursor.rev, cursor.behind) == (1, True)


def test_what_waits_ahead_of_a_gap_is_bounded_and_comes_with_the_pull() -> None:
    cursor = Cursor()
    last = MAX_HELD + 10
    for rev in range(2, last + 1):
        cursor.offer(event(rev))
    assert revs(cursor.offer(event(1))) == list(range(1, MAX_HELD + 2))
    assert cursor.behind
    assert revs(cursor.fill(page(cursor.rev, list(range(cursor.rev + 1, last + 1)), last)))[-1] == last
    assert not cursor.behind


def delta(offset: int, text: str) -> Delta:
    return Delta("7", 3, offset, text)


def test_deltas_count_code_points() -> None:
    texts = Texts()
    assert texts.delta(delta(0, "鸟🐦")) == "鸟🐦"
    assert texts.delta(delta(2, "!")) == "!"
    assert texts.text("7", 3) == "鸟🐦!"


def test_a_delta_that_comes_twice_adds_nothing_and_an_overlap_adds_the_rest() -> None:
    texts = Texts()
    texts.delta(delta(0, "abc"))
    assert texts.delta(delta(0, "abc")) is None
    assert texts.delta(delta(1, "bcd")) == "d"


def test_after_a_lost_delta_a_snapshot_goes_on() -> None:
    texts = Texts()
    texts.delta(delta(0, "ab"))
    assert texts.delta(delta(4, "e")) is None
    assert texts.snapshot("7", 3, "abcde") == "cde"
    assert texts.snapshot("7", 3, "abc") is None
    assert texts.delta(delta(5, "f")) == "f"
