"""The nouns of the service desk as frozen values. Times are unix seconds, durations seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ItemKind(StrEnum):
    """What operators keep ready."""

    MACRO = "macro"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Hours:
    """When people answer. Without weekdays: always."""

    timezone: str = "UTC"
    """An IANA name, e.g. `Europe/Berlin`."""
    week: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, str], ...]]
    )
    """Opening times by weekday (`mon` … `sun`) as pairs `09:00`, `17:30`."""
    closed: tuple[str, ...] = ()
    """Holidays, e.g. `2026-12-25`."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What customers may expect, counted in opening hours; None promises nothing."""

    first_reply_s: float | None = None
    next_reply_s: float | None = None
    resolve_s: float | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """Operators who share a queue."""

    id: int
    workspace: int
    name: str
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OperatorState:
    """Whether an operator takes conversations, and how many at once."""

    user: int
    workspace: int
    available: bool
    capacity: int = 4


@dataclass(frozen=True, slots=True)
class InboxDesk:
    """How an inbox is staffed."""

    inbox: int
    workspace: int
    team: int | None = None
    assign: bool = True
    """Whether waiting conversations are given to free operators; otherwise they pick."""
    hours: Hours = Hours()
    promise: Promise = Promise()


@dataclass(frozen=True, slots=True)
class Item:
    """A macro or a label."""

    id: int
    workspace: int
    kind: ItemKind
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in the queue: since when, and when an operator took it."""

    conversation: int
    epoch: int
    inbox: int
    workspace: int
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise on one conversation: when it is due, when it was kept, whether it is broken."""

    name: str
    due_at: float
    met_at: float | None
    breached: bool


@dataclass(frozen=True, slots=True)
class Sleep:
    """Until when a conversation sleeps. `seq` is its last message when it was put to sleep; a younger one wakes it."""

    conversation: int
    workspace: int
    until: float
    seq: int
    by: int
