"""What the service desk needs from the database."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from myna.helpdesk.model import (
    InboxDesk,
    Item,
    ItemKind,
    OperatorState,
    Sleep,
    Stay,
    Team,
)
from myna.model.ticket import Ticket


class HelpdeskStore(Protocol):
    """Teams, operators, macros, labels and stays in the queue, scoped to a workspace."""

    async def teams(self, workspace: int) -> list[Team]:
        """All teams by name."""
        ...

    async def put_team(self, team: Team) -> None:
        """Store a team with its members, replacing what it was.

        Raises:
            Conflict: another team has the name; nothing was stored.
        """
        ...

    async def delete_team(self, workspace: int, team: int) -> bool:
        """Delete a team; inboxes that it staffed are staffed by everybody. False when there was none."""
        ...

    async def operators(self, workspace: int) -> list[OperatorState]:
        """Everybody who ever said whether they are available."""
        ...

    async def put_operator(self, state: OperatorState) -> None:
        """Store whether an operator is available."""
        ...

    async def inbox(self, inbox: int, workspace: int) -> InboxDesk | None:
        """How an inbox is staffed; None when nobody said."""
        ...

    async def put_inbox(self, desk: InboxDesk) -> None:
        """Store how an inbox is staffed."""
        ...

    async def items(self, workspace: int, kind: ItemKind) -> list[Item]:
        """Macros or labels by name."""
        ...

    async def put_item(self, item: Item) -> None:
        """Store a macro or label.

        Raises:
            Conflict: another one of its kind has the name; nothing was stored.
        """
        ...

    async def delete_item(self, workspace: int, item: int) -> bool:
        """Delete a macro or label, and a label from every conversation; False when there was none."""
        ...

    async def labels_of(self, conversations: Sequence[int]) -> dict[int, list[int]]:
        """The labels of conversations."""
        ...

    async def set_label(self, conversation: int, label: int, on: bool) -> None:
        """Put a label on a conversation or take it off; twice is once."""
        ...

    async def queued(self, stay: Stay) -> None:
        """Write down that a conversation waits; twice is once."""
        ...

    async def left_queue(self, conversation: int, epoch: int, at: float, *, taken: bool) -> None:
        """End the stays that began before this epoch. One that nobody took is forgotten: it says nothing about waiting."""
        ...

    async def stays(self, workspace: int, inbox: int | None, limit: int) -> list[Stay]:
        """The newest stays that an operator ended."""
        ...

    async def waiting(self, workspace: int | None, limit: int) -> list[Ticket]:
        """Tickets in the queue, longest first; of every workspace when none is named."""
        ...

    async def load(self, workspace: int) -> dict[int, int]:
        """How many open conversations each operator owns."""
        ...


class SleepStore(Protocol):
    """Which conversations sleep. Nothing is written when one wakes: whoever reads compares time and seq."""

    async def put(self, sleep: Sleep) -> None:
        """Put a conversation to sleep, replacing what was said before."""
        ...

    async def delete(self, conversation: int) -> None:
        """Wake a conversation; one that is awake stays so."""
        ...

    async def asleep(self, conversations: Sequence[int], now: float) -> Mapping[int, Sleep]:
        """Those of the conversations that sleep at `now`."""
        ...

    async def next_waking(self, workspace: int, now: float) -> float | None:
        """When the next of a workspace's sleepers wakes by itself; None when none sleeps."""
        ...
