"""What is told apart without any store: personal data, contradictions, what has ended, pairs of question and answer."""

from datetime import UTC, datetime

import pytest

from myna_knowledge.care.ageing import DAY_S, ENOUGH_ANSWERS, stale, unused
from myna_knowledge.care.contradictions import contradictions, numbers
from myna_knowledge.care.handled import entries
from myna_knowledge.care.masking import masked
from myna_knowledge.care.model import Handled, HandledConversation
from myna_knowledge.model import Section, Source, SourceKind, SourceState
from myna_knowledge.text import language

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def section(text: str, at: int = 1, url: str | None = None) -> Section:
    return Section(at, 1, at, 1, 0, f"Page {at}", "", text, language(text), "text", None, None, (), (), url)


def source(
    at: int,
    *,
    kind: SourceKind = SourceKind.FILE,
    age_days: float = 1,
    state: SourceState = SourceState.READY,
) -> Source:
    changed = NOW - age_days * DAY_S
    return Source(at, 1, f"k{at}", kind, f"Page {at}", "en", None, "", 1, state, "gone", 1, changed)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("write to a.b+c@mail.example.org now", "write to [email] now"),
        ("call +44 (0)20 7946 0018 or 020-7946-0018", "call [phone] or [phone]"),
        ("my card is 4111 1111 1111 1111.", "my card is [number]."),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [account]"),
        ("order KF-204518 and #99812 and 774812", "order [number] and [number] and [number]"),
        ("see https://shop.example/o?token=abc&x=1", "see [link]"),
        ("I live at 221b Baker Street, London", "I live at [address], London"),
        ("my name is Jane Roe, hello", "my name is [name], hello"),
        ("我叫王小明，电话13812345678", "我叫[name]，电话[phone]"),
        ("北京市朝阳区建国路88号", "[address]"),
        (
            "邮箱ann@example.org，订单KF-204518，卡号6222020200112233445",
            "邮箱[email]，订单[number]，卡号[number]",
        ),
    ],
)
def test_personal_data_is_masked(said: str, kept: str) -> None:
    assert masked(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "Returns within 45 days cost £3.50, or 90 days for members.",
        "Open 9:00 to 18:30, since 2019.",
        "The tent weighs 2.4 kg and costs 1,299.00 EUR.",
        "See https://shop.example/help/returns for more.",
        "这顶帐篷重 2.4 公斤，价格 1299 元。",
        "I am happy with it",
    ],
)
def test_what_is_not_personal_is_kept(said: str) -> None:
    assert masked(said) == said


def test_the_names_of_those_present_are_masked_in_every_part() -> None:
    assert masked("Dear Mr Li, thanks Ann! Annual fee stays.", ("Ann Archer", "Li Wei")) == (
        "Dear [name], thanks [name]! Annual fee stays."
    )


def test_numbers_are_read_with_their_units() -> None:
    assert numbers("£3.50 or 3.5 %, 1,200 items, 45 days, 1 day") == {
        "£": {"3.5"},
        "%": {"3.5"},
        "item": {"1200"},
        "day": {"45", "1"},
    }


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Lamps can be returned within 45 days.", "Lamps can be returned within 30 days.", "numbers"),
        ("Worn boots can be exchanged in shops.", "Worn boots can not be exchanged in shops.", "denial"),
        ("灯具自收货起45天内可以退货。", "灯具自收货起30天内可以退货。", "numbers"),
    ],
)
def test_contradictions(one: str, other: str, why: str) -> None:
    assert [found.data["why"] for found in contradictions([section(one, 1), section(other, 2)])] == [why]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lamps can be returned within 45 days.", "Lamps can be returned within 45 days of delivery."),
        ("Lamps can be returned within 45 days.", "Lamps can be returned within 45 days, members 90 days."),
        ("Lamps can be returned within 45 days.", "The workshop mends tents within 30 days."),
        ("A lamp costs 45 pounds in the shop.", "A lamp weighs 30 grams in the shop."),
    ],
)
def test_what_does_not_contradict(one: str, other: str) -> None:
    assert contradictions([section(one, 1), section(other, 2)]) == []


