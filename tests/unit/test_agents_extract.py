"""What the offline engine quotes: exact spans, whole rows and lists, the FAQ's own answer, the question's language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna_agents.answers.compose import cited_answer, quoted_answer
from myna_agents.answers.extract import extract
from myna_agents.text.units import units
from support.agents_world import RETURNS, faq, passage

LAMPS = passage(
    "Our lamps are made of oak.\n\n"
    "Every lamp comes with a bulb. The bulb lasts 15,000 hours. It can be replaced without tools.\n\n"
    "To replace it:\n\n"
    "1. Switch the lamp off.\n2. Turn the bulb to the left.\n3. Put the new bulb in.\n\n"
    "Zone | Price | Time\nGermany | 4.90 EUR | 2 days\nFrance | 9.90 EUR | 3 days\nNorway | 14.90 EUR | 5 days",
    title="Lamps",
)
ZH = passage("我们的灯由橡木制成。每盏灯保修两年。灯泡可以自行更换，无需工具。", 3, title="灯具")

_sentence = st.text("abc éß中文字0123456789,;'\"()|-", min_size=1, max_size=40)
_texts = st.lists(
    st.tuples(
        _sentence, st.sampled_from([". ", "。", "! ", "？", "\n", "\n\n", ": ", " | ", "\n- ", "\n1. "])
    ),
    max_size=20,
).map(lambda parts: "".join(text + end for text, end in parts))


@given(_texts)
def test_units_are_ordered_spans_that_hold_all_of_the_text(text: str) -> None:
    found = units(text)
    at = 0
    for unit in found:
        assert at <= unit.start < unit.end
        assert not text[at : unit.start].strip()
        at = unit.end
    assert not text[at:].strip()


@given(_texts, _texts, st.data())
def test_every_quote_is_exactly_the_span_it_names(text: str, question: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, max(len(text) - 1, 0)))
    end = data.draw(st.integers(min(start + 1, len(text)), len(text)))
    source = passage(text, start=start, end=end)
    answer = quoted_answer(question, "en", [source, RETURNS], ("en", "zh"), "offline:")
    for citation in answer.citations if answer else ():
        origin = source if citation.chunk == source.chunk and citation.title == source.title else RETURNS
        assert citation.quote == origin.text[citation.start : citation.end]
        assert citation.quote


def quote(question: str, *passages: object) -> str:
    found = extract(question, passages)  # type: ignore[arg-type]  # passages come as given
    return found[0].quote


def test_the_sentence_that_answers_comes_with_its_neighbours() -> None:
    assert quote("How many hours does the bulb last?", LAMPS) == (
        "Every lamp comes with a bulb. The bulb lasts 15,000 hours. It can be replaced without tools."
    )


def test_a_list_is_quoted_whole_with_the_line_before_it() -> None:
    quoted = quote("Which way do I turn the bulb, left?", LAMPS)
    assert quoted.startswith("To replace it:")
    assert quoted.endswith("3. Put the new bulb in.")


def test_a_table_row_is_quoted_whole_and_shown_with_its_headings() -> None:
    answer = quoted_answer("What is the price to Norway?", "en", [LAMPS], ("en", "zh"), "offline:")
    assert answer is not None
    assert answer.citations[0].quote == "Norway | 14.90 EUR | 5 days"
    assert answer.text == "Zone: Norway; Price: 14.90 EUR; Time: 5 days [1]"


def test_a_faq_gives_its_own_answer_word_for_word() -> None:
    answer = quoted_answer("How long can I return it?", "en", [RETURNS], ("en", "zh"), "offline:")
    assert answer is not None
    assert answer.text == "You can return a lamp within 30 days. The parcel must be insured. [1]"
    assert answer.citations[0].quote == RETURNS.answer


def test_chinese_questions_get_chinese_sentences() -> None:
    assert "每盏灯保修两年。" in quote("灯保修多久？", ZH)


def test_a_source_in_another_language_is_quoted_with_a_word_about_it() -> None:
    answer = quoted_answer("灯泡能用多久？", "zh", [LAMPS], ("en", "zh"), "offline:")
    assert answer is not None
    assert answer.text.startswith("这部分内容我只找到英文资料，原文如下：\n\n")
    assert answer.lang == "zh"


def test_without_shared_words_the_piece_that_retrieval_matched_is_quoted() -> None:
    piece = passage(LAMPS.text, start=LAMPS.text.index("Our"), end=LAMPS.text.index("Every"))
    assert quote("材质是什么？", piece) == "Our lamps are made of oak."


def test_two_questions_in_one_message_are_answered_from_two_passages() -> None:
    shipping = passage("A parcel to France costs 9.90 EUR.", 2, title="Shipping")
    answer = quoted_answer(
        "Is the lamp made of oak? What does a parcel to France cost?",
        "en",
        [passage("Our lamps are made of oak.", 5, title="Lamps"), shipping],
        ("en", "zh"),
        "offline:",
    )
    assert answer is not None
    assert [citation.n for citation in answer.citations] == [1, 2]
    assert "9.90 EUR. [2]" in answer.text


def test_nothing_is_quoted_from_nothing() -> None:
    assert quoted_answer("Anything?", "en", [], ("en", "zh"), "offline:") is None
    assert quoted_answer("Anything?", "en", [passage(" \n ")], ("en", "zh"), "offline:") is None


def test_a_models_marks_become_citations_of_what_supports_them() -> None:
    answer = cited_answer("The bulb lasts 15,000 hours [1]. Sure [9].", "en", [LAMPS], "model")
    assert answer.text == "The bulb lasts 15,000 hours [1]. Sure."
    (citation,) = answer.citations
    assert "The bulb lasts 15,000 hours." in citation.quote


@pytest.mark.parametrize("question", ["", "?", "中", "how"])
def test_a_question_without_content_still_gives_an_exact_quote(question: str) -> None:
    (found,) = extract(question, [LAMPS])
    assert found.quote in LAMPS.text
    assert faq("Q?", "A.").text[4:] == "A."
