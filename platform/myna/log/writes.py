"""Every durable change of a conversation, as a value that waits for the committer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.log.filter_writes import ModerationWrite
from myna.log.past_writes import Recount
from myna.log.personal_writes import PersonalWrite
from myna.log.seat_writes import SeatWrite
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Draft, MessageState
from myna.model.moderation import Held, Verdict
from myna.model.ticket import Owner, TicketStatus, TurnDecision
from myna.value import value


@dataclass(frozen=True, slots=True)
class TurnGuard:
    """Lets a write of an agent through only while its turn is leased to it and the ticket's epoch stands."""

    turn: int
    attempt: int
    epoch: int


@value
class Flag:
    """A message is delivered and put up for review, under this id."""

    id: int
    verdict: Verdict


@value
class Say:
    """Put a message into the log.

    `observer` is true for an operator who writes into a support conversation without a seat in it; everybody else
    must be a member when the transaction runs. `turn_delay_s` is how long agents wait before they answer it.
    """

    draft: Draft
    observer: bool = False
    operator: bool = False
    sender_data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The operator as a wire object, for the event that says who took over."""
    turn_delay_s: float = 0.0
    state: MessageState = MessageState.SENT
    guard: TurnGuard | None = None
    partial: str = ""
    """What the agent had streamed so far, which stays when an operator's words take over."""
    rouse: bool = True
    """Whether agents of a group look at it; in support conversations the ticket decides."""
    flag: Flag | None = None
    aside: int = 0
    """Under which id it waits while an earlier message of its sender waits for a moderator here; 0: it overtakes."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a message out of the log until a moderator has looked, or for good when the verdict is to block."""

    id: int
    draft: Draft
    verdict: Verdict
    observer: bool = False


@dataclass(frozen=True, slots=True)
class DecideHeld:
    """A moderator's decision: allowed messages enter the log with a seq of their own."""

    held: int
    conversation: int
    workspace: int
    moderator: int
    allow: bool
    turn_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenConversation:
    """A new conversation with its first members; a support one gets its ticket in the same transaction."""

    id: int
    workspace: int
    kind: ConversationKind
    title: str
    members: tuple[tuple[int, MemberRole], ...]
    agents: tuple[int, ...] = ()
    inbox: int | None = None
    visitor: int | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Give a user a seat. How much of the past it may read is the conversation's policy, or `history` where that is given.

    `by` is the member who invites; without one the server does.
    """

    conversation: int
    user: int
    role: MemberRole
    user_data: Mapping[str, Any]
    history: str | None = None
    agent: bool = False
    by: int | None = None


@dataclass(frozen=True, slots=True)
class MoveTicket:
    """Move ownership of a support conversation in one transaction: state, notice, clock, and the fence against late answers.

    `expected_epoch` refuses the move when somebody else was faster. `partial` is what the agent had streamed so far.
    """

    conversation: int
    actor: int
    owner: Owner
    owner_user: int | None = None
    owner_data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: TicketStatus = TicketStatus.OPEN
    reason: str | None = None
    summary: str | None = None
    expected_epoch: int | None = None
    notice: Mapping[str, Any] | None = None
    partial: str = ""
    turn_delay_s: float = 0.0
    agent: int | None = None
    """Which agent answers from now on; None leaves it as it is."""
    agent_data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class CloseTurn:
    """End a turn: finish its stream or say its whole answer, and move the ticket, all or nothing.

    A stream that ends without a body stays as it is, interrupted, with the text `partial`.
    """

    guard: TurnGuard
    conversation: int
    agent: int
    decision: TurnDecision
    body: Mapping[str, Any] | None = None
    seq: int | None = None
    move: MoveTicket | None = None
    partial: str = ""
    turn_delay_s: float = 0.0
    """How long other agents, called by what this one says, wait before they answer."""
    thread: int | None = None
    """The message in whose thread the body goes."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """End the stream of a worker that died and queue its turn again, or drop it after too many attempts."""

    turn: int
    conversation: int
    partial: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """End whatever agents are saying or about to say in a conversation; `partial` is what was streamed so far, and stays."""

    conversation: int
    partial: str = ""


@dataclass(frozen=True, slots=True)
class Rouse:
    """Let the agent that owns a support conversation take a turn at once, about what the customer wrote last.

    Changes nothing where no agent owns it or the customer wrote nothing.
    """

    conversation: int


@dataclass(frozen=True, slots=True)
class FinishStream:
    """End a message that a bot streamed (a `Say` in the state `streaming` without a turn) with its final body."""

    conversation: int
    seq: int
    sender: int
    body: Mapping[str, Any]
    state: MessageState = MessageState.SENT


@dataclass(frozen=True, slots=True)
class Change:
    """Something done to a message. The same `client_id` again gives the first result; with other content it is refused.

    `observer` is true for an operator without a seat in a support conversation; everybody else must be a member with
    the right to do it when the transaction runs.
    """

    conversation: int
    actor: int
    client_id: str
    seq: int
    observer: bool = False


@dataclass(frozen=True, slots=True)
class Edit(Change):
    """Other words for an own message; what it said before is kept as a version."""

    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Recall(Change):
    """Take a message back for everybody: its words, versions and reactions are erased, its seq stays."""


@dataclass(frozen=True, slots=True)
class React(Change):
    """Put a reaction on a message or take it off."""

    emoji: str = ""
    on: bool = True


@dataclass(frozen=True, slots=True)
class Pin(Change):
    """Pin a message for everybody or take the pin off."""

    on: bool = True


Write = (
    Say
    | Hold
    | DecideHeld
    | OpenConversation
    | Recount
    | Join
    | MoveTicket
    | CloseTurn
    | Interrupt
    | Stop
    | Rouse
    | FinishStream
    | Edit
    | Recall
    | React
    | Pin
    | SeatWrite
    | PersonalWrite
    | ModerationWrite
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a held message."""

    held: Held
    text: str = ""
