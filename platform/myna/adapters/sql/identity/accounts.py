"""Workspaces, users, inboxes, agents and sign-ins on both databases."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import AgentRow, InboxRow, RefreshTokenRow, UserRow, WorkspaceRow
from myna.errors import Conflict
from myna.model.workspace import Inbox, User, UserKind, Workspace

_workspace = table(WorkspaceRow)
_user = table(UserRow)
_inbox = table(InboxRow)
_agent = table(AgentRow)
_token = table(RefreshTokenRow)


class SqlAccounts:
    """Who and what exists, apart from conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def workspace(self, workspace: int) -> Workspace | None:
        """A workspace by id."""
        return _workspace_of(await self._one(select(_workspace).where(_workspace.c.id == workspace)))

    async def first_workspace(self) -> Workspace | None:
        """The oldest workspace, or None in a fresh database."""
        return _workspace_of(await self._one(select(_workspace).order_by(_workspace.c.id).limit(1)))

    async def add_workspace(self, workspace: Workspace) -> None:
        """Store a new workspace."""
        values = {"id": workspace.id, "name": workspace.name, "created_at": time.time()}
        async with self._database.write() as connection:
            await connection.execute(insert(_workspace).values(values))

    async def user(self, user: int) -> User | None:
        """A user by id."""
        row = await self._one(select(_user).where(_user.c.id == user))
        return None if row is None else rows.user_of_columns(row)

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """Those of the users that belong to the workspace."""
        query = select(_user).where(_user.c.id.in_(users), _user.c.workspace == workspace)
        return [rows.user_of_columns(row) for row in await self._all(query)]

    async def humans(self, workspace: int, limit: int) -> list[User]:
        """The people and bots of a workspace, without visitors."""
        query = (
            select(_user)
            .where(
                _user.c.workspace == workspace,
                _user.c.kind != UserKind.VISITOR.value,
                _user.c.deactivated_at.is_(None),
            )
            .order_by(_user.c.name, _user.c.id)
            .limit(limit)
        )
        return [rows.user_of_columns(row) for row in await self._all(query)]

    async def credentials(self, handle: str) -> tuple[User, str] | None:
        """A human by handle with the password's hash; not one that was deactivated."""
        may_come = (_user.c.password.is_not(None), _user.c.deactivated_at.is_(None))
        query = select(_user).where(_user.c.handle == handle, *may_come).order_by(_user.c.id).limit(1)
        row = await self._one(query)
        return None if row is None else (rows.user_of_columns(row), row.password)

    async def add_user(self, user: User, password_hash: str | None = None) -> None:
        """Store a new user.

        Raises:
            Conflict: the handle is taken in this workspace; nothing was stored.
        """
        values = rows.user_values(user, password_hash, time.time())
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(_user).values(values))
        except IntegrityError as taken:
            raise Conflict(
                f"The name {user.handle!r} is taken; choose another one.", code="handle_taken"
            ) from taken

    async def set_password(self, user: int, password_hash: str) -> None:
        """Replace a password and end every sign-in of the user."""
        async with self._database.write() as connection:
            await connection.execute(update(_user).where(_user.c.id == user).values(password=password_hash))
            await connection.execute(delete(_token).where(_token.c.user == user))

    async def inbox_by_key(self, key: str) -> Inbox | None:
        """An inbox by its public key."""
        return _inbox_of(await self._one(select(_inbox).where(_inbox.c.key == key)))

    async def inboxes(self, workspace: int) -> list[Inbox]:
        """All inboxes of a workspace."""
        found = await self._all(select(_inbox).where(_inbox.c.workspace == workspace).order_by(_inbox.c.id))
        return [inbox for row in found if (inbox := _inbox_of(row)) is not None]

    async def add_inbox(self, inbox: Inbox) -> None:
        """Store a new inbox."""
        values = {
            "id": inbox.id,
            "workspace": inbox.workspace,
            "key": inbox.key,
            "name": inbox.name,
            "agent": inbox.agent,
            "allowed_origins": rows.to_json(inbox.allowed_origins),
            "locale": inbox.locale,
            "texts": rows.to_json(inbox.texts),
        }
        async with self._database.write() as connection:
            await connection.execute(insert(_inbox).values(values))

    async def add_agent(
        self, user: int, workspace: int, bases: Sequence[int], settings: Mapping[str, Any]
    ) -> None:
        """Say which knowledge a bot may use as an agent."""
        values = {
            "user": user,
            "workspace": workspace,
            "bases": rows.to_json(list(bases)),
            "settings": rows.to_json(settings),
        }
        async with self._database.write() as connection:
            await connection.execute(insert(_agent).values(values))

    async def agent(self, user: int) -> tuple[tuple[int, ...], Mapping[str, Any]] | None:
        """An agent's knowledge bases and settings."""
        row = await self._one(select(_agent.c.bases, _agent.c.settings).where(_agent.c.user == user))
        return None if row is None else (tuple(rows.from_json(row[0])), rows.from_json(row[1]))

    async def _one(self, query: Any) -> Any:
        return next(iter(await self._database.all(query.limit(1))), None)

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)


class SqlRefreshTokens:
    """Rotating tokens by digest; the tokens themselves are never stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, digest: str, family: int, user: int, expires_at: float) -> None:
        """Store a new token."""
        values = {"digest": digest, "family": family, "user": user, "expires_at": expires_at, "used_at": None}
        async with self._database.write() as connection:
            await connection.execute(insert(_token).values(values))

    async def use(self, digest: str, now: float) -> tuple[int, int, bool] | None:
        """Mark a token used and return (family, user, whether it was used before); None if unknown or expired."""
        async with self._database.write() as connection:
            query = select(_token).where(_token.c.digest == digest).with_for_update()
            row = (await connection.execute(query)).first()
            if row is None or row.expires_at < now:
                return None
            if row.used_at is None:
                await connection.execute(update(_token).where(_token.c.digest == digest).values(used_at=now))
            return row.family, row.user, row.used_at is not None

    async def family(self, digest: str) -> int | None:
        """The sign-in that a token belongs to, used or not."""
        async with self._database.read() as connection:
            query = select(_token.c.family).where(_token.c.digest == digest)
            found = (await connection.execute(query)).first()
        return None if found is None else int(found[0])

    async def revoke(self, family: int) -> None:
        """End a sign-in."""
        async with self._database.write() as connection:
            await connection.execute(delete(_token).where(_token.c.family == family))


def _workspace_of(row: Any) -> Workspace | None:
    return None if row is None else Workspace(row.id, row.name)


def _inbox_of(row: Any) -> Inbox | None:
    if row is None:
        return None
    origins = tuple(rows.from_json(row.allowed_origins))
    return Inbox(
        row.id, row.workspace, row.key, row.name, row.agent, origins, row.locale, rows.from_json(row.texts)
    )
