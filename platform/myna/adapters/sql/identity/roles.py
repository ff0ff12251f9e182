"""Roles of workspaces' own, on both databases."""

from sqlalchemy import delete, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.identity import InvitationRow
from myna.adapters.sql.tables.providers import ProviderRow
from myna.adapters.sql.tables.roles import CustomRoleRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.identity import CustomRole

_role = table(CustomRoleRow)
_user = table(UserRow)
_invitation = table(InvitationRow)
_provider = table(ProviderRow)


class SqlRoles:
    """See `RoleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def roles(self, workspace: int) -> list[CustomRole]:
        """All of a workspace, by name."""
        mine = select(_role).where(_role.c.workspace == workspace).order_by(_role.c.name, _role.c.id)
        return [
            CustomRole(row.id, row.workspace, row.name, frozenset(rows.from_json(row.verbs)))
            for row in await self._database.all(mine)
        ]

    async def put_role(self, role: CustomRole) -> list[int]:
        """Store it for everybody who has it, in one transaction."""
        verbs = rows.to_json(sorted(role.verbs))
        values = {"id": role.id, "workspace": role.workspace, "name": role.name, "verbs": verbs}
        async with self._database.write() as connection:
            known = update(_role).where(_role.c.id == role.id).values(values)
            if not (await connection.execute(known)).rowcount:
                await connection.execute(insert(_role).values(values))
            theirs = _user.c.custom_role == role.id
            found = [row.id for row in await connection.execute(select(_user.c.id).where(theirs))]
            await connection.execute(update(_user).where(theirs).values(verbs=verbs))
        return found

    async def remove_role(self, role: int) -> bool:
        """Forget it, unless somebody has it, is invited to it, or comes to it through a provider."""
        async with self._database.write() as connection:
            for place in (_user, _invitation, _provider):
                held = select(place.c.id).where(place.c.custom_role == role).limit(1)
                if (await connection.execute(held)).first() is not None:
                    return False
            await connection.execute(delete(_role).where(_role.c.id == role))
        return True
