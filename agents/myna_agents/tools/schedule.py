"""Appointments as tools: telling free times, and, once the customer has agreed to exactly that, booking and cancelling one."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from myna.errors import MynaError
from myna_agents.appointments import Appointment, Plan, Schedule
from myna_agents.tools.tool import Caller, Tool, ToolFailed, ToolSpec
from myna_agents.tools.toolbox import check_spec

MAX_ABOUT_CHARS = 500
_START = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d$", "description": "YYYY-MM-DD HH:MM"}
_FROM = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "description": "The first day, YYYY-MM-DD"}
_ABOUT = {"type": "string", "maxLength": MAX_ABOUT_CHARS, "description": "What it is about"}

Done = Callable[[Mapping[str, Any], Caller, str], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ScheduleTool:
    """One of the three."""

    spec: ToolSpec
    done: Done

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """What came of it, as JSON.

        Raises:
            ToolFailed: the time cannot be had, there is no such appointment, or the inbox has no hours.
        """
        try:
            return json.dumps(await self.done(arguments, caller, key), ensure_ascii=False)
        except ToolFailed:
            raise
        except MynaError as refused:
            failed = ToolFailed(f"{self.spec.name}: {refused.message}", code=refused.code)
            failed.temporary = False
            raise failed from refused


def schedule_tools(name: str, description: str, plan: Plan, schedule: Schedule) -> list[Tool]:
    """`NAME_slots`, `NAME_book` and `NAME_cancel`. The last two change something, so the customer confirms each use.

    Raises:
        Malformed: the name cannot be offered to a model.
    """

    async def slots(arguments: Mapping[str, Any], caller: Caller, key: str) -> dict[str, Any]:
        zone, free = await schedule.free(caller.conversation, plan, _day(arguments.get("from")))
        return {"timezone": zone, "minutes": plan.minutes, "free": free}

    async def book(arguments: Mapping[str, Any], caller: Caller, key: str) -> dict[str, Any]:
        zone, made = await schedule.book(
            caller.conversation, caller.user, plan, arguments["start"], arguments.get("about", ""), key
        )
        return {"booked": _span(made, zone), "timezone": zone}

    async def cancel(arguments: Mapping[str, Any], caller: Caller, key: str) -> dict[str, Any]:
        zone, gone = await schedule.cancel_own(caller.conversation, caller.user, arguments["start"])
        return {"cancelled": _span(gone, zone), "timezone": zone}

    made: tuple[tuple[str, str, dict[str, Any], list[str], bool, Done], ...] = (
        ("slots", "The free times.", {"from": _FROM}, [], False, slots),
        ("book", "Book one of the free times.", {"start": _START, "about": _ABOUT}, ["start"], True, book),
        ("cancel", "Cancel what the customer booked.", {"start": _START}, ["start"], True, cancel),
    )
    return [
        ScheduleTool(
            check_spec(
                ToolSpec(
                    f"{name}_{verb}",
                    f"{description} {says}",
                    {
                        "type": "object",
                        "properties": properties,
                        "required": required,
                        "additionalProperties": False,
                    },
                    effects,
                )
            ),
            done,
        )
        for verb, says, properties, required, effects, done in made
    ]


def _day(wanted: str | None) -> date | None:
    if wanted is None:
        return None
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        failed = ToolFailed(f"{wanted!r} is no day; use YYYY-MM-DD.", code="bad_arguments")
        failed.temporary = False
        raise failed from None


def _span(each: Appointment, zone: str) -> str:
    start, end = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (each.starts_at, each.ends_at))
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"
