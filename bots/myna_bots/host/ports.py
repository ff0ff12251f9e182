"""What the bot platform needs of a database; both databases pass one contract suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from myna.model.conversation import Conversation
from myna.model.message import Event, Message
from myna.model.workspace import User
from myna_bots.host.model import (
    Bot,
    Delivery,
    DeliveryState,
    Entry,
    HookState,
    IncomingHook,
    Installation,
    Listener,
    NewEntry,
    Token,
    View,
    Webhook,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody asked to come into a conversation."""

    user: User
    note: str
    asked_at: float
    code: str | None
    """Of the link by which they came."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A log event with what is needed to decide who hears it.

    Of a reaction or a pin, `sender` is who put it on and `replied` the message that it is on.
    """

    event: Event
    conversation: Conversation
    sender: User | None
    replied: Message | None
    listeners: tuple[Listener, ...]
    bots_in_a_row: int
    """How many of the newest messages up to this one were written by bots."""
    wishes: tuple[Wish, ...] = ()
    """Who waits to be let in, when the event says that this changed."""


class BotStore(Protocol):
    """Bots, their tokens and installations."""

    async def add(self, bot: Bot) -> None:
        """Store a bot whose user exists already."""
        ...

    async def bot(self, bot: int) -> Bot | None:
        """A bot by its user id, also a disabled one."""
        ...

    async def bots(self, workspace: int) -> list[Bot]:
        """The bots of a workspace, oldest first, without disabled ones."""
        ...

    async def change(self, bot: int, values: Mapping[str, Any]) -> None:
        """Set columns: name, description, privacy, hears_bots, settings, disabled_at."""
        ...

    async def add_token(self, token: Token, digest: str) -> None:
        """Store a key's digest."""
        ...

    async def tokens(self, bot: int) -> list[Token]:
        """All keys of a bot, revoked ones too."""
        ...

    async def token_by_digest(self, digest: str) -> tuple[Token, Bot] | None:
        """A key that works, with its bot; None for unknown and revoked keys and for disabled bots."""
        ...

    async def revoke_token(self, bot: int, token: int, now: float) -> bool:
        """End a key; False when the bot has no such living key."""
        ...

    async def install(self, installation: Installation) -> None:
        """Store or replace an installation."""
        ...

    async def installation(self, conversation: int, bot: int) -> Installation | None:
        """An installation, also a removed one."""
        ...

    async def installations(self, bot: int) -> list[Installation]:
        """Where a bot is installed."""
        ...


class BotLog(Protocol):
    """The durable log of each bot and the cursors on it."""

    async def unheard(self, pos: int, limit: int) -> tuple[list[Heard], int, set[int]]:
        """Log events after `pos` with their listeners, how far the log was read, and conversations without a bot's seat.

        Takes no write lock.
        """
        ...

    async def fed(self) -> int:
        """Up to where the conversation log has been fed into the bots' logs."""
        ...

    async def feed(self, before: int, after: int, entries: Sequence[NewEntry]) -> list[Entry] | None:
        """Store entries and move the feed from `before` to `after` in one transaction; None when another process did."""
        ...

    async def append(self, entries: Sequence[NewEntry]) -> list[Entry]:
        """Store entries that do not come from the conversation log; known keys are left out."""
        ...

    async def entries(self, bot: int, after: int, limit: int) -> list[Entry]:
        """A bot's entries after a seq, ascending."""
        ...

    async def entry(self, bot: int, seq: int) -> Entry | None:
        """One entry."""
        ...

    async def cursor(self, bot: int, view: View) -> int:
        """How far a view has been confirmed."""
        ...

    async def confirm(self, bot: int, view: View, seq: int) -> int:
        """Raise a view's cursor, at most to the newest entry; it never falls. The cursor as it is then."""
        ...

    async def prune(self, before: float) -> int:
        """Forget old entries that no webhook waits for; how many."""
        ...


class HookStore(Protocol):
    """Webhooks and what is on its way to them."""

    async def hook(self, bot: int) -> Webhook | None:
        """A bot's webhook."""
        ...

    async def put_hook(self, hook: Webhook) -> None:
        """Store or replace a webhook; what waits for it stays."""
        ...

    async def drop_hook(self, bot: int) -> bool:
        """Remove a webhook with everything that waits for it."""
        ...

    async def set_hook_state(
        self, bot: int, state: HookState, failing_since: float | None, error: str | None, now: float
    ) -> None:
        """Note how a webhook does."""
        ...

    async def take(self, now: float, lease_s: float, limit: int) -> list[tuple[Delivery, Entry, Webhook]]:
        """Lease due deliveries, at most one for each conversation of a bot: the oldest one."""
        ...

    async def done(self, bot: int, seq: int) -> None:
        """A delivery arrived."""
        ...

    async def failed(self, delivery: Delivery) -> None:
        """Note a failed attempt: when it is due again, or that it is dead."""
        ...

    async def deliveries(
        self, bot: int, state: DeliveryState, after: int, limit: int
    ) -> list[tuple[Delivery, Entry]]:
        """Deliveries of a state, oldest first."""
        ...

    async def waiting(self, bot: int) -> int:
        """How many deliveries wait."""
        ...

    async def replay(self, bot: int, seq: int | None, now: float) -> int:
        """Queue dead deliveries again, one or all; how many."""
        ...

    async def queue_from(self, bot: int, after: int, now: float) -> int:
        """Queue the entries after a seq for the bot's webhook; how many."""
        ...

    async def forget(self, bot: int) -> None:
        """Drop everything that waits."""
        ...

    async def next_due(self) -> float | None:
        """When the next delivery may be tried."""
        ...


class IncomingStore(Protocol):
    """Incoming webhooks."""

    async def add(self, hook: IncomingHook, digest: str) -> None:
        """Store a webhook with its secret's digest."""
        ...

    async def find(self, id_: int) -> tuple[IncomingHook, str] | None:
        """A living webhook with its secret's digest."""
        ...

    async def of_bot(self, bot: int) -> list[IncomingHook]:
        """All webhooks of a bot, revoked ones too."""
        ...

    async def revoke(self, bot: int, id_: int, now: float) -> bool:
        """End a webhook; False when the bot has no such living one."""
        ...


class StateStore(Protocol):
    """What bots remember on the server."""

    async def get(self, bot: int, space: str, key: str, now: float) -> Any:
        """A value, or None."""
        ...

    async def put(self, bot: int, space: str, key: str, value: Any, until: float | None) -> None:
        """Store a value, for ever or until a time; None removes it."""
        ...

    async def expired(self, space: str, now: float, limit: int) -> list[tuple[int, str]]:
        """(bot, key) of values of a space whose time has run out; they are removed by this."""
        ...

    async def list(self, bot: int, space: str, now: float, limit: int) -> dict[str, Any]:
        """The values of a space, by key."""
        ...
