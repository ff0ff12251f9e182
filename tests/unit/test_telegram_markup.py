"""HTML, Markdown and MarkdownV2 as the Bot API reads them; offsets count UTF-16 code units."""

import pytest

from myna_bots.telegram.errors import TelegramError
from myna_bots.telegram.markup import parsed
from myna_bots.telegram.utf16 import length, place


def marks(text: str, mode: str) -> tuple[str, list[tuple[str, int, int]]]:
    shown, entities = parsed(text, mode, None)
    return shown, [(each["type"], each["offset"], each["length"]) for each in entities]


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("😀<code>x &lt; y</code>", "😀x < y", [("code", 2, 5)]),
        ('<pre><code class="language-py">a\nb</code></pre>', "a\nb", [("pre", 0, 3)]),
        ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
        ('<a href="https://e.org">e</a>', "e", [("text_link", 0, 1)]),
        ("  <b> x </b> ", "x", [("bold", 0, 1)]),
        ("plain /cmd", "plain /cmd", [("bot_command", 6, 4)]),
    ],
)
def test_html(text: str, shown: str, expected: list[tuple[str, int, int]]) -> None:
    assert marks(text, "HTML") == (shown, expected)


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        ("*b* _i_ __u__ ~s~ ||p||", "b i u s p", ["bold", "italic", "underline", "strikethrough", "spoiler"]),
        ("*b _bi_*", "b bi", ["bold", "italic"]),
        (r"1\+1 \= 2\.", "1+1 = 2.", []),
        ("`c` ```py\nd\n```", "c d", ["code", "pre"]),
        ("[x](https://e.org)", "x", ["text_link"]),
        (">q1\n>q2\nr", "q1\nq2\nr", ["blockquote"]),
    ],
)
def test_markdown_v2(text: str, shown: str, expected: list[str]) -> None:
    got, found = marks(text, "MarkdownV2")
    assert (got, [each[0] for each in found]) == (shown, expected)


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        ("*b* _i_ `c` [x](https://e.org)", "b i c x", ["bold", "italic", "code", "text_link"]),
        (r"a\_b", "a_b", []),
        ("```\ncode\n```", "code", ["pre"]),
    ],
)
def test_markdown(text: str, shown: str, expected: list[str]) -> None:
    got, found = marks(text, "Markdown")
    assert (got, [each[0] for each in found]) == (shown, expected)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("<b>x", "HTML"),
        ("x</b>", "HTML"),
        ("<b><i>x</b></i>", "HTML"),
        ("1 < 2", "HTML"),
        ("<div>x</div>", "HTML"),
        ("*x", "MarkdownV2"),
        ("a.b", "MarkdownV2"),
        ("`x", "MarkdownV2"),
        ("[x]", "MarkdownV2"),
        ("*x", "Markdown"),
        ("[x](y", "Markdown"),
    ],
)
def test_broken_markup_is_refused_with_its_place(text: str, mode: str) -> None:
    with pytest.raises(TelegramError) as refused:
        parsed(text, mode, None)
    assert refused.value.status == 400
    assert "can't parse entities" in refused.value.message


def test_given_entities_outside_the_text_are_dropped() -> None:
    given = [{"type": "bold", "offset": 0, "length": 2}, {"type": "bold", "offset": 1, "length": 99}]
    assert parsed("😀", None, given)[1] == [{"type": "bold", "offset": 0, "length": 2}]
    with pytest.raises(TelegramError):
        parsed("x", None, [{"type": "bold"}])


def test_offsets_count_utf16_units() -> None:
    assert length("a😀中") == 4
    assert [place("a😀中", units) for units in range(5)] == [0, 1, 2, 2, 3]
