"""The append-only log: one commit at a time, and reads by place."""

from collections.abc import Sequence
from typing import Protocol

from myna.log.plan import Committed
from myna.log.writes import Write
from myna.model.message import Event, Message


class Commits(Protocol):
    """Durable batches. When `commit` returns, every outcome survives a crash; when it raises, nothing was stored."""

    async def commit(self, batch: Sequence[Write]) -> Committed:
        """Store a batch in one transaction, in order."""
        ...

    async def close(self) -> None:
        """Finish what is under way."""
        ...


class Log(Protocol):
    """Reads of the log. Callers clamp `floor` to the reader's seat: nothing below it is returned."""

    async def messages(
        self,
        conversation: int,
        *,
        floor: int,
        before: int | None,
        after: int | None,
        limit: int,
        hides_for: int = 0,
        thread: int | None = None,
    ) -> list[Message]:
        """Messages in ascending order: the newest before `before`, or the oldest after `after`.

        What the user `hides_for` deleted for itself is left out; `thread` keeps the replies of one thread only.
        """
        ...

    async def events(
        self, conversation: int, *, after_rev: int, floor: int, limit: int, hides_for: int = 0
    ) -> list[Event]:
        """Events with `rev` above `after_rev`, ascending; events of messages below the floor are left out."""
        ...

    async def events_after(self, pos: int, limit: int) -> list[tuple[Event, int, bool]]:
        """Events of all conversations in commit order, each with workspace and whether it is a support conversation."""
        ...

    async def head(self) -> tuple[int, int]:
        """The newest `pos` and the log's epoch."""
        ...
