"""What the `data` of each kind of event says, and every status that an answer or a close code can have, for the documents."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from myna import errors
from myna.api.live.answers import Count, Id, Message, Time
from myna.errors import MynaError
from myna.model.conversation import ConversationKind, MemberRole, RequestState
from myna.model.message import EventKind


class Somebody(msgspec.Struct, omit_defaults=True):
    """A user in an event; beside the id, what the event's writer knew of it."""

    id: Id
    name: str | None = None
    kind: str | None = None
    handle: str | None = None
    agent: bool | None = None


class ReactionChanged(msgspec.Struct):
    """Somebody put a reaction on message `seq`, or took it off; `count` is how many have it now."""

    user: Id
    emoji: str
    on: bool
    count: Count


class PinChanged(msgspec.Struct):
    """Somebody pinned message `seq`, or took the pin off."""

    user: Id
    on: bool


class MemberJoined(msgspec.Struct):
    """A user has a seat from here on; `from_seq` is the first message that it may read."""

    user: Somebody
    role: MemberRole
    from_seq: Count


class MemberLeft(msgspec.Struct):
    """A user lost its seat: it left, was removed, or was banned; `by` is who did it."""

    user: Somebody
    how: str
    by: Id | None


class MemberChanged(msgspec.Struct):
    """A member has another role, or may not write for a while."""

    user: Somebody
    role: MemberRole
    muted_until: Time | None


class RequestChanged(msgspec.Struct):
    """Somebody asked to come in, or was answered; moderators look at the list."""

    state: RequestState


class MineChanged(msgspec.Struct):
    """In one's own conversation of saved messages: a draft, a hidden message or another thing of all own devices changed.

    `what` names it; the other fields say which one.
    """

    what: str


class TicketChanged(msgspec.Struct):
    """The support state after a move of ownership."""

    conversation: Id
    inbox: Id
    visitor: Id
    owner: str
    owner_user: Id | None
    epoch: Count
    status: str
    reason: str | None
    summary: str | None
    created_at: Time
    changed_at: Time


class ConversationChanged(msgspec.Struct, omit_defaults=True):
    """The conversation was opened, or its title, rules or kept history changed; fields that did not change may be missing."""

    title: str = ""
    kind: ConversationKind | None = None
    members: list[Id] | None = None
    policy: dict[str, Any] | None = None
    by: Id | None = None
    retained_through: Count | None = None


DATA: Mapping[EventKind, type[msgspec.Struct]] = {
    EventKind.MESSAGE_CREATED: Message,
    EventKind.MESSAGE_FINISHED: Message,
    EventKind.MESSAGE_EDITED: Message,
    EventKind.MESSAGE_RECALLED: Message,
    EventKind.REACTION_CHANGED: ReactionChanged,
    EventKind.PIN_CHANGED: PinChanged,
    EventKind.MEMBER_JOINED: MemberJoined,
    EventKind.MEMBER_LEFT: MemberLeft,
    EventKind.MEMBER_CHANGED: MemberChanged,
    EventKind.REQUEST_CHANGED: RequestChanged,
    EventKind.MINE_CHANGED: MineChanged,
    EventKind.TICKET_CHANGED: TicketChanged,
    EventKind.CONVERSATION_CHANGED: ConversationChanged,
}
"""Kind to the shape of its `data`."""


class Failure(msgspec.Struct):
    """A status: of a nack's `code`, of a problem over HTTP, and with 4000 added of a WebSocket's close code."""

    status: int
    error: str
    temporary: bool
    where: Literal["answer", "close", "both"]
    meaning: str


def failures() -> list[Failure]:
    """Every status of the protocol by number. `error` is the usual code; a nack may say more exactly which."""
    known = [
        Failure(each.status, each.code, each.temporary, "both", (each.__doc__ or "").strip().splitlines()[0])
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, MynaError) and each.__module__ == errors.__name__
    ]
    known += [
        Failure(
            409, "replaced", False, "close", "A newer connection of the same device took this one's place."
        ),
        Failure(
            410, "epoch_changed", True, "close", "The log is another one than before: load everything anew."
        ),
        Failure(425, "hello_too_late", False, "close", "hello did not come within 5 s."),
        Failure(499, "too_slow", True, "close", "The reader took nothing for 30 s."),
    ]
    return sorted(known, key=lambda each: (each.status, each.error))
