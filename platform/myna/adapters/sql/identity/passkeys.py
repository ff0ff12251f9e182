"""Passkeys on both databases."""

from typing import Any

from sqlalchemy import and_, delete, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.passkeys import PasskeyRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.errors import Conflict
from myna.model.identity import Passkey

_user = table(UserRow)
_passkey = table(PasskeyRow)


class SqlPasskeys:
    """See `PasskeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def passkeys(self, user: int) -> list[Passkey]:
        """A person's, oldest first."""
        mine = select(_passkey).where(_passkey.c.user == user).order_by(_passkey.c.id)
        return [_passkey_of(row) for row in await self._database.all(mine)]

    async def passkey(self, credential: str) -> Passkey | None:
        """One by the name that its device gave it, if its person may sign in."""
        query = (
            select(_passkey)
            .join(_user, _user.c.id == _passkey.c.user)
            .where(_passkey.c.credential == credential, _user.c.deactivated_at.is_(None))
        )
        return next((_passkey_of(row) for row in await self._database.all(query)), None)

    async def add_passkey(self, passkey: Passkey) -> None:
        """Store a new one."""
        values = {
            "id": passkey.id,
            "credential": passkey.credential,
            "user": passkey.user,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "name": passkey.name,
            "created_at": passkey.created_at,
            "used_at": passkey.used_at,
        }
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(_passkey).values(values))
        except IntegrityError as known:
            raise Conflict("This passkey is known already.", code="passkey_known") from known

    async def rename_passkey(self, user: int, passkey: int, name: str) -> bool:
        """Call it something else."""
        one = and_(_passkey.c.id == passkey, _passkey.c.user == user)
        async with self._database.write() as connection:
            return bool((await connection.execute(update(_passkey).where(one).values(name=name))).rowcount)

    async def remove_passkeys(self, user: int, passkey: int | None) -> int:
        """Forget one of a person's, or all; how many those were."""
        some = _passkey.c.user == user
        if passkey is not None:
            some = and_(some, _passkey.c.id == passkey)
        async with self._database.write() as connection:
            return int((await connection.execute(delete(_passkey).where(some))).rowcount)

    async def used_passkey(self, passkey: Passkey, sign_count: int, at: float) -> bool:
        """Its counter moves on; False when somebody else moved it meanwhile. A device without a counter always tells 0."""
        same = and_(
            _passkey.c.id == passkey.id,
            or_(
                _passkey.c.sign_count < sign_count, and_(_passkey.c.sign_count == 0, literal(sign_count == 0))
            ),
        )
        change = update(_passkey).where(same).values(sign_count=sign_count, used_at=at)
        async with self._database.write() as connection:
            return bool((await connection.execute(change)).rowcount)


def _passkey_of(row: Any) -> Passkey:
    told = (row.id, row.credential, row.user, row.public_key, row.sign_count)
    return Passkey(*told, row.name, row.created_at, row.used_at)
