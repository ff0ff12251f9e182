"""Words for search: terms, what a query asks, and where it was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.words import SNIPPET_CHARS, fold, holds, snippet, terms_of, wanted_of


def hits(text: str, query: str) -> list[str]:
    return [str(each["text"]) for each in snippet(text, wanted_of(query)) if each["hit"]]


def test_chinese_is_cut_into_characters_and_pairs() -> None:
    assert terms_of("你好吗") == ["你", "好", "吗", "你好", "好吗"]
    assert wanted_of("你好吗").terms == ("你好", "好吗")
    assert wanted_of("你好吗").exact == ("你好吗",)
    assert (wanted_of("你").terms, wanted_of("你好").exact) == (("你",), ())


def test_words_are_terms_and_stems() -> None:
    assert terms_of("Running shoes!") == ["running", "0srun", "shoes", "0sshoe"]
    assert wanted_of("run").choices == (("0srun", "run"),)


def test_a_word_ends_where_chinese_begins() -> None:
    assert "iphone" in terms_of("新iPhone手机")
    assert "手机" in terms_of("新iPhone手机")


def test_case_and_width_do_not_matter() -> None:
    assert terms_of("ＨＥＬＬＯ") == terms_of("hello")
    assert fold("Straße") == fold("STRASSE")


def test_marks_stay_with_their_letters() -> None:
    assert "हिन्दी" in terms_of("हिन्दी भाषा")


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("We ran and are running home", "running", ["running"]),
        ("the delivery is late", "deliv", ["delivery"]),
        ("明天下午三点开会", "下午", ["下午"]),
        ("明天下午三点开会", "开会 明天", ["明天", "开会"]),
        ("Order 新iPhone手机 now", "iphone", ["iPhone"]),
        ("nothing here", "other", []),
        ("价格：１２３元", "123", ["１２３"]),
    ],
)
def test_hits_are_shown_as_they_were_written(text: str, query: str, found: list[str]) -> None:
    assert hits(text, query) == found


def test_a_long_text_is_cut_around_its_first_hit() -> None:
    text = "x " * 500 + "needle " + "y " * 500
    pieces = snippet(text, wanted_of("needle"))
    shown = "".join(str(each["text"]) for each in pieces)
    assert "needle" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= SNIPPET_CHARS + 2


def test_phrases_must_be_there_as_they_are() -> None:
    wanted = wanted_of('"red  shoes"')
    assert holds("my RED shoes", wanted)
    assert not holds("shoes red", wanted)
    assert not holds("会开", wanted_of("开会明天"))


def test_nothing_asks_for_nothing() -> None:
    for query in ("", "  ", "!?", '""'):
        assert wanted_of(query).empty


@given(st.text(max_size=200), st.text(max_size=30))
def test_a_snippet_is_part_of_its_text(text: str, query: str) -> None:
    shown = "".join(str(each["text"]) for each in snippet(text, wanted_of(query)))
    assert shown.removeprefix("…").removesuffix("…") in text or shown in text


@given(st.text(max_size=200))
def test_terms_have_no_spaces_and_no_quotes(text: str) -> None:
    for term in terms_of(text):
        assert term
        assert not set(term) & set(" \t\n\"'\\:*&|!()<>")
