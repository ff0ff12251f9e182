"""What a client keeps on disk, so that it goes on after a restart where it was, and shows what it knows while it is offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from myna_bots.client.deliveries import Delivery
from myna_bots.client.outbox import Entry
from myna_bots.client.wire import Message


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier client of the same user left behind."""

    epoch: str | None = None
    cursors: Mapping[str, int] = field(default_factory=dict[str, int])
    entries: Sequence[Entry] = ()


class Store(Protocol):
    """A client's memory across restarts. All calls of one client come one after the other."""

    async def load(self, user: str) -> Kept:
        """What was kept for this user.

        Raises:
            Conflict: the store belongs to somebody else. StoreFailed: it cannot be read.
        """
        ...

    async def keep(self, entry: Entry) -> None:
        """Store a draft durably, behind those that are there; one whose `client_id` is there stays as it is.

        Raises:
            StoreFailed: it was not stored.
        """
        ...

    async def drop(self, client_id: str) -> None:
        """Forget a draft that never went out."""
        ...

    async def record(self, deliveries: Sequence[Delivery], cursors: Mapping[str, int]) -> None:
        """Store what happened and how far the conversations have come, in one transaction: both or neither.

        A settled draft is forgotten. A greeting of another log (`epoch`) empties messages and cursors first.

        Raises:
            StoreFailed: nothing of it was stored.
        """
        ...

    async def messages(
        self, conversation: str, *, before_seq: int | None = None, limit: int = 50
    ) -> list[Message]:
        """The newest messages that are known of a conversation, or those before a seq, ascending."""
        ...

    async def conversations(self) -> list[str]:
        """The conversations that anything is known of, the one with the newest message first."""
        ...

    async def close(self) -> None:
        """Write what waits and end."""
        ...
