"""Writes of moderation beside holding and deciding: appeals, reports, consequences, policies, lists and audit entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.model.filtering import FilterPolicy, Listing, PlaceKind


@dataclass(frozen=True, slots=True)
class Moderating:
    """A write of moderation; each leaves its line in the audit log, in the same transaction."""

    workspace: int


@dataclass(frozen=True, slots=True)
class MakeAppeal(Moderating):
    """What its sender says for a blocked message."""

    held: int
    conversation: int
    user: int
    text: str


@dataclass(frozen=True, slots=True)
class DecideAppeal(Moderating):
    """A moderator's answer; a granted one lets the message into the log now."""

    held: int
    conversation: int
    moderator: int
    grant: bool
    answer: str = ""
    turn_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Report(Moderating):
    """A reader asks moderators to look at a message that was delivered."""

    id: int
    conversation: int
    user: int
    seq: int
    text: str
    observer: bool = False


@dataclass(frozen=True, slots=True)
class Follow(Moderating):
    """A consequence for a sender: `warn`, `mute`, `ban`, or `slow` for the whole conversation."""

    conversation: int
    user: int
    do: str
    until: float
    slow_s: int
    because: str


@dataclass(frozen=True, slots=True)
class SetFilter(Moderating):
    """Store a place's policy, or with None take it away."""

    kind: PlaceKind
    place: int
    policy: FilterPolicy | None
    actor: int


@dataclass(frozen=True, slots=True)
class List(Moderating):
    """Put something on the workspace's list, in place of what stood there for the same value."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Unlist(Moderating):
    """Take something off the workspace's list."""

    listing: Listing
    actor: int


@dataclass(frozen=True, slots=True)
class Audit(Moderating):
    """Put a line into the audit log that belongs to no other write."""

    actor: int | None
    action: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


ModerationWrite = MakeAppeal | DecideAppeal | Report | Follow | SetFilter | List | Unlist | Audit
