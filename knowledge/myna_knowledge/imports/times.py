"""Moments as exports write them."""

from datetime import UTC, datetime
from typing import Any

MILLISECONDS = 10_000_000_000
"""Seconds since 1970 stay below this until the year 2286."""


def moment(value: Any) -> float | None:
    """Seconds since 1970 of a number, a text of digits, or ISO 8601; None when it is none of them."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.replace(".", "", 1).isdigit():
            return moment(float(text))
        try:
            parsed = datetime.fromisoformat(text.removesuffix(" UTC"))
        except ValueError:
            return None
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, (int, float)) and value > 0:
        return float(value) / 1000 if value > MILLISECONDS else float(value)
    return None
