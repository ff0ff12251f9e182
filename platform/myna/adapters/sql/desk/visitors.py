"""Profiles of visitors and identity keys of inboxes, on both databases."""

import json

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.visitors import IdentityKeyRow, VisitorProfileRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.errors import Conflict
from myna.ports.visitors import IdentityKey, Profile

_profile, _key, _user = table(VisitorProfileRow), table(IdentityKeyRow), table(UserRow)


class SqlVisitors:
    """See `myna.ports.visitors.Visitors`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def profile(self, user: int) -> Profile | None:
        """What is known of a visitor."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_profile).where(_profile.c.user == user))).first()
        return Profile(row.user, row.inbox, row.subject, row.email, json.loads(row.answers)) if row else None

    async def known(self, inbox: int, subject: str) -> int | None:
        """The user who came with this id before."""
        query = select(_profile.c.user).where(_profile.c.inbox == inbox, _profile.c.subject == subject)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar()

    async def put(self, profile: Profile, name: str | None) -> None:
        """Keep a profile in place of the one before, and the visitor's name when one is given.

        Raises:
            Conflict: another user has this subject; nothing was stored.
        """
        values = {
            "user": profile.user,
            "inbox": profile.inbox,
            "subject": profile.subject,
            "email": profile.email,
            "answers": json.dumps(dict(profile.answers), ensure_ascii=False),
        }
        try:
            async with self._database.write() as connection:
                await connection.execute(delete(_profile).where(_profile.c.user == profile.user))
                await connection.execute(insert(_profile).values(values))
                if name is not None:
                    await connection.execute(
                        update(_user).where(_user.c.id == profile.user).values(name=name)
                    )
        except IntegrityError as taken:
            raise Conflict("Somebody else came with this identity.", code="identity_taken") from taken

    async def key(self, inbox: int) -> IdentityKey | None:
        """The key of an inbox."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_key).where(_key.c.inbox == inbox))).first()
        return IdentityKey(row.inbox, row.secret, row.enforce) if row else None

    async def put_key(self, key: IdentityKey) -> None:
        """Keep a key in place of the one before."""
        async with self._database.write() as connection:
            await connection.execute(delete(_key).where(_key.c.inbox == key.inbox))
            await connection.execute(
                insert(_key).values(inbox=key.inbox, secret=key.secret, enforce=key.enforce)
            )

    async def drop_key(self, inbox: int) -> None:
        """Signatures of this inbox are not taken any more."""
        async with self._database.write() as connection:
            await connection.execute(delete(_key).where(_key.c.inbox == inbox))
