"""Opening hours as a calendar: is it open, when next, and what is so many opening hours later. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from myna.errors import Malformed
from myna.helpdesk.model import Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD_DAYS = 400
"""Hours that open nowhere within this time never open."""


def check_hours(hours: Hours) -> Hours:
    """The hours, if they make sense.

    Raises:
        Malformed: an unknown time zone or weekday, a time that is none, or a span that ends before it begins.
    """
    try:
        ZoneInfo(hours.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Malformed(
            f"Time zone {hours.timezone!r} is unknown; use an IANA name such as Europe/Berlin."
        ) from None
    for day, spans in hours.week.items():
        if day not in DAYS:
            raise Malformed(f"Weekday {day!r}: use one of {', '.join(DAYS)}.")
        for start, end in spans:
            if _minutes(start) >= _minutes(end):
                raise Malformed(f"Opening hours {start} to {end} on {day} end before they begin.")
    for day in hours.closed:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise Malformed(f"Holiday {day!r} is no date; use 2026-12-25.") from None
    return hours


def is_open(hours: Hours, at: float) -> bool:
    """Whether people answer at this moment."""
    return not hours.week or any(start <= at < end for start, end in _spans(hours, at, days=2))


def next_opening(hours: Hours, at: float) -> float | None:
    """When people answer next: now if it is open, None if never."""
    if is_open(hours, at):
        return at
    return next((start for start, _ in _spans(hours, at, days=LOOK_AHEAD_DAYS) if start >= at), None)


def later(hours: Hours, at: float, opening_s: float) -> float:
    """The moment so many seconds of opening time after `at`. Closed hours, nights and holidays do not count."""
    if not hours.week:
        return at + opening_s
    left = opening_s
    for start, end in _spans(hours, at, days=LOOK_AHEAD_DAYS):
        begin = max(start, at)
        if end <= begin:
            continue
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return at + opening_s


def openings(hours: Hours, at: float, *, days: int) -> list[tuple[float, float]]:
    """The opening spans of so many days, from the one of `at` on, that have not ended; none for hours that are always open."""
    return [(start, end) for start, end in _spans(hours, at, days=days) if end > at]


def _spans(hours: Hours, at: float, *, days: int) -> list[tuple[float, float]]:
    """Opening spans from the day before `at`, in order. Local times are turned into moments day by day, so that a day with a
    clock change is an hour shorter or longer as it is in reality."""
    zone = ZoneInfo(hours.timezone)
    first = datetime.fromtimestamp(at, UTC).astimezone(zone).date() - timedelta(days=1)
    found: list[tuple[float, float]] = []
    for offset in range(days + 1):
        day = first + timedelta(days=offset)
        if day.isoformat() in hours.closed:
            continue
        for start, end in hours.week.get(DAYS[day.weekday()], ()):
            found.append((_moment(day, start, zone), _moment(day, end, zone)))
    return sorted(found)


def _moment(day: date, clock: str, zone: ZoneInfo) -> float:
    minutes = _minutes(clock)
    midnight = datetime.combine(day, time(), zone)
    whole, rest = divmod(minutes, 60)
    at = midnight + timedelta(days=1) if whole == 24 else midnight.replace(hour=whole, minute=rest)
    return at.timestamp()


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) <= 24 and int(minute) < 60):
        raise Malformed(f"Time {clock!r}: use 09:00 to 24:00.")
    total = int(hour) * 60 + int(minute)
    if total > 24 * 60:
        raise Malformed(f"Time {clock!r}: a day ends at 24:00.")
    return total
