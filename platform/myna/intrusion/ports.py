"""Where alerts, blocks and the policy are kept, and how alerts leave the server."""

from collections.abc import Sequence
from typing import Protocol

from myna.intrusion.model import Alert, Hook, Policy, Shielded


class SafetyStore(Protocol):
    """Shared by all processes through the database."""

    async def keep(self, alerts: Sequence[Alert]) -> None:
        """Store new alerts and what has changed of known ones; the oldest beyond a bound are forgotten."""
        ...

    async def alerts(
        self, workspace: int | None, *, before: int | None, kind: str | None, limit: int
    ) -> list[Alert]:
        """Alerts of a workspace, or of all with None, newest first."""
        ...

    async def seen(self, workspace: int | None, alert: int, user: int) -> bool:
        """Note that somebody has looked; whether there is such an alert."""
        ...

    async def shield(self, shielded: Sequence[Shielded]) -> None:
        """Let something hold for each of these addresses, in place of what held before; all of it in one transaction."""
        ...

    async def lift(self, place: str) -> bool:
        """End it; whether there was something."""
        ...

    async def shielded(self, now: float) -> list[Shielded]:
        """Everything that holds now; what ran out may be dropped."""
        ...

    async def policy(self) -> Policy:
        """What the administrators decided."""
        ...

    async def set_policy(self, policy: Policy) -> None:
        """Replace it."""
        ...


class Herald(Protocol):
    """Carries alerts to somebody else's server."""

    async def tell(self, hook: Hook, body: bytes) -> None:
        """Send one, signed.

        Raises:
            MynaError: it was not taken.
        """
        ...
