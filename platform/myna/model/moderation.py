"""The nouns of moderation as frozen values: what is judged, what came of it, and who may object."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from myna.model.conversation import ConversationKind
from myna.model.filtering import Filtering, FilterPolicy
from myna.model.workspace import UserKind
from myna.value import value


class Action(StrEnum):
    """What happens to a message after judging."""

    ALLOW = "allow"
    FLAG = "flag"
    HOLD = "hold"
    BLOCK = "block"


class HeldState(StrEnum):
    """Where a held message is in review."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    FLAGGED = "flagged"
    """It was delivered; a moderator may look."""


class AppealState(StrEnum):
    """Where an appeal stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict, with its share in the score."""

    code: str
    detail: str = ""
    weight: float = 0.0


@value
class Verdict:
    """Allow, flag, hold or block, with reasons and a score 0..1."""

    action: Action
    reasons: tuple[Reason, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a sender, as far as it matters for judging."""

    said: int
    """Messages in this conversation; counting ends at `myna.moderation.standing.KNOWN`."""
    kept_out: int
    """Messages that moderators of the workspace kept out in the last 30 days."""


@value
class Case:
    """What a moderator judges: a draft with what is known of its sender and place."""

    workspace: int
    conversation: int
    conversation_kind: ConversationKind
    sender: int
    sender_kind: UserKind
    text: str
    at: float
    client_id: str = ""
    """The same for every resend of one message, so that a resend does not count as a repetition."""
    policy: FilterPolicy | None = None
    """What workspace, inbox and conversation say about judging; None when they say nothing."""
    filtering: Filtering | None = None
    """The workspace's lists."""
    written_at: float | None = None
    """When the sender's device says that it was written, for messages that waited there."""
    standing: Standing | None = None
    """What is known of the sender; None when nobody looked."""
    codes: tuple[str, ...] = ()
    """What the QR codes in the message's pictures say."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """What the sender of a blocked message says for it, and what came of that."""

    text: str
    at: float
    state: AppealState = AppealState.WAITING
    answer: str = ""
    answered_by: int | None = None
    answered_at: float | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of a workspace's audit log. `number` is dense from 1; each hash covers the one before."""

    workspace: int
    number: int
    at: float
    actor: int | None
    """Who did it; None for the server itself."""
    action: str
    subject: str
    """What it was done to, as `kind:id`."""
    data: str
    """JSON, exactly as hashed."""
    before: str
    hash: str


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits for a moderator, or waited. Only its sender and moderators see it."""

    id: int
    workspace: int
    conversation: int
    sender: int
    client_id: str
    body: Mapping[str, Any]
    reply_to: int | None
    verdict: Verdict
    state: HeldState
    created_at: float
    decided_by: int | None = None
    decided_at: float | None = None
    seq: int | None = None
    thread: int | None = None
    appeal: Appeal | None = None
