"""The checkable facts of a text, in one form: numbers with units, prices, dates, times, addresses and identifiers.

`30-day`, `thirty days` and `30 天` are one fact, so are `2 weeks` and `14 days`, `€9.90` and `9,90 EUR`, `1.5万` and
`15,000`. Facts are compared by value, which is what makes the guard work across languages.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from myna_agents.text.numerals import ENGLISH_NUMBER, HAN_NUMBER, english_value, han_value
from myna_agents.text.units_of_measure import BARE, UNIT, measure


class FactKind(StrEnum):
    """What a fact is about."""

    URL = "url"
    EMAIL = "email"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `value` is its normal form, `shown` how the text has it."""

    kind: FactKind
    value: str
    shown: str


_URL = re.compile(
    r"\b(?:https?://|www\.)[^\s<>\"'“”「」（）()\[\]，。；、！？]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|cn|dev|app|shop|eu|de|uk|info|example)(?:/[^\s<>\"'，。；、！？()（）\[\]]*)?(?![\w@.-]*@)",
    re.I,
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MONTHS = {
    name: at // 2 + 1
    for at, name in enumerate(
        [
            "january",
            "jan",
            "february",
            "feb",
            "march",
            "mar",
            "april",
            "apr",
            "may_",
            "may",
            "june",
            "jun",
            "july",
            "jul",
            "august",
            "aug",
            "september",
            "sep",
            "october",
            "oct",
            "november",
            "nov",
            "december",
            "dec",
        ]
    )
} | {"sept": 9}
_MONTH = (
    "(?:" + "|".join(sorted((name for name in _MONTHS if name != "may_"), key=len, reverse=True)) + r")\.?"
)
_DATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![\d/-])(\d{4})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})[日号號]?(?![\d/-])"), "ymd"),
    (re.compile(r"(?<![\d/-])(\d{4})\s?年\s?(\d{1,2})\s?月"), "ym"),
    (re.compile(r"(?<!\d)(\d{1,2})\s?月\s?(\d{1,2})\s?[日号號]"), "md"),
    (re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,?\s+(\d{{4}}))?\b(?!\s*%)", re.I), "MDY"),
    (
        re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})(?:,?\s+(\d{{4}}))?(?!\w)", re.I),
        "DMY",
    ),
    (re.compile(r"(?<![\d/.])(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?![\d/])"), "dmy"),
)
_TIMES: tuple[re.Pattern[str], ...] = (
    re.compile(
        r"(?P<half>上午|下午|晚上|早上|凌晨|中午|傍晚)?\s?(?<![\d:])(?P<h>[01]?\d|"
        r"2[0-4])[:：](?P<m>[0-5]\d)(?::[0-5]\d)?(?![\d:])\s?(?P<ap>[ap]\.?m\b\.?)?",
        re.I,
    ),
    re.compile(r"(?<![\d.,:])(?P<h>1[0-2]|[1-9])(?P<m>)(?P<half>)\s?(?P<ap>[ap]\.?m\b\.?)", re.I),
    re.compile(
        r"(?P<half>上午|下午|晚上|早上|凌晨|中午|傍晚)?\s?(?<![\d.:])(?P<h>[01]?\d|"
        r"2[0-4])\s?[点點时時](?!间|候|刻|間|长|限|內|内|以)(?:(?P<m>[0-5]?\d)分?)?(?P<ap>)"
    ),
)
_NUMBER = re.compile(
    r"(?P<pre>US\$|HK\$|NT\$|[A-Z]{3}\s?(?=\d)|[$€£¥￥]\s?)?"
    r"(?<![\w.,/])(?P<num>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?P<scale>\s?(?:万|萬|千|百万|"
    r"亿|億|k\b|million\b|thousand\b|billion\b))?"
    rf"(?:\s?-?\s?(?P<unit>{UNIT}))?(?![\d])"
)
_WORDED = re.compile(
    rf"\b(?P<num>{ENGLISH_NUMBER})(?:\s|-)(?:(?:business|working|calendar|full|more|"
    rf"other)\s)?(?P<unit>{UNIT})(?!\w)",
    re.I,
)
_HAN_WORDED = re.compile(rf"(?P<pct>百分之)?(?P<num>{HAN_NUMBER})\s?(?P<unit>{UNIT})?")
_IDENTIFIER = re.compile(
    r"(?<![\w@./-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_/#.][A-Za-z0-9]+)*(?![\w@])", re.ASCII
)
_CODE = re.compile(r"(?<![\w-])[A-Z]{5,}(?:[-_][A-Z]+)*(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w.])\+?\(?\d{1,4}\)?(?:[ -]\d{2,4}){2,4}(?!\w|[ -]?\d)|(?<![\w.])\+?\d{8,15}(?!\w)"
)
_ORDINAL = re.compile(r"(?m)^\s*(?:\d{1,2}[.)、．]|[(（]\d{1,2}[)）])\s")
_MARK = re.compile(r"\[\d{1,2}\]")


