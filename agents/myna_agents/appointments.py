"""Appointments with the people of an inbox: what is free by its opening hours, and one booking for each free place."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from myna.errors import Conflict, NotFound
from myna.helpdesk.hours import openings
from myna.helpdesk.model import Hours
from myna.ids import new_id

MAX_SLOTS = 24
"""How many free times are told at once: more than a customer reads, and a model needs no more."""
MAX_LISTED = 200
CLOCK = "%Y-%m-%d %H:%M"
"""How times are told and taken: as the clock of the inbox shows them."""


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One customer's time with somebody of an inbox. Times are unix seconds."""

    id: int
    workspace: int
    inbox: int
    conversation: int
    customer: int
    starts_at: float
    ends_at: float
    about: str
    key: str
    """Makes one use of the tool one appointment."""
    made_at: float
    state: AppointmentState = AppointmentState.BOOKED
    cancelled_by: int | None = None
    cancelled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an agent may book."""

    minutes: int = 30
    """How long an appointment takes; the first one of a day begins when the inbox opens."""
    days: int = 14
    """How far ahead."""
    places: int = 1
    """How many customers can be served at once."""
    notice_minutes: int = 60
    """How long before its beginning an appointment must be made."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The inbox of a conversation and its opening hours."""

    workspace: int
    inbox: int
    hours: Hours


class Appointments(Protocol):
    """Keeps appointments. Every write is durable when the call returns."""

    async def book(self, wanted: Appointment, places: int) -> Appointment | None:
        """Keep one, unless `places` booked ones of the inbox overlap it; None then. The same key again gives the first one.

        Of any number of processes that book at once no more get through than there are places.
        """
        ...

    async def between(self, inbox: int, start: float, end: float) -> list[Appointment]:
        """Those booked that overlap a span."""
        ...

    async def listed(self, workspace: int, conversation: int | None, since: float) -> list[Appointment]:
        """All of a conversation, or those booked in the workspace that end after `since`; soonest first, at most `MAX_LISTED`."""
        ...

    async def one(self, workspace: int, appointment: int) -> Appointment | None:
        """One of a workspace."""
        ...

    async def of_customer(self, workspace: int, customer: int) -> list[Appointment]:
        """All of a customer, for exports."""
        ...

    async def cancel(self, appointment: int, by: int, now: float) -> bool:
        """Give its place back; whether it was booked."""
        ...

    async def erase(self, workspace: int, customer: int) -> None:
        """Forget a customer's appointments."""
        ...


class Schedule:
    """Books and cancels within the opening hours of a conversation's inbox."""

    def __init__(
        self,
        kept: Appointments,
        calendar: Callable[[int], Awaitable[Calendar | None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.kept, self._calendar, self._clock = kept, calendar, clock

    async def free(self, conversation: int, plan: Plan, first: date | None = None) -> tuple[str, list[str]]:
        """The time zone, and the free times from a day on, as the inbox's clock shows them; at most `MAX_SLOTS`.

        Raises:
            NotFound: the conversation has no inbox, or its inbox no opening hours.
        """
        calendar = await self._of(conversation)
        zone = ZoneInfo(calendar.hours.timezone)
        slots = await self._slots(calendar, plan)
        local = [(datetime.fromtimestamp(start, zone), start) for start in slots]
        told = [at.strftime(CLOCK) for at, _ in local if first is None or at.date() >= first]
        return calendar.hours.timezone, told[:MAX_SLOTS]

    async def book(
        self, conversation: int, customer: int, plan: Plan, start: str, about: str, key: str
    ) -> tuple[str, Appointment]:
        """The time zone and the appointment, made once for each key.

        Raises:
            NotFound: the conversation has no inbox, or its inbox no opening hours.
            Conflict: that time cannot be had; nothing was booked.
        """
        calendar = await self._of(conversation)
        zone, now = ZoneInfo(calendar.hours.timezone), self._clock()
        known = [
            each for each in await self.kept.of_customer(calendar.workspace, customer) if each.key == key
        ]
        if known:
            return calendar.hours.timezone, known[0]
        for at in await self._slots(calendar, plan):
            if datetime.fromtimestamp(at, zone).strftime(CLOCK) == start:
                wanted = Appointment(
                    new_id(), calendar.workspace, calendar.inbox, conversation, customer,
                    at, at + plan.minutes * 60.0, about, key, now,
                )  # fmt: skip
                made = await self.kept.book(wanted, plan.places)
                if made is not None:
                    return calendar.hours.timezone, made
        raise Conflict(f"{start} is not free.", code="not_free")

    async def cancel_own(self, conversation: int, customer: int, start: str) -> tuple[str, Appointment]:
        """The time zone and the customer's appointment of that time, cancelled; one that is cancelled already stays so.

        Raises:
            NotFound: the customer has none then.
        """
        calendar = await self._of(conversation)
        zone = ZoneInfo(calendar.hours.timezone)
        for each in await self.kept.of_customer(calendar.workspace, customer):
            if datetime.fromtimestamp(each.starts_at, zone).strftime(CLOCK) == start:
                await self.kept.cancel(each.id, customer, self._clock())
                return calendar.hours.timezone, each
        raise NotFound(f"There is no appointment of this customer at {start}.")

    async def _of(self, conversation: int) -> Calendar:
        calendar = await self._calendar(conversation)
        if calendar is None:
            raise NotFound("Appointments are made in support conversations.")
        if not calendar.hours.week:
            raise NotFound("This inbox has no opening hours, so there are no times to book.")
        return calendar

    async def _slots(self, calendar: Calendar, plan: Plan) -> list[float]:
        now, length = self._clock(), plan.minutes * 60.0
        earliest, latest = now + plan.notice_minutes * 60.0, now + plan.days * 86_400.0
        taken = await self.kept.between(calendar.inbox, now, latest + length)
        found: list[float] = []
        for start, end in openings(calendar.hours, now, days=plan.days + 1):
            at = start
            while at + length <= end:
                if earliest <= at <= latest and _overlapping(taken, at, at + length) < plan.places:
                    found.append(at)
                at += length
        return found


def _overlapping(taken: Sequence[Appointment], start: float, end: float) -> int:
    return sum(each.starts_at < end and start < each.ends_at for each in taken)
