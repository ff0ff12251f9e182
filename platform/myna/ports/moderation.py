"""What moderation reads from the database beside the review queue. Everything of it is written by commits."""

from collections.abc import Collection, Mapping
from typing import Protocol

from myna.model.filtering import Filtering, Listed, Listing
from myna.model.moderation import AppealState, AuditEntry, Held, Standing

SenderIn = tuple[int, int, int]
"""A workspace, a conversation of it, and who sends there."""


class ModerationStore(Protocol):
    """Policies, lists, appeals and what senders did, scoped to a workspace."""

    async def filtering(self, workspace: int) -> Filtering:
        """Everything that the workspace decided about judging, as it is now."""
        ...

    async def listings(
        self, workspace: int, kind: Listed | None, after: int | None, limit: int
    ) -> list[Listing]:
        """The workspace's list, newest first; `after` is the last id of the page before."""
        ...

    async def listing(self, workspace: int, listing: int) -> Listing | None:
        """An entry of the list."""
        ...

    async def listed(self, workspace: int, kind: Listed, value: str) -> Listing | None:
        """The entry about a value."""
        ...

    async def listing_count(self, workspace: int) -> int:
        """How long the list is."""
        ...

    async def appeals(self, workspace: int, state: AppealState, after: int | None, limit: int) -> list[Held]:
        """Messages whose sender appealed: waiting ones oldest first, answered ones newest first."""
        ...

    async def of_sender(self, workspace: int, sender: int, after: int | None, limit: int) -> list[Held]:
        """What of a sender's was put aside, refused or flagged, newest first."""
        ...

    async def offences(self, conversation: int, sender: int, since: float, limit: int) -> list[Held]:
        """The same in one conversation since a time, newest first."""
        ...

    async def standings(
        self, asked: Collection[SenderIn], most: int, since: float
    ) -> Mapping[SenderIn, Standing]:
        """Of each sender how many messages its conversation has, counted up to `most`, and how many were kept out since.

        One read, whatever their number; at most 100 of them.
        """
        ...


class AuditStore(Protocol):
    """The audit logs. Lines are written by commits only."""

    async def page(
        self, workspace: int, *, after: int, limit: int, action: str | None = None, newest: bool = False
    ) -> list[AuditEntry]:
        """Lines with higher numbers in order; with `newest` the last ones below `after` (0: from the end), newest first.

        `action` may end in a dot for all actions of a kind, such as `policy.`.
        """
        ...

    async def heads(self) -> dict[int, int]:
        """The number of the newest line of each workspace that has some."""
        ...

    async def head(self, workspace: int) -> AuditEntry | None:
        """The newest line."""
        ...
