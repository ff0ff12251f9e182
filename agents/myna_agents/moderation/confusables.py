"""Code points that look like, or stand for, other ones.

What passes for a Latin letter or a digit by Unicode Technical Standard 39 (https://www.unicode.org/reports/tr39/) stands
in `tables/confusables.txt`. The pairs here are what keyboards, "fancy text" pages and spam tools produce beside them, and
count for more.
"""

import unicodedata
from typing import Final

from myna_agents.moderation import tables

_INVISIBLE_RANGES: Final = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x0300, 0x036F),  # combining diacritics, grapheme joiner
    (0x0483, 0x0489),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200B, 0x200F),  # zero-width space and joiners, direction marks
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x20D0, 0x20FF),  # enclosing marks, keycaps
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF9, 0xFFFB),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE007F),  # tags
    (0xE0100, 0xE01EF),
)


def _runs() -> dict[int, str]:
    """Alphabets and digits laid out in order, which NFKC leaves alone."""
    table: dict[int, str] = {}
    for first, last, start in (
        (0x1F150, 0x1F169, "a"),  # negative circled letters
        (0x1F170, 0x1F189, "a"),  # negative squared letters
        (0x1F1E6, 0x1F1FF, "a"),  # regional indicators
        (0x2776, 0x277E, "1"),  # dingbat negative circled digits
        (0x2780, 0x2788, "1"),
        (0x278A, 0x2792, "1"),
        (0x24F5, 0x24FD, "1"),  # double circled digits
    ):
        for point in range(first, min(last, first + (25 if start == "a" else 8)) + 1):
            table[point] = chr(ord(start) + point - first)
    return table


INVISIBLE: Final[dict[int, None]] = {
    point: None for first, last in _INVISIBLE_RANGES for point in range(first, last + 1)
}
"""Code points a reader does not see, or sees as a decoration of the one before; `str.translate` removes
them."""

BEFORE_NFKC: Final[dict[int, str | None]] = {
    **INVISIBLE,
    **{0x2474 + step: chr(ord("1") + step) for step in range(9)},
    **{0x2488 + step: chr(ord("1") + step) for step in range(9)},
    **{0x249C + step: chr(ord("a") + step) for step in range(26)},
}
"""The invisible ones, and letters and digits that NFKC would wrap in parentheses or end with a full stop."""


_GREEK_AND_CYRILLIC: Final = range(0x370, 0x530)


def _standard(*, latin: bool) -> dict[int, str]:
    """The standard's code points that are Latin letters, signs and numbers, or the letters of other alphabets."""
    return {
        # Texts are in lower case when they are compared.
        ord(written): plain
        for shape, plain in tables.confusables().items()
        for written in {shape, shape.lower()}
        if len(written) == 1
        and latin
        == (unicodedata.category(shape)[0] != "L" or unicodedata.name(shape, "").startswith("LATIN"))
    }


LATIN_SHAPES: Final[dict[int, str]] = (
    _standard(latin=True)
    | _runs()
    | {
        ord(shape): letter
        for letter, shapes in {
            "a": "ɑᴀαⱥ∀Λ",
            "b": "ʙɓƀ฿",
            "c": "ᴄƈȼ¢ↄ",
            "d": "ᴅɗđð",
            "e": "ᴇɛəǝɘ€ℯ∃",
            "f": "ꜰƒ",
            "g": "ɢɡɠǥ",
            "h": "ʜɦħ",
            "i": "ɪıɨι¡",
            "j": "ᴊɉ",
            "k": "ᴋƙ",
            "l": "ʟłɫƚ",
            "m": "ᴍɱ₥",
            "n": "ɴɲŋ₦",
            "o": "ᴏøɵ",
            "p": "ᴘƥρþ",
            "q": "ꞯɋ",
            "r": "ʀɍ",
            "s": "ꜱʂ",
            "t": "ᴛŧƭ₮",
            "u": "ᴜʉ",
            "v": "ᴠʋν",
            "w": "ᴡɯω₩",
            "x": "×",
            "y": "ʏɏƴ¥",
            "z": "ᴢƶʐ",
            "0": "⓿🄌",
            "?": "？¿",
        }.items()
        for shape in shapes
    }
)
"""Shapes of Latin letters and digits that NFKC leaves alone, to the plain ones."""

_OTHERS: Final = _standard(latin=False)

OTHER_ALPHABETS: Final[dict[int, str]] = {
    point: plain for point, plain in _OTHERS.items() if point in _GREEK_AND_CYRILLIC
} | {
    ord(shape): letter
    for shape, letter in zip(
        "аАвВсСԁеЕёгнНһіІјЈкКӏМмоОрРԛѕЅтТхХуУүԝзЗбпѡΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγεικνοπρστυχω",
        "aabbccdeeerhhhiijjkklmmooppqssttxxyyuwzzbnwabezhikmnoptyxabyeikvonpotuxw",
        strict=True,
    )
}
"""Cyrillic and Greek letters to the Latin ones they pass for; not for texts written in those alphabets."""

RARE_ALPHABETS: Final[dict[int, str]] = {
    point: plain for point, plain in _OTHERS.items() if point not in _GREEK_AND_CYRILLIC
}
"""The same for Cherokee, Lisu, Coptic, Armenian and the others of the standard."""

CHINESE_DIGITS: Final[dict[int, str]] = {
    ord(shape): digit
    for shape, digit in zip(
        "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两", "0012345678912345678912", strict=True
    )
}
"""Chinese number words to digits; only inside what reads like a phone number or an account."""
