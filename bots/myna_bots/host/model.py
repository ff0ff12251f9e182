"""The nouns of the bot platform as frozen values. Times are unix seconds, ids integers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Privacy(StrEnum):
    """What a bot hears in a conversation of several: what is meant for it, or everything."""

    MENTIONS = "mentions"
    ALL = "all"


class Scope(StrEnum):
    """What a token may do, and what an installation lets its bot do in one conversation."""

    READ_MENTIONS = "messages:read:mentions"
    READ_ALL = "messages:read:all"
    WRITE = "messages:write"
    DELETE = "messages:delete"
    MODERATE = "messages:moderate"
    MEMBERS_READ = "members:read"
    MEMBERS_MANAGE = "members:manage"
    FILES = "files"
    KNOWLEDGE = "knowledge:read"
    HAND_OFF = "conversations:assign"


DEFAULT_SCOPES = frozenset(
    {Scope.READ_MENTIONS, Scope.WRITE, Scope.MEMBERS_READ, Scope.FILES, Scope.KNOWLEDGE, Scope.HAND_OFF}
)
"""What a bot may do unless its maker says otherwise: it hears what is meant for it and answers."""


def default_scopes(privacy: Privacy) -> frozenset[Scope]:
    """What a bot may do where nobody has said otherwise."""
    return DEFAULT_SCOPES | {Scope.READ_ALL} if privacy is Privacy.ALL else DEFAULT_SCOPES


class View(StrEnum):
    """A reader of a bot's log with a cursor of its own."""

    LOG = "log"
    TELEGRAM = "telegram"


class HookKind(StrEnum):
    """The shape in which a webhook gets events."""

    NATIVE = "native"
    TELEGRAM = "telegram"
    SLACK = "slack"
    """A slash command of Slack or Mattermost: commands only, as a form."""


class HookState(StrEnum):
    """Whether a webhook is tried. It is paused after a day of failures and off when the receiver says 410 Gone."""

    ACTIVE = "active"
    PAUSED = "paused"
    OFF = "off"


class DeliveryState(StrEnum):
    """Where one event is on its way to a webhook; a delivered one is forgotten."""

    WAITING = "waiting"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Bot:
    """A user that is a program. `seq` is the newest entry of its log."""

    user: int
    workspace: int
    name: str
    handle: str | None
    description: str
    privacy: Privacy
    hears_bots: bool
    settings: Mapping[str, Any]
    """What its surfaces remember for it: commands by scope, texts, names."""
    created_by: int | None
    created_at: float
    disabled_at: float | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A bot's key; only its digest is kept, so it is shown once."""

    id: int
    bot: int
    name: str
    scopes: frozenset[Scope]
    created_at: float
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """A bot in a conversation, with what it may do and hear there."""

    conversation: int
    bot: int
    scopes: frozenset[Scope]
    privacy: Privacy
    installed_by: int | None
    created_at: float
    removed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a bot's log; `seq` is dense from 1 for each bot."""

    bot: int
    seq: int
    type: str
    conversation: int | None
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An event before it has a seq. With a `key` it is stored once, however often it is given."""

    bot: int
    type: str
    conversation: int | None
    data: Mapping[str, Any]
    at: float
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a bot's events are sent. Two secrets are live while a receiver changes over."""

    bot: int
    kind: HookKind
    url: str
    secret: str
    old_secret: str | None
    old_until: float | None
    types: tuple[str, ...]
    """Only events of these types; empty means all."""
    state: HookState
    failing_since: float | None
    parallel: int
    created_at: float
    last_error: str | None = None
    last_error_at: float | None = None

    def secrets(self, now: float) -> tuple[str, ...]:
        """The secrets that sign now, the newest first."""
        old = self.old_secret if self.old_until is not None and now < self.old_until else None
        return (self.secret,) if old is None else (self.secret, old)


@dataclass(frozen=True, slots=True)
class IncomingHook:
    """An address at which others speak as a bot in one conversation."""

    id: int
    bot: int
    conversation: int
    name: str
    created_at: float
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook, or given up (`dead`)."""

    bot: int
    seq: int
    conversation: int | None
    attempt: int
    due_at: float
    state: DeliveryState
    status: int | None = None
    error: str | None = None
    part: int = 0
    """How many of the several requests that an event is (Telegram's album) have arrived."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A bot's seat in a conversation, as the feed needs it."""

    bot: int
    handle: str | None
    name: str
    privacy: Privacy
    hears_bots: bool
    scopes: frozenset[Scope]
    joined_at: float
    to_seq: int | None
    hook: HookKind | None
    hook_types: tuple[str, ...] = ()
    expects: frozenset[int] = field(default_factory=frozenset[int])
    """Users whose next message this bot waits for, whatever the privacy mode: it asked them something."""
