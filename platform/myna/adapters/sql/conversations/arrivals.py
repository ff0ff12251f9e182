"""What users who connect must know, in two statements however many they are, on both databases."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.workspace import User
from myna.ports.conversations import Head

_conversation = table(ConversationRow)
_member = table(MemberRow)
_user = table(UserRow)
_USERS: BindParameter[Any] = bindparam("users", expanding=True)
_PEOPLE = select(_user).where(_user.c.id.in_(_USERS))
_SEATS = (
    select(
        _member.c.user,
        _conversation.c.id,
        _conversation.c.rev,
        _conversation.c.seq,
        _member.c.read_seq,
        _member.c.from_seq,
        _conversation.c.last_pos,
    )
    .join(_conversation, _conversation.c.id == _member.c.conversation)
    .where(_member.c.user.in_(_USERS), _member.c.to_seq.is_(None))
)


class SqlArrivals:
    """Users and the heads of their conversations, read anew at each call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, users: Collection[int]) -> dict[int, tuple[User, dict[int, Head]]]:
        """The users that exist, each with the heads of the conversations in which it has a seat."""
        people, seats = await self._database.at_once(partial(_read, list(users)))
        found: dict[int, tuple[User, dict[int, Head]]] = {
            row[0]: (rows.user_of_columns(row), {}) for row in people
        }
        for user, conversation, *head in seats:
            if user in found:
                found[user][1][conversation] = Head(*head)
        return found


def _read(users: list[int], connection: Connection) -> tuple[Sequence[Any], Sequence[Any]]:
    """People and seats, of one state and in one step: in a storm, changing threads costs as much as asking."""
    wanted = {"users": users}
    return connection.execute(_PEOPLE, wanted).all(), connection.execute(_SEATS, wanted).all()
