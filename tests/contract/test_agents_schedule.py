"""Appointments: free times by opening hours, one booking for each place, the customer's word, and the operators' list."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from myna.helpdesk.model import Hours
from myna.ports.visitors import Profile
from myna_agents.adapters.sql_appointments import SqlAppointments
from myna_agents.adapters.sql_people import SqlTraces
from myna_agents.appointments import Appointment, Calendar, Plan, Schedule
from myna_agents.people import agents_know
from myna_agents.tools.schedule import schedule_tools
from myna_agents.tools.tool import Caller, ToolFailed
from myna_agents.tools.toolbox import NeedsConfirmation, Toolbox
from support.office_world import CUSTOMER, ELSEWHERE, OPERATOR, OWNER, OfficeWorld, office_world
from support.openai_provider import Provider, Tool
from support.planning import FINCH, INBOX, SUPPORT, VIC, WORKSPACE
from support.stores import stores

ALWAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (("00:00", "24:00"),))
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC).timestamp()
OFFICE = Hours("Europe/Berlin", {"mon": (("09:00", "10:30"),), "tue": (("14:00", "15:00"),)}, ())
VISIT = {
    "kind": "schedule", "name": "visit", "description": "A visit to our showroom.", "minutes": 60, "days": 3, "places": 1,
    "notice_minutes": 0,
}  # fmt: skip


@pytest.fixture
async def kept(database_url: str) -> AsyncIterator[SqlAppointments]:
    async with stores(database_url) as shop:
        yield SqlAppointments(shop.database)


@pytest.fixture
async def office(database_url: str, tmp_path: Path, provider: Provider) -> AsyncIterator[OfficeWorld]:
    """An office that is always open, whose agent books visits for a customer whom the site vouched for."""
    model = f"openai:scripted@{provider.url}"
    async with office_world(database_url, tmp_path, agent={"tools": [VISIT]}, model=model) as made:
        await made.services.visitors.store.put(Profile(VIC, INBOX, "customer-7", None, {}), "Vic")
        staffing = await made.services.helpdesk.staffing(OWNER, INBOX)
        await made.services.helpdesk.staff(OWNER, replace(staffing, hours=Hours("UTC", ALWAYS)))
        yield made


def schedule_at(kept: SqlAppointments, hours: Hours, now: float) -> Schedule:
    async def calendar(conversation: int) -> Calendar | None:
        return Calendar(WORKSPACE, INBOX, hours) if conversation == SUPPORT else None

    return Schedule(kept, calendar, lambda: now)


def wanted(number: int, start: float = 1000.0) -> Appointment:
    return Appointment(number, WORKSPACE, INBOX, SUPPORT, VIC, start, start + 60.0, "", f"key-{number}", 1.0)


async def test_free_times_are_those_of_the_opening_hours_from_the_notice_on(kept: SqlAppointments) -> None:
    schedule = schedule_at(kept, OFFICE, MONDAY)
    plan = Plan(minutes=30, days=6, notice_minutes=30)
    assert await schedule.free(SUPPORT, plan) == (
        "Europe/Berlin",
        ["2026-11-30 09:30", "2026-11-30 10:00", "2026-12-01 14:00", "2026-12-01 14:30"],
    )
    assert (await schedule.free(SUPPORT, plan, date(2026, 12, 1)))[1][0] == "2026-12-01 14:00"
    zone, made = await schedule.book(SUPPORT, VIC, plan, "2026-11-30 09:30", "a lamp", "k1")
    assert (zone, made.ends_at - made.starts_at, made.about) == ("Europe/Berlin", 1800.0, "a lamp")
    assert "2026-11-30 09:30" not in (await schedule.free(SUPPORT, plan))[1]
    # Longer ones of another agent must not overlap it either.
    assert (await schedule.free(SUPPORT, replace(plan, minutes=45)))[1] == ["2026-12-01 14:00"]
    assert (await schedule.book(SUPPORT, VIC, plan, "2026-11-30 09:30", "", "k1"))[1] == made


@pytest.mark.parametrize("places", [1, 3])
async def test_no_more_get_through_than_there_are_places(kept: SqlAppointments, places: int) -> None:
    made = await asyncio.gather(*(kept.book(wanted(number), places) for number in range(1, 9)))
    assert len([each for each in made if each is not None]) == places
    assert len(await kept.between(INBOX, 0.0, 2000.0)) == places
    assert await kept.book(wanted(20, 1060.0), 1) is not None


async def test_a_cancelled_place_is_free_again(kept: SqlAppointments) -> None:
    first = await kept.book(wanted(1), 1)
    assert first is not None
    assert await kept.book(wanted(2), 1) is None
    assert await kept.cancel(first.id, VIC, 5.0) is True
    assert await kept.cancel(first.id, VIC, 6.0) is False
    assert await kept.book(wanted(2), 1) is not None


async def test_tools_say_what_cannot_be_had(kept: SqlAppointments) -> None:
    tools = schedule_tools("visit", "A visit.", Plan(), schedule_at(kept, OFFICE, MONDAY))
    box = Toolbox(tools, Caller(VIC, SUPPORT, "turn:1", verified=True))
    assert [each.name for each in box.offered] == ["visit_slots", "visit_book", "visit_cancel"]
    for name, arguments, told in (
        ("visit_book", {"start": "2026-11-30 03:00"}, "not free"),
        ("visit_book", {"start": "tomorrow"}, "does not match"),
        ("visit_cancel", {"start": "2026-11-30 10:00"}, "no appointment"),
        ("visit_slots", {"from": "2026-13-45"}, "is no day"),
    ):
        with pytest.raises(ToolFailed, match=told):
            await box.use(name, arguments, confirmed=True)
    with pytest.raises(NeedsConfirmation):
        await box.use("visit_book", {"start": "2026-11-30 10:00"})
    assert await kept.listed(WORKSPACE, None, 0.0) == []
    elsewhere = Toolbox(tools, Caller(VIC, SUPPORT + 1, "turn:1", verified=True))
    with pytest.raises(ToolFailed, match="support conversations"):
        await elsewhere.use("visit_slots", {})
    closed = schedule_tools("visit", "A visit.", Plan(), schedule_at(kept, Hours(), MONDAY))
    with pytest.raises(ToolFailed, match="no opening hours"):
        await Toolbox(closed, box.caller).use("visit_slots", {})
    stranger = Toolbox(tools, Caller(VIC, SUPPORT, "turn:1"))
    assert [each.name for each in stranger.offered] == ["visit_slots"]


async def test_a_customer_books_by_agreeing_and_operators_see_and_cancel_it(
    office: OfficeWorld, provider: Provider
) -> None:
    start = datetime.fromtimestamp(time.time() + 86_400, UTC).strftime("%Y-%m-%d 10:00")
    provider.plays(Tool("visit_book", {"start": start, "about": "the desk lamp"}))
    asked = await office.answered("Can I come and see the desk lamp in your showroom tomorrow at ten?")
    assert asked["reason"] == "confirm_tool"
    assert start in str((await office.messages())[-1].body["text"])
    assert (await office.ask(OPERATOR, "GET", "/appointments"))["appointments"] == []
    done = await office.answered("Yes, go ahead")
    assert done["reason"] == "tool_done"
    (found,) = (await office.ask(OPERATOR, "GET", f"/appointments?conversation={SUPPORT}"))["appointments"]
    assert (found["customer"]["name"], found["about"], found["state"]) == ("Vic", "the desk lamp", "booked")
    assert found["starts_at"].startswith(start.replace(" ", "T"))
    path = f"/appointments/{found['id']}/cancel"
    await office.ask(CUSTOMER, "POST", path, 403)
    await office.ask(ELSEWHERE, "POST", path, 404)
    gone = await office.ask(OPERATOR, "POST", path)
    assert (gone["state"], gone["cancelled_by"]) == ("cancelled", str(OPERATOR.user))
    await office.ask(OPERATOR, "POST", path, 409)
    assert (await office.ask(OPERATOR, "GET", "/appointments"))["appointments"] == []


async def test_a_version_with_a_schedule_is_checked_and_kept(office: OfficeWorld) -> None:
    versions = f"/agents/{FINCH}/versions"
    made = await office.ask(OWNER, "POST", versions, 201, body={"tools": [VISIT]})
    assert made["body"]["tools"] == [VISIT]
    await office.ask(OWNER, "POST", versions, 400, body={"tools": [{**VISIT, "minutes": 0}]})
    twice: list[dict[str, Any]] = [VISIT, {**VISIT, "days": 5}]
    await office.ask(OWNER, "POST", versions, 400, body={"tools": twice})


async def test_exports_tell_of_appointments_and_erasures_end_them(office: OfficeWorld) -> None:
    kept = SqlAppointments(office.database)
    assert await kept.book(wanted(1), 1) is not None
    know = agents_know(office.office.memory, kept, SqlTraces(office.database))
    assert [kind for kind, _ in await know.records(WORKSPACE, VIC)] == ["appointment"]
    await know.erase(WORKSPACE, VIC, [])
    assert await know.records(WORKSPACE, VIC) == []
