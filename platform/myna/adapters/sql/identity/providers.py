"""Providers and people's accounts there, on both databases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.identity import InvitationRow
from myna.adapters.sql.tables.providers import EmailRow, LinkedRow, ProviderRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.errors import Conflict
from myna.model.identity import Invitation, Linked, Provider
from myna.model.workspace import User, WorkspaceRole

_user = table(UserRow)
_provider = table(ProviderRow)
_linked = table(LinkedRow)
_email = table(EmailRow)
_invitation = table(InvitationRow)


class SqlProviders:
    """See `ProviderStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def providers(self, workspace: int) -> list[Provider]:
        """All of a workspace, by name."""
        mine = select(_provider).where(_provider.c.workspace == workspace)
        found = await self._database.all(mine.order_by(_provider.c.name, _provider.c.id))
        return [_provider_of(row) for row in found]

    async def provider(self, provider: int) -> Provider | None:
        """One by id."""
        found = await self._database.all(select(_provider).where(_provider.c.id == provider))
        return next((_provider_of(row) for row in found), None)

    async def put_provider(self, provider: Provider) -> None:
        """Store a new one, or the new state of a known one."""
        values = {
            "id": provider.id,
            "workspace": provider.workspace,
            "name": provider.name,
            "issuer": provider.issuer,
            "client": provider.client,
            "secret": provider.secret,
            "links": provider.links,
            "creates": provider.creates,
            "role": None if provider.role is None else provider.role.value,
            "domains": rows.to_json(list(provider.domains)),
            "active": provider.active,
            "custom_role": provider.custom_role,
        }
        async with self._database.write() as connection:
            known = update(_provider).where(_provider.c.id == provider.id).values(values)
            if not (await connection.execute(known)).rowcount:
                await connection.execute(insert(_provider).values(values))

    async def remove_provider(self, workspace: int, provider: int) -> bool:
        """Forget it with everybody's account there."""
        one = and_(_provider.c.id == provider, _provider.c.workspace == workspace)
        async with self._database.write() as connection:
            gone = bool((await connection.execute(delete(_provider).where(one))).rowcount)
            if gone:
                await connection.execute(delete(_linked).where(_linked.c.provider == provider))
            return gone

    async def linked(self, provider: int, subject: str) -> tuple[Linked, bool] | None:
        """Whose account at the provider this is, and whether that person may sign in."""
        query = (
            select(_linked, _user.c.deactivated_at)
            .join(_user, _user.c.id == _linked.c.user)
            .where(_linked.c.provider == provider, _linked.c.subject == subject)
        )
        found = await self._database.all(query)
        return next(((_linked_of(row), row.deactivated_at is None) for row in found), None)

    async def links_of(self, user: int) -> list[Linked]:
        """A person's accounts at providers."""
        mine = select(_linked).where(_linked.c.user == user).order_by(_linked.c.id)
        return [_linked_of(row) for row in await self._database.all(mine)]

    async def link(self, linked: Linked) -> None:
        """Store that this account is this person's."""
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(_linked).values(_linked_values(linked)))
        except IntegrityError as taken:
            raise _linked_already() from taken

    async def unlink(self, user: int, linked: int) -> bool:
        """Forget it."""
        one = and_(_linked.c.id == linked, _linked.c.user == user)
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(_linked).where(one))).rowcount)

    async def person_at(self, workspace: int, email: str) -> User | None:
        """The active person whom administrators gave this address."""
        query = (
            select(_user)
            .join(_email, _email.c.user == _user.c.id)
            .where(_email.c.workspace == workspace, _email.c.email == email, _user.c.deactivated_at.is_(None))
        )
        return next((rows.user_of_columns(row) for row in await self._database.all(query)), None)

    async def email_of(self, users: Sequence[int]) -> dict[int, str]:
        """The addresses that administrators gave these people."""
        query = select(_email.c.user, _email.c.email).where(_email.c.user.in_(users))
        return {row.user: row.email for row in await self._database.all(query)}

    async def set_email(self, workspace: int, user: int, email: str | None) -> None:
        """Give a person an address, or take it."""
        try:
            async with self._database.write() as connection:
                await connection.execute(delete(_email).where(_email.c.user == user))
                if email is not None:
                    values = {"user": user, "workspace": workspace, "email": email}
                    await connection.execute(insert(_email).values(values))
        except IntegrityError as taken:
            raise Conflict(f"Somebody else has the address {email!r}.", code="email_taken") from taken

    async def invited_at(self, workspace: int, email: str, now: float) -> Invitation | None:
        """The newest invitation for this address that still works."""
        one = and_(
            _invitation.c.workspace == workspace,
            _invitation.c.email == email,
            _invitation.c.user.is_(None),
            _invitation.c.expires_at >= now,
        )
        query = select(_invitation).where(one).order_by(_invitation.c.id.desc()).limit(1)
        return next((invitation_of(row) for row in await self._database.all(query)), None)

    async def come(self, user: User, linked: Linked, email: str | None, invitation: int | None) -> bool:
        """Add a person with their account at the provider."""
        try:
            async with self._database.write() as connection:
                if invitation is not None:
                    used = await connection.execute(delete(_invitation).where(_invitation.c.id == invitation))
                    if not used.rowcount:
                        return False
                same = and_(_user.c.workspace == user.workspace, _user.c.handle == user.handle)
                if (await connection.execute(select(_user.c.id).where(same))).first() is not None:
                    raise _handle_taken(user)
                await connection.execute(insert(_user).values(rows.user_values(user, None, linked.linked_at)))
                await connection.execute(insert(_linked).values(_linked_values(linked)))
                if email is not None:
                    values = {"user": user.id, "workspace": user.workspace, "email": email}
                    await connection.execute(insert(_email).values(values))
        except IntegrityError as taken:
            raise _linked_already() from taken
        return True


def invitation_of(row: Any) -> Invitation:
    """An invitation from its row."""
    role = None if row.role is None else WorkspaceRole(row.role)
    return Invitation(
        row.id,
        row.workspace,
        row.name,
        role,
        row.created_by,
        row.created_at,
        row.expires_at,
        row.user,
        row.email,
        row.custom_role,
    )


def _provider_of(row: Any) -> Provider:
    role = None if row.role is None else WorkspaceRole(row.role)
    domains = tuple(rows.from_json(row.domains))
    named = (row.id, row.workspace, row.name, row.issuer, row.client, row.secret)
    flags = (bool(row.links), bool(row.creates), role, domains, bool(row.active))
    return Provider(*named, *flags, row.custom_role)


def _linked_of(row: Any) -> Linked:
    return Linked(row.id, row.provider, row.subject, row.user, row.email, row.linked_at)


def _linked_values(linked: Linked) -> dict[str, Any]:
    return {
        "id": linked.id,
        "provider": linked.provider,
        "subject": linked.subject,
        "user": linked.user,
        "email": linked.email,
        "linked_at": linked.linked_at,
    }


def _linked_already() -> Conflict:
    return Conflict(
        "This account is linked to somebody already, or you have another one there.", code="already_linked"
    )


def _handle_taken(user: User) -> Conflict:
    return Conflict(f"The name {user.handle!r} is taken; choose another one.", code="handle_taken")
