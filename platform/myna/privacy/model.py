"""Jobs about everything that is known of a user, and how long conversations of a kind are kept."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Task(StrEnum):
    """What a job does."""

    EXPORT = "export"
    ERASE = "erase"


class JobState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """An export or an erasure of everything about one user."""

    id: int
    workspace: int
    user: int
    task: Task
    state: JobState
    asked_by: int
    at: float
    done: int = 0
    """Messages that were gone through."""
    finished_at: float | None = None
    error: str | None = None
    blob: str | None = None
    """Where the export lies, until it expires."""
    size: int = 0


Record = tuple[str, Mapping[str, Any]]
"""What kind of thing it is, and what is known."""


class PrivacyStore(Protocol):
    """Jobs, and everything of the platform's tables that is about a user."""

    async def add(self, job: Job) -> Job:
        """Store a new job; the one that waits or runs already for the same user and task instead, if there is one."""
        ...

    async def put(self, job: Job) -> None:
        """Store how far it is."""
        ...

    async def take(self, now: float, lease_s: float) -> Job | None:
        """The oldest job that waits, or whose process died; it is leased to the caller."""
        ...

    async def go_on(self, job: int, done: int, until: float) -> None:
        """Prolong the lease."""
        ...

    async def job(self, workspace: int, job: int) -> Job | None:
        """A job of the workspace."""
        ...

    async def jobs(self, workspace: int, limit: int, user: int | None = None) -> list[Job]:
        """Newest first, of everybody or about one user."""
        ...

    async def outdated(self, before: float) -> list[Job]:
        """Finished exports from before a time that still lie somewhere."""
        ...

    def records(self, workspace: int, user: int) -> AsyncIterator[Record]:
        """Everything about the user, without secrets."""
        ...

    async def said(self, user: int, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
        """(conversation, seq) of messages of the user that still have words, in order."""
        ...

    async def places(self, user: int) -> list[int]:
        """Support conversations that the user began."""
        ...

    async def files(self, user: int, workspace: int) -> list[tuple[int, str, str | None]]:
        """(id, name, digest) of the user's files."""
        ...

    async def scrub(self, workspace: int, user: int, now: float) -> None:
        """Take everything personal out of all rows about the user but messages; the user stays as a nameless row."""
        ...

    async def retention(self, workspace: int) -> dict[str, int]:
        """Days for which conversations of a kind are kept, by kind; 0 or missing: for ever."""
        ...

    async def set_retention(self, workspace: int, days: Mapping[str, int]) -> None:
        """Replace it."""
        ...

    async def overdue(self, now: float) -> list[tuple[int, int]]:
        """(conversation, newest message that the workspace's rule takes away), where it has no rule of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What another package knows of users."""

    records: Callable[[int, int], Awaitable[list[Record]]]
    """(workspace, user) to what it knows."""
    erase: Callable[[int, int, list[int]], Awaitable[None]]
    """(workspace, user, support conversations of the user): forget it."""
