"""Disguises that senders of spam use, for training and for measuring how well they are seen through."""

import string
from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Final

from zhconv_rs import zhconv

from myna_agents.moderation import tables


class Disguise(StrEnum):
    """One way of writing the same message so that a filter reads something else."""

    FULL_WIDTH = "full_width"
    BOLD = "bold"
    CIRCLED = "circled"
    ZERO_WIDTH = "zero_width"
    MARKS = "marks"
    SPACES = "spaces"
    PUNCTUATION = "punctuation"
    LEET = "leet"
    LOOKALIKE = "lookalike"
    CASE = "case"
    TRADITIONAL = "traditional"
    DIGITS = "digits"
    CHINESE_DIGITS = "chinese_digits"
    HOMOPHONE = "homophone"
    PINYIN = "pinyin"
    SHAPE = "shape"
    SPLIT = "split"
    EMOJI = "emoji"
    DIGIT_WORDS = "digit_words"


ENGLISH: Final = (
    Disguise.FULL_WIDTH,
    Disguise.BOLD,
    Disguise.CIRCLED,
    Disguise.ZERO_WIDTH,
    Disguise.MARKS,
    Disguise.SPACES,
    Disguise.PUNCTUATION,
    Disguise.LEET,
    Disguise.LOOKALIKE,
    Disguise.CASE,
    Disguise.DIGITS,
    Disguise.EMOJI,
    Disguise.DIGIT_WORDS,
)
"""What can be done to an English text."""
CHINESE: Final = (
    Disguise.TRADITIONAL,
    Disguise.ZERO_WIDTH,
    Disguise.MARKS,
    Disguise.SPACES,
    Disguise.PUNCTUATION,
    Disguise.FULL_WIDTH,
    Disguise.DIGITS,
    Disguise.CHINESE_DIGITS,
    Disguise.HOMOPHONE,
    Disguise.PINYIN,
    Disguise.SHAPE,
    Disguise.SPLIT,
    Disguise.EMOJI,
)
"""What can be done to a Chinese text."""


def _alphabet(lower: int, upper: int) -> dict[str, str]:
    pairs = zip(string.ascii_lowercase, range(lower, lower + 26), strict=True)
    capitals = zip(string.ascii_uppercase, range(upper, upper + 26), strict=True)
    return {letter: chr(point) for letter, point in (*pairs, *capitals)}


def _choices(table: dict[str, str]) -> Callable[[str, Random], str]:
    return lambda char, random: random.choice(table[char]) if char in table else char


def _after(marks: str) -> Callable[[str, Random], str]:
    return lambda char, random: char + random.choice(marks) if char.isalnum() else char


def _traditional(char: str, _random: Random) -> str:
    return zhconv(char, "zh-hant", False) if "\u3400" <= char <= "\u9fff" else char


def _swap_case(char: str, _random: Random) -> str:
    return char.swapcase()


def _homophone(char: str, random: Random) -> str:
    others = tables.homophones().get(char, "").replace(char, "")
    # People type the common ones; an input method offers the rest far down its list.
    typed = [other for other in others if tables.common(other)] or others
    return random.choice(typed) if typed else char


def _pinyin(char: str, _random: Random) -> str:
    return tables.spelling().get(tables.sounds().get(char, ""), char)


def _shape(char: str, random: Random) -> str:
    return random.choice(tables.shapes().get(char, char))


def _split(char: str, random: Random) -> str:
    return random.choice(tables.splits().get(char, (char,)))


_DIGIT_NAMES: Final = dict(
    zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)
_EMOJI: Final = "😀🔥💰🎁✨👉❤🎉⭐🚀"


def _digit_word(char: str, _random: Random) -> str:
    return f" {_DIGIT_NAMES[char]} " if char in _DIGIT_NAMES else char


_DECORATED: Final = {
    digit: "".join(chr(start + value) for start in (0x2775, 0x277F, 0x2789, 0x245F)) + chr(0xFF10 + value)
    for value, digit in enumerate("123456789", 1)
} | {"0": "⓪０"}

_PER_CHAR: Final[dict[Disguise, Callable[[str, Random], str]]] = {
    Disguise.FULL_WIDTH: _choices({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}),
    Disguise.BOLD: _choices(_alphabet(0x1D5EE, 0x1D5D4)),
    Disguise.CIRCLED: _choices(_alphabet(0x24D0, 0x24B6)),
    Disguise.ZERO_WIDTH: _after("\u200b\u200c\u200d\u2060\ufeff"),
    Disguise.MARKS: _after("\u0335\u0336\u0332\u035f\u0301\u0308"),
    Disguise.SPACES: _after(" "),
    Disguise.PUNCTUATION: _after(".*_-|~"),
    Disguise.LEET: _choices(dict(zip("oOlLeEaAsStTiI", "001133@4$577!1", strict=True))),
    Disguise.LOOKALIKE: _choices(dict(zip("aceopxyiABCEHKMOPTXY", "асеорхуіАВСЕНКМОРТХУ", strict=True))),
    Disguise.CASE: _swap_case,
    Disguise.TRADITIONAL: _traditional,
    Disguise.DIGITS: _choices(_DECORATED),
    Disguise.CHINESE_DIGITS: _choices(dict(zip("0123456789", "零一二三四五六七八九", strict=True))),
    Disguise.HOMOPHONE: _homophone,
    Disguise.PINYIN: _pinyin,
    Disguise.SHAPE: _shape,
    Disguise.SPLIT: _split,
    Disguise.EMOJI: _after(_EMOJI),
    Disguise.DIGIT_WORDS: _digit_word,
}


def disguised(text: str, disguise: Disguise, strength: float, random: Random) -> str:
    """`text` with each character that the disguise can change changed with probability `strength`, 0..1.

    The same `random` state gives the same result.
    """
    change = _PER_CHAR[disguise]
    return "".join(change(char, random) if random.random() < strength else char for char in text)
