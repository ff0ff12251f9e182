"""Ports of who there is: workspaces, users, inboxes and their refresh tokens."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from myna.model.workspace import Inbox, User, Workspace


class Accounts(Protocol):
    """Workspaces, users, inboxes, agents and refresh tokens."""

    async def workspace(self, workspace: int) -> Workspace | None:
        """A workspace by id."""
        ...

    async def first_workspace(self) -> Workspace | None:
        """The oldest workspace, or None in a fresh database."""
        ...

    async def add_workspace(self, workspace: Workspace) -> None:
        """Store a new workspace."""
        ...

    async def user(self, user: int) -> User | None:
        """A user by id."""
        ...

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """Those of the users that belong to the workspace."""
        ...

    async def humans(self, workspace: int, limit: int) -> list[User]:
        """The people and bots of a workspace, without visitors."""
        ...

    async def credentials(self, handle: str) -> tuple[User, str] | None:
        """A human by handle with the password's hash."""
        ...

    async def add_user(self, user: User, password_hash: str | None = None) -> None:
        """Store a new user.

        Raises:
            Conflict: the handle is taken in this workspace; nothing was stored.
        """
        ...

    async def set_password(self, user: int, password_hash: str) -> None:
        """Replace a password and end every sign-in of the user."""
        ...

    async def inbox_by_key(self, key: str) -> Inbox | None:
        """An inbox by its public key."""
        ...

    async def inboxes(self, workspace: int) -> list[Inbox]:
        """All inboxes of a workspace."""
        ...

    async def add_inbox(self, inbox: Inbox) -> None:
        """Store a new inbox."""
        ...

    async def add_agent(
        self, user: int, workspace: int, bases: Sequence[int], settings: Mapping[str, Any]
    ) -> None:
        """Say which knowledge a bot may use as an agent."""
        ...

    async def agent(self, user: int) -> tuple[tuple[int, ...], Mapping[str, Any]] | None:
        """An agent's knowledge bases and settings."""
        ...


class RefreshTokens(Protocol):
    """Rotating tokens by digest; a family is one device's sign-in."""

    async def add(self, digest: str, family: int, user: int, expires_at: float) -> None:
        """Store a new token."""
        ...

    async def use(self, digest: str, now: float) -> tuple[int, int, bool] | None:
        """Mark a token used and return (family, user, whether it was used before); None if unknown or expired."""
        ...

    async def family(self, digest: str) -> int | None:
        """The sign-in that a token belongs to, used or not."""
        ...

    async def revoke(self, family: int) -> None:
        """End a sign-in."""
        ...
