"""Writes of seats: who comes, goes, rises, falls silent; links, requests and rules of a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.model.conversation import MemberRole
from myna.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Seating:
    """A change of who is in a conversation, or of its rules."""

    conversation: int


@dataclass(frozen=True, slots=True)
class Leave(Seating):
    """Give up an own seat. When the last owner leaves, the member that stands highest and longest inherits."""

    user: int


@dataclass(frozen=True, slots=True)
class Remove(Seating):
    """Take a seat away; with `ban_until` (unix seconds) the user may not come back before."""

    actor: int
    user: int
    ban_until: float | None = None


@dataclass(frozen=True, slots=True)
class Unban(Seating):
    """Let a banned user come back."""

    actor: int
    user: int


@dataclass(frozen=True, slots=True)
class SetSeat(Seating):
    """Change a member's role, or until when it may not speak (0 ends a mute). What is None stays."""

    actor: int
    user: int
    role: MemberRole | None = None
    muted_until: float | None = None


@dataclass(frozen=True, slots=True)
class Configure(Seating):
    """Change title or rules. What is None stays."""

    actor: int
    title: str | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class MakeInvite(Seating):
    """A link by which others come in."""

    id: int
    actor: int
    code: str
    role: MemberRole = MemberRole.MEMBER
    expires_at: float | None = None
    max_uses: int | None = None
    approval: bool = False


@dataclass(frozen=True, slots=True)
class RevokeInvite(Seating):
    """End a link."""

    actor: int
    invite: int


@dataclass(frozen=True, slots=True)
class Enter(Seating):
    """Come in by a link, or without one where the rules let anybody in or ask. Uses and bans are checked in the commit."""

    user: int
    user_data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    invite: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecideRequest(Seating):
    """Let somebody in who asked, or not."""

    actor: int
    user: int
    allow: bool
    user_data: Mapping[str, Any] = field(default_factory=dict[str, Any])


SeatWrite = Leave | Remove | Unban | SetSeat | Configure | MakeInvite | RevokeInvite | Enter | DecideRequest
