"""Flood and near-duplicates, and the bounds of what is remembered."""

from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case
from myna.model.workspace import UserKind
from myna_agents.moderation.near import mark_of
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.rules import Finding
from myna_agents.moderation.window import SenderWindow, WindowLimits

ANN, BOB = 1, 2
OFFER = "Best shoes in town, half price until {} o'clock, come and see us"


def said(
    window: SenderWindow, text: str, at: float, *, sender: int = ANN, conversation: int = 7
) -> list[Finding]:
    case = Case(1, conversation, ConversationKind.GROUP, sender, UserKind.HUMAN, text, at)
    return window.note(case, mark_of(normalise(text).skeleton))


def codes(found: list[Finding]) -> list[str]:
    return [finding.reason.code for finding in found]


def test_a_flood_is_flagged_and_then_held() -> None:
    window = SenderWindow(WindowLimits(flag_flood=3, hold_flood=5))
    found = [said(window, f"{word}", at) for at, word in enumerate(["so", "I", "was", "there", "too"])]
    assert [codes(one) for one in found] == [[], [], ["flood"], ["flood"], ["flood"]]
    assert [one[0].action for one in found[2:]] == [Action.FLAG, Action.FLAG, Action.HOLD]


def test_slow_messages_are_no_flood() -> None:
    window = SenderWindow(WindowLimits(flag_flood=3))
    assert [codes(said(window, "hello", at)) for at in (0.0, 20.0, 40.0, 60.0)] == [[], [], [], []]


def test_one_offer_in_three_conversations_is_a_campaign_even_with_other_numbers() -> None:
    window = SenderWindow()
    found = [said(window, OFFER.format(place), 30.0 * place, conversation=place) for place in (5, 6, 7)]
    assert [codes(one) for one in found] == [[], [], ["duplicate.campaign"]]
    assert found[-1][0].action is Action.HOLD


def test_repeating_oneself_in_one_conversation_is_flagged() -> None:
    window = SenderWindow()
    found = [said(window, OFFER.format(5), 30.0 * time) for time in range(4)]
    assert [codes(one) for one in found] == [[], [], [], ["duplicate.repeated"]]


def test_short_thanks_and_different_questions_are_no_repetition() -> None:
    window = SenderWindow()
    questions = [
        "Where is my parcel today?",
        "Can I change the address?",
        "Which sizes do you have left?",
        "How do I pay?",
    ]
    for at, text in enumerate(["thank you"] * 6 + questions):
        assert said(window, text, 30.0 * at, conversation=at) == []


def test_what_one_sender_repeats_does_not_count_for_another() -> None:
    window = SenderWindow()
    for at, sender in enumerate([ANN, ANN, BOB, BOB, BOB]):
        assert said(window, OFFER.format(5), 30.0 * at, sender=sender) == []


def test_old_messages_are_forgotten() -> None:
    window = SenderWindow(WindowLimits(window_s=60.0))
    assert [codes(said(window, OFFER.format(5), 50.0 * time, conversation=time)) for time in range(6)] == [
        []
    ] * 6


def test_senders_beyond_the_bound_push_out_the_one_silent_for_longest() -> None:
    window = SenderWindow(WindowLimits(max_senders=2, flag_repeats=2))
    said(window, OFFER.format(5), 0.0, sender=ANN)
    said(window, OFFER.format(5), 1.0, sender=BOB)
    said(window, "hello again", 2.0, sender=ANN)
    said(window, "good morning", 3.0, sender=3)
    assert len(window) == 2
    assert said(window, OFFER.format(5), 4.0, sender=BOB) == []


def test_resending_one_message_does_not_count_as_repeating_it() -> None:
    window = SenderWindow()
    text = "Where is my parcel, please, it should have come"
    for second in range(20):
        case = Case(1, 2, ConversationKind.SUPPORT, 3, UserKind.VISITOR, text, 1000.0 + second, "same-id")
        assert window.note(case, mark_of(text)) == []
