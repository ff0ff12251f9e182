"""Sources that are out of date, or that nobody needs. Pure: dates in the text, when a source was read, what was cited."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain

from myna_knowledge.care.model import Finding, FindingKind
from myna_knowledge.model import Section, Source, SourceKind, SourceState
from myna_knowledge.text import sentences

DAY_S = 86_400.0
UNREAD_DAYS = 90
"""A page of the web that was not looked at for so long."""
OLD_DAYS = 365
"""A source that was not changed for so long."""
UNUSED_DAYS = 60
"""A source is called unused when it is this old and was not cited for as long."""
ENOUGH_ANSWERS = 50
"""Fewer answers than this say nothing about what is needed."""

_MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = {name[:length]: at for at, name in enumerate(_MONTH_NAMES, start=1) for length in (3, 4, len(name))}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = re.compile(
    rf"(?P<y1>20\d\d)[-/.年](?P<m1>\d{{1,2}})[-/.月](?P<d1>\d{{1,2}})日?|"
    rf"(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\.? (?P<m2>{_NAME})\.?,? (?P<y2>20\d\d)|"
    rf"(?P<m3>{_NAME})\.? (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y3>20\d\d)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:until|till|through|ends?|ending|expires?|valid|deadline|before|by|last day|closing)\b|"
    r"截止|截至|至|到期|之前|有效|结束",
    re.IGNORECASE,
)


def stale(sources: Sequence[Source], sections: Sequence[Section], now: float) -> list[Finding]:
    """Sources that cannot be read any more, say that they ended, or were not looked at or changed for long; one finding each."""
    by_source: dict[int, list[Section]] = {}
    for section in sections:
        by_source.setdefault(section.source, []).append(section)
    found: list[Finding] = []
    for source in sources:
        data = _why(source, by_source.get(source.id, ()), now)
        if data is not None:
            told = {"source": str(source.id), "title": source.title, "changed_at": source.changed_at, **data}
            key = f"{source.id}:{source.version}:{data['why']}:{data.get('quote', '')}"
            found.append(Finding(FindingKind.STALE, key, told))
    return found


def unused(sources: Sequence[Source], cited: Collection[int], answers: int, now: float) -> list[Finding]:
    """Sources that are ready and old enough and that no answer cited; none before there are enough answers to tell."""
    if answers < ENOUGH_ANSWERS:
        return []
    return [
        Finding(
            FindingKind.UNUSED,
            f"{source.id}:{source.version}",
            {
                "source": str(source.id),
                "title": source.title,
                "changed_at": source.changed_at,
                "days": UNUSED_DAYS,
            },
        )
        for source in sources
        if source.state is SourceState.READY
        and source.chunks
        and source.id not in cited
        and now - source.changed_at > UNUSED_DAYS * DAY_S
    ]


def _why(source: Source, sections: Sequence[Section], now: float) -> Mapping[str, str] | None:
    web = source.kind in {SourceKind.URL, SourceKind.SITE}
    if source.state is SourceState.FAILED:
        return {"why": "failed", "error": source.error or ""}
    quote = next(chain.from_iterable(_ended(section.text, now) for section in sections), None)
    if quote is not None:
        return {"why": "ended", "quote": quote}
    age = now - source.changed_at
    if web and age > UNREAD_DAYS * DAY_S:
        return {"why": "not_looked_at"}
    return {"why": "old"} if age > OLD_DAYS * DAY_S else None


def _ended(text: str, now: float) -> list[str]:
    """Sentences that name an end that has passed, and no later date."""
    today = datetime.fromtimestamp(now, UTC).date()
    found: list[str] = []
    for start, end in sentences(text):
        said = text[start:end]
        dates = [day for match in _DATES.finditer(said) if (day := _date(match)) is not None]
        if dates and max(dates) < today and _ENDS.search(said):
            found.append(said)
    return found


def _date(match: re.Match[str]) -> date | None:
    for way in "123":
        if match[f"y{way}"]:
            month = match[f"m{way}"]
            try:
                return date(
                    int(match[f"y{way}"]), _MONTHS.get(month.lower()) or int(month), int(match[f"d{way}"])
                )
            except ValueError:
                return None
    return None