def facts(text: str) -> tuple[Fact, ...]:
    """The facts of a text in order of their kinds. Citation marks and the numbers of list items are none."""
    text = unicodedata.normalize("NFKC", without_marks(text))
    found: list[Fact] = []
    for take in _TAKERS:
        text, taken = take(text)
        found.extend(taken)
    return tuple(dict.fromkeys(found))


def without_marks(text: str) -> str:
    """The text with citation marks and the numbers of list items blanked out; every other character keeps its place."""
    return _ORDINAL.sub(_blank, _MARK.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


_Taken = tuple[str, list[Fact]]


def _taking(
    patterns: Iterable[re.Pattern[str]], kind: FactKind, value: Callable[[re.Match[str]], str | None]
) -> Callable[[str], _Taken]:
    """A step that takes the matches with a value out of the text, so that no later step reads them again."""
    own = tuple(patterns)

    def take(text: str) -> _Taken:
        found: list[Fact] = []

        def note(match: re.Match[str]) -> str:
            normal = value(match)
            if normal is None:
                return match.group()
            found.append(Fact(kind, normal, match.group().strip()))
            return " " + "\x00" + " "

        for pattern in own:
            text = pattern.sub(note, text)
        return text, found

    return take


def _url(match: re.Match[str]) -> str:
    plain = match.group().rstrip(".,;:!?)。").lower()
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", plain).rstrip("/")


def _date(order: str) -> Callable[[re.Match[str]], str | None]:
    def value(match: re.Match[str]) -> str | None:
        groups = match.groups()
        year, month, day = "", 0, 0
        for letter, group in zip(order, groups, strict=True):
            if letter in "yY":
                year = group or ""
            elif letter == "M":
                month = _MONTHS[group.lower().rstrip(".")]
            elif letter == "m":
                month = int(group)
            else:
                day = int(group)
        if order == "dmy" and month > 12:
            month, day = day, month
        if not 1 <= month <= 12 or not 0 <= day <= 31:
            return None
        return f"{year}-{month}-{day or ''}"

    return value


def _time(match: re.Match[str]) -> str | None:
    hour, minute = int(match["h"]), int(match["m"] or 0)
    half, ap = match["half"] or "", (match["ap"] or "").lower()
    if (half in {"下午", "晚上", "傍晚"} or ap.startswith("p")) and hour < 12:
        hour += 12
    if (half == "凌晨" or ap.startswith("a")) and hour == 12:
        hour = 0
    return f"{hour}:{minute:02d}"


def _digits(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match.group())
    return f"#{digits}" if len(digits) >= 7 else None


def _identifier(match: re.Match[str]) -> str | None:
    plain = match.group()
    if _NUMBER.fullmatch(plain) or re.fullmatch(r"\d+(?:st|nd|rd|th|s)", plain, re.I):
        return None
    return re.sub(r"[-_/#.]", "", plain).lower()


def _number(match: re.Match[str]) -> str:
    plain = match["num"]
    if re.fullmatch(r"\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    value = float(plain.replace(",", "")) * _SCALES.get((match["scale"] or "").strip().lower(), 1.0)
    return measure(value, (match["pre"] or "").strip() or (match["unit"] or ""))


def _worded(match: re.Match[str]) -> str | None:
    value = english_value(match["num"])
    return None if value is None else measure(value, match["unit"])


def _han(match: re.Match[str]) -> str | None:
    value = han_value(match["num"])
    if value is None:
        return None
    if match["pct"]:
        return measure(value, "%")
    return measure(value, match["unit"]) if match["unit"] else None


_SCALES = {
    "万": 1e4, "萬": 1e4, "千": 1e3, "百万": 1e6, "亿": 1e8, "億": 1e8,
    "k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9,
}  # fmt: skip
_TAKERS: tuple[Callable[[str], _Taken], ...] = (
    _taking([_EMAIL], FactKind.EMAIL, lambda match: match.group().lower().rstrip(".")),
    _taking([_URL], FactKind.URL, _url),
    *(_taking([pattern], FactKind.DATE, _date(order)) for pattern, order in _DATES),
    _taking(_TIMES, FactKind.TIME, _time),
    _taking([_PHONE], FactKind.IDENTIFIER, _digits),
    _taking([_IDENTIFIER], FactKind.IDENTIFIER, _identifier),
    _taking([_CODE], FactKind.IDENTIFIER, lambda match: re.sub(r"[-_]", "", match.group()).lower()),
    _taking([_NUMBER], FactKind.NUMBER, _number),
    _taking([_WORDED], FactKind.NUMBER, _worded),
    _taking([_HAN_WORDED], FactKind.NUMBER, _han),
)


def bare_value(fact: Fact) -> str:
    """The value of a number without its unit."""
    return fact.value.split(BARE, 1)[0]
