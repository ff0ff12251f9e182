"""What the service desk's routes take and give."""

import time
from typing import Annotated, Any

from pydantic import BaseModel, Field

from myna.api.ids import IdText
from myna.helpdesk.hours import is_open
from myna.helpdesk.model import InboxDesk, Item, OperatorState, Team
from myna.wire import optional_id

Seconds = Annotated[float | None, Field(default=None, gt=0, le=10_000_000)]


class TeamBody(BaseModel):
    """A team."""

    name: str = Field(min_length=1, max_length=80)
    members: list[IdText] = Field(default_factory=list, max_length=500)


class Availability(BaseModel):
    """Whether I take conversations, and how many at once."""

    available: bool
    capacity: int = Field(default=4, ge=1, le=100)


class Staffing(BaseModel):
    """How an inbox is staffed."""

    team: IdText | None = None
    assign: bool = True
    timezone: str = Field(default="UTC", max_length=64)
    week: dict[str, list[tuple[str, str]]] = Field(
        default_factory=dict, max_length=7, examples=[{"mon": [["09:00", "17:30"]]}]
    )
    closed: list[str] = Field(default_factory=list, max_length=400)
    first_reply_s: Seconds
    next_reply_s: Seconds
    resolve_s: Seconds


class ItemBody(BaseModel):
    """A label (`color`) or a macro (`steps`)."""

    name: str = Field(min_length=1, max_length=80)
    color: str | None = Field(default=None, max_length=7)
    steps: list[dict[str, str]] | None = Field(default=None, max_length=20)


class LabelBody(BaseModel):
    """Whether the label is on."""

    on: bool = True


class LeftMessage(BaseModel):
    """What a customer leaves while nobody is there."""

    text: str = Field(min_length=1, max_length=10_000)
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def team_object(team: Team) -> dict[str, Any]:
    """A team."""
    return {"id": str(team.id), "name": team.name, "members": [str(user) for user in team.members]}


def operator_object(state: OperatorState, load: int) -> dict[str, Any]:
    """An operator with how many conversations they own."""
    return {"user": str(state.user), "available": state.available, "capacity": state.capacity, "open": load}


def staffing_object(desk: InboxDesk) -> dict[str, Any]:
    """How an inbox is staffed."""
    return {
        "inbox": str(desk.inbox),
        "team": optional_id(desk.team),
        "assign": desk.assign,
        "timezone": desk.hours.timezone,
        "week": {day: [list(span) for span in spans] for day, spans in desk.hours.week.items()},
        "closed": list(desk.hours.closed),
        "first_reply_s": desk.promise.first_reply_s,
        "next_reply_s": desk.promise.next_reply_s,
        "resolve_s": desk.promise.resolve_s,
        "open_now": is_open(desk.hours, time.time()),
    }


def item_object(item: Item) -> dict[str, Any]:
    """A macro or label."""
    return {"id": str(item.id), "name": item.name, **item.body}
