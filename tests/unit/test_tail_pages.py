"""The newest events in memory give the same as the log, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from myna.deliver.frames import EventFrame
from myna.deliver.tail import Tail


def event(pos: int, conversation: int, rev: int, *, rewrites: bool = False) -> EventFrame:
    return EventFrame(
        pos, rev, conversation, 1, False, b"%d/%d" % (conversation, rev), seq=rev, rewrites=rewrites
    )


def filled(size: int, *steps: tuple[int, bool]) -> tuple[Tail, list[EventFrame]]:
    """A tail after events of these conversations, and all of them."""
    tail, log, revs = Tail(size), list[EventFrame](), dict[int, int]()
    for pos, (conversation, rewrites) in enumerate(steps, 1):
        revs[conversation] = revs.get(conversation, 0) + 1
        log.append(event(pos, conversation, revs[conversation], rewrites=rewrites))
        tail.append(log[-1])
    return tail, log


STEPS = st.lists(st.tuples(st.integers(7, 9), st.booleans()), max_size=40)


@given(STEPS, st.integers(1, 12), st.integers(0, 15), st.integers(1, 5))
def test_a_page_is_what_the_log_has_or_nothing(
    steps: list[tuple[int, bool]], size: int, after: int, limit: int
) -> None:
    tail, log = filled(size, *steps)
    for conversation in (7, 8, 9):
        found = tail.page(conversation, after, limit)
        mine = [each for each in log if each.conversation == conversation]
        if found is not None:
            assert found == ([each for each in mine if each.rev > after][:limit], mine[-1].rev)


@given(STEPS, st.integers(1, 12), st.integers(0, 45))
def test_what_came_since_misses_only_what_was_rewritten(
    steps: list[tuple[int, bool]], size: int, pos: int
) -> None:
    tail, log = filled(size, *steps)
    found = tail.since(pos)
    if found is not None:
        kept = [
            each
            for each in log
            if each.pos > pos
            and not any(
                later.rewrites and later.conversation == each.conversation for later in log[each.pos :]
            )
        ]
        assert found == kept
    assert len(tail) <= size


def test_a_reader_who_missed_little_is_served_from_memory() -> None:
    tail, log = filled(100, (7, False), (8, False), (7, False), (7, False))
    assert tail.page(7, 1, 10) == ([log[2], log[3]], 3)
    assert tail.page(7, 3, 10) == ([], 3)
    assert tail.since(2) == log[2:]


def test_a_cursor_from_before_the_tail_or_from_the_future_is_left_to_the_log() -> None:
    tail, _ = filled(2, (7, False), (7, False), (7, False))
    assert tail.page(7, 0, 10) is None
    assert tail.page(7, 4, 10) is None
    assert tail.page(8, 0, 10) is None
    assert tail.since(0) is None


def test_a_recalled_text_does_not_come_out_of_memory() -> None:
    tail, log = filled(100, (7, False), (7, False), (8, False), (7, True))
    assert tail.page(7, 0, 10) is None
    assert tail.since(0) == [log[2], log[3]]
    assert tail.page(7, 2, 10) == ([log[3]], 3)
