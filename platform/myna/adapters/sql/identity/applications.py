"""Applications and what people granted them, on both databases."""

from typing import Any

from sqlalchemy import and_, delete, insert, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.applications import ApplicationRow
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.identity import SignInRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.identity import Application

_application = table(ApplicationRow)
_sign_in = table(SignInRow)
_user = table(UserRow)


class SqlApplications:
    """See `ApplicationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def applications(self, workspace: int) -> list[Application]:
        """All of a workspace, by name."""
        mine = select(_application).where(_application.c.workspace == workspace)
        found = await self._database.all(mine.order_by(_application.c.name, _application.c.id))
        return [_application_of(row) for row in found]

    async def application(self, application: int) -> Application | None:
        """One by id."""
        found = await self._database.all(select(_application).where(_application.c.id == application))
        return next((_application_of(row) for row in found), None)

    async def put_application(self, application: Application) -> None:
        """Store a new one, or the new state of a known one."""
        values = {
            "id": application.id,
            "workspace": application.workspace,
            "name": application.name,
            "redirects": rows.to_json(list(application.redirects)),
            "scopes": rows.to_json(list(application.scopes)),
            "secret": application.secret,
            "user": application.user,
            "created_at": application.created_at,
        }
        async with self._database.write() as connection:
            known = update(_application).where(_application.c.id == application.id).values(values)
            if not (await connection.execute(known)).rowcount:
                await connection.execute(insert(_application).values(values))

    async def remove_application(self, application: int) -> None:
        """Forget it."""
        async with self._database.write() as connection:
            await connection.execute(delete(_application).where(_application.c.id == application))

    async def grants(self, application: int) -> list[tuple[int, int]]:
        """(user, sign-in) of everything that people granted it and that goes on."""
        on = and_(_sign_in.c.application == application, _sign_in.c.ended_at.is_(None))
        query = select(_sign_in.c.user, _sign_in.c.id).where(on)
        return [(row.user, row.id) for row in await self._database.all(query)]

    async def grant(self, sign_in: int) -> tuple[int, int, str] | None:
        """(user, application, scope) of what was granted by this sign-in, if it goes on."""
        on = and_(
            _sign_in.c.id == sign_in, _sign_in.c.ended_at.is_(None), _sign_in.c.application.is_not(None)
        )
        query = select(_sign_in.c.user, _sign_in.c.application, _sign_in.c.scope).where(on)
        found = await self._database.all(query)
        return next(((row.user, row.application, row.scope) for row in found), None)

    async def may_sign_in(self, user: int) -> bool:
        """Whether the person was not deactivated."""
        query = select(_user.c.id).where(_user.c.id == user, _user.c.deactivated_at.is_(None))
        return bool(await self._database.all(query))


def _application_of(row: Any) -> Application:
    lists = (tuple(rows.from_json(row.redirects)), tuple(rows.from_json(row.scopes)))
    return Application(row.id, row.workspace, row.name, *lists, row.secret, row.user, row.created_at)
