"""What the demonstration prints fits the terminal, also in Chinese."""

import io
import unicodedata

import pytest

from myna_bots.demo.paper import Paper


def printed(text: str, name: str = "Customer") -> list[str]:
    out = io.StringIO()
    Paper(out).says(name, text)
    return out.getvalue().splitlines()


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_english_breaks_between_words() -> None:
    lines = printed("one two three four five six seven eight nine ten")
    assert all(columns(line) <= 40 for line in lines)
    assert [word for line in lines for word in line.split()][1:] == (
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    )


def test_chinese_breaks_by_columns_and_keeps_closing_marks_with_their_words() -> None:
    lines = printed("签收后四十五天内未使用的商品，可以无理由退货，顺风会会员为九十天。")
    assert all(columns(line) <= 42 for line in lines)
    assert not any(line.strip().startswith(("，", "。")) for line in lines)


def test_a_long_name_is_cut() -> None:
    assert printed("hello", name="A very long name indeed")[0].startswith("A very long…: hello")


def test_lines_of_a_message_stay_lines() -> None:
    assert [line.strip() for line in printed("a\n\nb")] == ["Customer:     a", "", "b"]
