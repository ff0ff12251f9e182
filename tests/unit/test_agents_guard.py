"""Every fact of an answer stands in what it cites, whatever the notation; invented ones are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna_agents.answers.guard import marks, violations, without
from support.agents_world import passage

FOUNDED = (
    ("30 days", "You have 30 days."),
    ("thirty days", "30-day returns"),
    ("30 天内可退", "within 30 days"),
    ("三十天内可退", "within 30 days"),
    ("14 days", "two weeks"),
    ("两周", "14 days"),
    ("It costs €9.90.", "9,90 EUR per parcel"),
    ("It costs 9.90 EUR", "Price: €9.90"),
    ("1,000 units", "1000 units"),
    ("15,000元", "1.5万元"),
    ("May 1", "2025-05-01"),
    ("1 May 2025", "2025年5月1日"),
    ("5月1日", "on 1 May 2025"),
    ("until 5 pm", "until 17:00"),
    ("下午5点", "5 p.m."),
    ("write to Help@Shop.example", "help@shop.example"),
    ("see https://www.shop.example/returns/", "shop.example/returns"),
    ("model MP-300", "the MP300 printer"),
    ("Use code WELCOME10", "code: welcome10"),
    ("20%", "20 percent"),
    ("百分之二十", "20%"),
    ("9 €", "Zone | Price (EUR)\nEurope | 9"),
    ("call +1 800-555-0199", "1-800-555-0199"),
    ("1. Open\n2. Close [1]", "Open. Close."),
    ("24 hours", "1 day"),
    ("1.5 kg", "1500 g"),
    ("use SAVEBIG now", "SAVEBIG"),
    ("3-5 business days", "3–5 business days"),
    ("３０天", "30 days"),
    ("24/7", "24/7"),
    ("one of us", "nothing"),
    ("9:00–18:00", "9:00 to 18:00"),
    ("from 9 am to 6 pm", "9:00–18:00"),
    ("iPhone 15", "iPhone 15 Pro"),
    ("top 10", "top ten items: 10"),
    ("Version v2.1", "v2.1 is out"),
    ("5 business days", "5个工作日"),
    ("至少 8 个字符", "at least 8 characters"),
    ("order #12345678", "order 12345678"),
)
INVENTED = (
    ("60 days", "30 days"),
    ("sixty days", "30 days"),
    ("30 EUR", "30 days"),
    ("€10", "€9.90"),
    ("May 2", "2025-05-01"),
    ("1 May 2026", "1 May 2025"),
    ("6 pm", "17:00"),
    ("x@y.example", "help@y.example"),
    ("https://evil.example/x", "shop.example"),
    ("MP-301", "MP-300"),
    ("code SAVE50", "code SAVE20"),
    ("25%", "20%"),
    ("六十天", "30天"),
    ("两年保修", "one year warranty"),
    ("三年", "2 years"),
    ("call +1 800-555-0100", "800-555-0199"),
    ("1 May 2025", "1 May"),
    ("15 USD", "15 EUR"),
    ("3 kg", "3 g"),
    ("twelve months", "24 months"),
    ("100万", "100"),
    ("use MEGADEAL", "nothing"),
    ("5 weeks", "5 days"),
    ("2.5 cm", "25 cm"),
    ("9点到18点", "9:00-17:00"),
)


@pytest.mark.parametrize(("answer", "source"), FOUNDED)
def test_a_fact_that_the_source_states_in_any_notation_passes(answer: str, source: str) -> None:
    assert violations(answer, [passage(source)]) == []


@pytest.mark.parametrize(("answer", "source"), INVENTED)
def test_a_fact_that_the_source_does_not_state_is_found(answer: str, source: str) -> None:
    assert violations(answer, [passage(source)])


def test_a_violation_names_the_fact_and_its_sentence() -> None:
    (found,) = violations(
        "Returns are free. You have 60 days. [1]", [passage("Returns are free within 30 days.")]
    )
    assert found.shown == "60 days"
    assert found.sentence == "You have 60 days."


def test_taking_out_what_violates_keeps_the_rest() -> None:
    text = "Returns are free [1]. You have 60 days [1]. Write to us [1]."
    found = violations(text, [passage("Returns are free within 30 days. Write to us.")])
    assert without(text, found) == "Returns are free [1]. Write to us [1]."


def test_nothing_remains_when_no_cited_sentence_remains() -> None:
    text = "You have 60 days. [1]"
    assert without("Sure. " + text[:-4], violations(text, [passage("30 days")])) == ""


def test_citation_marks_are_no_numbers() -> None:
    assert violations("Free [1] [12].", [passage("Free.")]) == []
    assert marks("a [2] b [1] c [2]") == (2, 1)


@given(st.integers(2, 9999), st.sampled_from(["days", "EUR", "kg", "小时", "%", "元"]))
def test_quoting_a_number_is_always_founded(number: int, unit: str) -> None:
    claim = f"It is {number} {unit}."
    assert violations(claim, [passage(claim)]) == []


@given(st.integers(2, 9999), st.integers(2, 9999), st.sampled_from(["days", "EUR", "kg", "小时", "%", "元"]))
def test_another_number_is_never_founded(said: int, known: int, unit: str) -> None:
    found = violations(f"It is {said} {unit}.", [passage(f"It is {known} {unit}.")])
    assert bool(found) == (said != known)
