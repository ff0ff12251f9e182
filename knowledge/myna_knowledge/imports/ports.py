"""What imports need from the database."""

from collections.abc import Sequence
from typing import Protocol

from myna_knowledge.imports.model import Import, ImportLease, ImportState, Kind, Origin, Outcome, Row


class ImportStore(Protocol):
    """Imports, their reports, and which record of an export became what here."""

    async def add(self, job: Import) -> None:
        """Store a new import."""
        ...

    async def one(self, workspace: int, job: int) -> Import | None:
        """An import of this workspace."""
        ...

    async def newest(self, workspace: int, limit: int) -> list[Import]:
        """Imports of a workspace, newest first."""
        ...

    async def lease(self, worker: str, lease_s: float) -> ImportLease | None:
        """Take the oldest import that waits or whose worker died; None when there is none."""
        ...

    async def step(self, lease: ImportLease, rows: Sequence[Row], total: int, lease_s: float) -> bool:
        """Report records and keep the import for another `lease_s`. False when it is no longer this worker's to go on with."""
        ...

    async def finish(self, lease: ImportLease, state: ImportState, error: str | None) -> bool:
        """End an import, if it is still this worker's."""
        ...

    async def cancel(self, workspace: int, job: int) -> Import | None:
        """End an import that has not ended; as it is from now on, or None when there is none."""
        ...

    async def reported(self, job: int) -> set[tuple[Kind, str]]:
        """Which records have a row already."""
        ...

    async def rows(self, job: int, outcome: Outcome | None, after: int, limit: int) -> list[Row]:
        """Rows with a `number` above `after`, in order."""
        ...

    async def named(self, workspace: int, origin: Origin, kind: str, key: str, wanted: int) -> int:
        """The id here of a record there: the one that was stored first, or `wanted`, which is stored with this call."""
        ...

    async def retire(self, user: int) -> None:
        """Let nobody sign in as this user, who spoke elsewhere."""
        ...
