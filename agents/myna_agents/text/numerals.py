"""Numbers in words, English and Chinese."""

import re

_SMALL = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: (at + 2) * 10
    for at, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
}
_BIG = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_ONE = "|".join(sorted({*_SMALL, *_TENS, *_BIG}, key=len, reverse=True))
ENGLISH_NUMBER = rf"(?:(?:{_ONE})(?:[\s-](?:and\s)?(?:{_ONE}))*)"
"""Pattern of a number in English words."""

_DIGITS = {
    digit: value
    for value, digits in enumerate(
        ("零〇", "一壹", "二两兩贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for digit in digits
}
_PLACES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
HAN_NUMBER = f"[{''.join(_DIGITS)}{''.join(_PLACES)}{''.join(_MYRIADS)}半]+"
"""Pattern of a number in Chinese characters."""


def english_value(words: str) -> float | None:
    """The value of a number in English words up to the millions."""
    total = part = 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _SMALL:
            part += _SMALL[word]
        elif word in _TENS:
            part += _TENS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _BIG:
            total += max(part, 1) * _BIG[word]
            part = 0
        elif word != "and":
            return None
    return float(total + part)


def han_value(text: str) -> float | None:
    """The value of a number in Chinese characters; digits alone (`二〇二五`) are read one by one."""
    if text == "半":
        return 0.5
    if "半" in text:
        return None
    if all(letter in _DIGITS for letter in text):
        return float("".join(str(_DIGITS[letter]) for letter in text))
    total = section = digit = 0
    for letter in text:
        if letter in _DIGITS:
            digit = _DIGITS[letter]
        elif letter in _PLACES:
            section += (digit or 1) * _PLACES[letter]
            digit = 0
        else:
            total += ((section + digit) or 1) * _MYRIADS[letter]
            section = digit = 0
    return float(total + section + digit)
