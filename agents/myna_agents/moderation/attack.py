"""Disguises that senders of spam use, for training and for measuring how well they are seen through."""

import string
from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Final

from zhconv_rs import zhconv


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
)
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
)


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


_HOMOPHONES: Final = {
    char: group.replace(char, "")
    for group in (
        "微薇威维葳溦", "信芯心欣馨", "加嘉佳家", "群裙宭", "扣寇叩", "发法伐", "票飘漂",
        "贷代带待", "款宽", "免勉冕", "费废肺", "赚撰篆", "钱前浅", "网忘往",
        "站战占", "注住驻", "册策测", "领岭令", "奖讲蒋", "兼坚间", "职值直",
        "日曰", "结洁杰", "现线限", "投头透", "资姿滋", "赌堵睹", "博搏伯",
        "彩采菜", "联连莲", "系细戏", "电店典", "话化画", "证正政", "办半伴",
        "刷唰", "单丹担", "返反犯", "利力丽", "优悠忧", "惠会汇", "开凯",
    )
    for char in group
}  # fmt: skip

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
    Disguise.HOMOPHONE: _choices(_HOMOPHONES),
}


def disguised(text: str, disguise: Disguise, strength: float, random: Random) -> str:
    """`text` with each character that the disguise can change changed with probability `strength`, 0..1.

    The same `random` state gives the same result.
    """
    change = _PER_CHAR[disguise]
    return "".join(change(char, random) if random.random() < strength else char for char in text)