def test_translations_with_other_numbers_contradict() -> None:
    english = section("Returns within 45 days. A label costs 12 pounds.", 1, "returns")
    wrong = section("30天内可以退货。标签12英镑。", 2, "returns")
    (found,) = contradictions([english, wrong])
    assert [side["text"] for side in found.data["sides"]] == ["45", "30"]
    assert contradictions([english, section("45天内可以退货。", 2, "returns")]) == []


def test_the_key_of_a_contradiction_outlives_its_sections() -> None:
    one, other = (
        "Lamps can be returned within 45 days.",
        "Lamps can be returned within 30 days.",
    )
    first = contradictions([section(one, 1), section(other, 2)])
    again = contradictions([section("Another page about shoes.", 9), section(one, 1), section(other, 2)])
    assert [found.key for found in first] == [found.key for found in again]


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("The offer is valid until 2026-05-31.", True),
        ("The offer is valid until 31 December 2026.", False),
        ("活动截止2025年11月11日。", True),
        ("Founded on 3 May 2010 in Leeds.", False),
        ("Valid from March 1, 2026 until March 1, 2027.", False),
        ("Valid until 2026-13-45.", False),
    ],
)
def test_a_sentence_that_names_an_end_in_the_past(text: str, ended: bool) -> None:
    assert [found.data["why"] for found in stale([source(1)], [section(text, 1)], NOW)] == ["ended"] * ended


def test_sources_grow_old_by_their_kind() -> None:
    sources = [
        source(1, age_days=400),
        source(2, kind=SourceKind.URL, age_days=100),
        source(3, age_days=100),
        source(4, state=SourceState.FAILED),
    ]
    found = {each.data["source"]: each.data["why"] for each in stale(sources, [], NOW)}
    assert found == {"1": "old", "2": "not_looked_at", "4": "failed"}


def test_what_no_answer_cited_is_unused_once_there_are_answers() -> None:
    sources = [source(1, age_days=100), source(2, age_days=100), source(3, age_days=2)]
    assert unused(sources, {1}, ENOUGH_ANSWERS - 1, NOW) == []
    assert [each.data["source"] for each in unused(sources, {1}, ENOUGH_ANSWERS, NOW)] == ["2"]


def conversation(*messages: tuple[str, str], unhelpful: bool = False) -> HandledConversation:
    rows = tuple(Handled(at, role, text, 0.0) for at, (role, text) in enumerate(messages, start=1))
    return HandledConversation(1, rows, ("Ann Archer", "Oskar"), 0.0, unhelpful)


TALK = (
    ("visitor", "Can torn tents be mended?"),
    ("human", "Our workshop mends every torn tent for 15 pounds."),
)


def test_pairs_are_what_a_visitor_asked_and_a_person_answered() -> None:
    (pair,) = entries(conversation(*TALK, ("visitor", "thanks"), ("human", "You're welcome, bye.")))
    assert (pair.question, pair.answer) == (TALK[0][1], TALK[1][1])


@pytest.mark.parametrize(
    "messages",
    [
        (("visitor", "hello"), ("human", "Our workshop mends every torn tent for 15 pounds.")),
        (TALK[0], ("human", "One moment please.")),
        (TALK[0], ("human", "Which tent of our workshop's summer collection is it?")),
        (TALK[0], ("bot", "Our workshop mends every torn tent for 15 pounds.")),
        (("human", "Our workshop mends every torn tent for 15 pounds."),),
    ],
)
def test_what_is_no_pair(messages: tuple[tuple[str, str], ...]) -> None:
    assert entries(conversation(*messages)) == []


def test_what_did_not_help_teaches_nothing() -> None:
    assert entries(conversation(*TALK, unhelpful=True)) == []
