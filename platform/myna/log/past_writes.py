"""What was said elsewhere before, as a write: it enters the log with its own times and wakes nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myna.model.conversation import MemberRole
from myna.model.ticket import TicketStatus


@dataclass(frozen=True, slots=True)
class Remark:
    """One message of the past. The same `client_id` of the same sender enters once."""

    sender: int
    client_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A seat that somebody who speaks in the past gets, unless there is one."""

    user: int
    role: MemberRole
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recount:
    """Put a past into a support conversation. No agent answers it, no turn follows from it.

    While nothing was said in the conversation yet, its ticket gets the state and the times of the past; a ticket that lives here
    already is left alone.
    """

    conversation: int
    remarks: tuple[Remark, ...]
    seats: tuple[Arrival, ...] = ()
    status: TicketStatus = TicketStatus.RESOLVED
