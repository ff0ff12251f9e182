"""What the feed passes without asking the database."""

from myna.deliver.frames import EventFrame
from myna_bots.host.silence import AHEAD, CONVERSATIONS, Silence


def event(pos: int, conversation: int = 7, *, joined: tuple[int, ...] = ()) -> EventFrame:
    return EventFrame(pos, pos, conversation, 1, False, b"{}", joined=joined)


def test_nothing_is_passed_before_the_database_was_asked() -> None:
    silence = Silence()
    silence.heard(event(1))
    assert silence.passed(0) == 0


def test_events_of_a_silent_conversation_are_passed_in_their_order() -> None:
    silence = Silence()
    silence.learn({7}, silence.moment)
    for pos in (4, 5, 6):
        silence.heard(event(pos))
    assert silence.passed(3) == 6


def test_a_gap_and_an_unknown_conversation_stop_it() -> None:
    silence = Silence()
    silence.learn({7}, silence.moment)
    silence.heard(event(5))
    assert silence.passed(3) == 3
    silence.heard(event(6, 8))
    silence.heard(event(7))
    assert silence.passed(4) == 5


def test_who_joins_ends_the_silence_for_that_event_already() -> None:
    silence = Silence()
    silence.learn({7}, silence.moment)
    silence.heard(event(4, joined=(9,)))
    assert silence.passed(3) == 3


def test_an_answer_that_is_older_than_a_joining_is_not_believed() -> None:
    silence = Silence()
    asked_at = silence.moment
    silence.heard(event(4, joined=(9,)))
    silence.learn({7}, asked_at)
    silence.heard(event(5))
    assert silence.passed(4) == 4


def test_both_memories_are_bounded() -> None:
    silence = Silence()
    silence.learn(set(range(CONVERSATIONS)), silence.moment)
    silence.learn({CONVERSATIONS}, silence.moment)
    silence.heard(event(1, 5))
    assert silence.passed(0) == 0
    silence.heard(event(2, CONVERSATIONS))
    assert silence.passed(1) == 2
    for pos in range(3, AHEAD + 4):
        silence.heard(event(pos, CONVERSATIONS))
    assert silence.passed(2) == 2
