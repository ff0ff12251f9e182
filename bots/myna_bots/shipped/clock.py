"""A tool that tells agents what time it is: without it a model does not know whether a shop is open now."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from myna_agents.tools.tool import Caller, ToolFailed, ToolSpec

SPEC = ToolSpec(
    "current_time",
    "The date, the time and the day of the week now, in a time zone such as Europe/Berlin; UTC without one.",
    {
        "type": "object",
        "properties": {"zone": {"type": "string", "maxLength": 64}},
        "additionalProperties": False,
    },
)


class CurrentTime:
    """The tool."""

    spec = SPEC

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def use(self, arguments: Mapping[str, Any], _caller: Caller, _key: str) -> str:
        """Such as `Thursday 2026-11-26 14:05 (UTC+01:00)`.

        Raises:
            ToolFailed: there is no such time zone.
        """
        try:
            zone = ZoneInfo(arguments.get("zone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            failed = ToolFailed(f"There is no time zone {arguments['zone']!r}.", code="bad_arguments")
            failed.temporary = False
            raise failed from None
        now = self._now().astimezone(zone)
        return f"{now:%A %Y-%m-%d %H:%M} (UTC{now.isoformat()[-6:]})"


class Clock:
    """A plugin with the hook `tools`."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def tools(self) -> Sequence[CurrentTime]:
        """`current_time`."""
        return [CurrentTime(self._now)]
