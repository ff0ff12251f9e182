"""The support state of a conversation, and the turns of agents in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from myna.model.conversation import ConversationKind


class Owner(StrEnum):
    """Who answers the customer now. Exactly one at any time."""

    AGENT = "agent"
    QUEUE = "queue"
    OPERATOR = "operator"


class TicketStatus(StrEnum):
    """Whether the customer's matter is still open."""

    OPEN = "open"
    RESOLVED = "resolved"


class TurnState(StrEnum):
    """Where one answer in the making is."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The support state of a conversation. Every change of ownership adds one to `epoch`, which fences out late answers."""

    conversation: int
    workspace: int
    inbox: int
    visitor: int
    agent: int | None
    owner: Owner
    owner_user: int | None
    epoch: int
    status: TicketStatus
    reason: str | None
    summary: str | None
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer in the making, as leased by a worker. `attempt` fences out a worker that lost its lease."""

    id: int
    workspace: int
    conversation: int
    conversation_kind: ConversationKind
    agent: int
    trigger_seq: int
    epoch: int
    attempt: int
    thread: int | None = None
    """The message in whose thread the answer goes; None: into the conversation. The worker decides it."""


@dataclass(frozen=True, slots=True)
class TurnDecision:
    """Why the agent spoke, asked back, handed over or stayed silent; kept with the turn."""

    decision: str
    reason: str
    engine: str
    confidence: float | None = None
    threshold: float | None = None
    passages: tuple[Mapping[str, Any], ...] = ()
    took_ms: float = 0.0
    trace: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else led to it, for whoever asks why: how it was heard, tool calls, guard findings, tokens and cost."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn as operators see it afterwards."""

    id: int
    trigger_seq: int
    seq: int | None
    state: TurnState
    decision: TurnDecision | None
    created_at: float
