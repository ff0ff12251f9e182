"""The answers of the HTTP API."""

from typing import Any

import msgspec

from myna_bots.client.wire import Held, Message, Object, Ticket, User


class Inbox(Object, frozen=True):
    """What a visitor sees before the first message; texts by language."""

    key: str
    name: str
    locale: str
    agent: User | None = None
    greeting: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    suggestions: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])


class Workspace(Object, frozen=True):
    """The tenant."""

    id: str
    name: str


class Me(Object, frozen=True):
    """Who the token belongs to."""

    user: User
    workspace: Workspace
    role: str | None = None


class Member(Object, frozen=True):
    """A user's seat in a conversation."""

    user: User
    role: str
    read_seq: int = 0
    from_seq: int = 1


class Seat(Object, frozen=True):
    """My own place; `role` is null for an operator who only watches."""

    role: str | None = None
    read_seq: int = 0
    from_seq: int = 1
    unread: int = 0


class Conversation(Object, frozen=True):
    """A conversation with its members and the newest state."""

    id: str
    kind: str
    title: str
    seq: int
    rev: int
    me: Seat
    members: list[Member] = msgspec.field(default_factory=list[Member])
    ticket: Ticket | None = None
    last_message: Message | None = None


class Conversations(Object, frozen=True):
    """A page of conversations; `next` goes into `after`."""

    conversations: list[Conversation]
    next: str | None = None


class History(Object, frozen=True):
    """Messages in ascending order, and what the reader has waiting for a moderator."""

    messages: list[Message]
    floor_seq: int
    head_seq: int
    held: list[Held] = msgspec.field(default_factory=list[Held])


class TicketRow(Ticket, frozen=True, kw_only=True):
    """A ticket with its conversation."""

    conversation_detail: Conversation


class Tickets(Object, frozen=True):
    """A page of tickets and the counts of all views."""

    tickets: list[TicketRow]
    counts: dict[str, int]
    next: str | None = None


class HeldPage(Object, frozen=True):
    """A page of held messages, and how many wait in all."""

    held: list[Held]
    waiting: int
    next: str | None = None


class Turn(Object, frozen=True):
    """What an agent did with a message, and why."""

    id: str
    trigger_seq: int
    state: str
    created_at: str
    seq: int | None = None
    decision: str | None = None
    reason: str | None = None
    engine: str | None = None
    confidence: float | None = None
    threshold: float | None = None
    took_ms: float | None = None
    passages: list[dict[str, Any]] = msgspec.field(default_factory=list[dict[str, Any]])


class Turns(Object, frozen=True):
    """The newest turns of a conversation."""

    turns: list[Turn]


class Users(Object, frozen=True):
    """Users."""

    users: list[User]


class KnowledgeBase(Object, frozen=True):
    """What is known. `state` is ready, indexing or rebuilding; `notice` tells what is not at full strength."""

    id: str
    name: str
    audience: str
    sources: int
    chunks: int
    embedder: str
    state: str
    notice: str | None = None


class KnowledgeBases(Object, frozen=True):
    """Knowledge bases."""

    bases: list[KnowledgeBase]


class Passage(Object, frozen=True):
    """A piece of a source; `start` and `end` count its characters in the source."""

    chunk: str
    version: int
    source: str
    title: str
    text: str
    start: int
    end: int
    lang: str
    kind: str
    heading: str = ""
    question: str | None = None
    answer: str | None = None
    url: str | None = None
