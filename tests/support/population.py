"""People, conversations and messages for measurements and tests, written in bulk through the server's own statements."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert

from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.accounts import SqlRefreshTokens
from myna.adapters.sql.log.postgres import PostgresCommits
from myna.adapters.sql.log.sqlite import SqliteCommits
from myna.adapters.sql.migrate import migrate
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import UserRow, WorkspaceRow
from myna.identity.tokens import Tokens, load_key
from myna.ids import new_id
from myna.log.ports import Commits
from myna.log.writes import OpenConversation, Say, Write
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Draft
from myna.model.workspace import User, UserKind

T = TypeVar("T")
WORDS = "Hello there, could you look where my parcel is? It should have come on Tuesday and the shop says nothing. "


@dataclass(frozen=True, slots=True)
class Population:
    """Who is there: users with their tokens, and conversations with the places of their members in `users`."""

    workspace: int
    users: list[User]
    tokens: list[str]
    places: list[tuple[int, list[int]]]

    def cast(self, path: Path, *, senders: int) -> Path:
        """A file for the load generator; in each conversation the first so many members send."""
        lines = [
            f"{self.tokens[user]} {conversation} {int(place < senders)}"
            for conversation, members in self.places
            for place, user in enumerate(members)
        ]
        path.write_text("\n".join(lines) + "\n")
        return path


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many users, conversations by id with the places of their members, and so many messages in each of them."""

    users: int
    groups: Mapping[int, Sequence[int]]
    messages: int = 0


def populate(
    url: str, data: Path, *, users: int, groups: Sequence[Sequence[int]], messages: int = 0
) -> Population:
    """A crowd with a conversation for each list of members."""
    return fill(url, data, Crowd(users, {new_id(): members for members in groups}, messages))


def fill(url: str, data: Path, crowd: Crowd) -> Population:
    """A crowd in a fresh database."""
    data.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_fill(url, data, crowd))


async def _fill(url: str, data: Path, crowd: Crowd) -> Population:
    database = Database(url)
    await migrate(database)
    workspace = new_id()
    people = [
        User(new_id(), workspace, UserKind.HUMAN, f"Person {place}", f"person-{place}")
        for place in range(crowd.users)
    ]
    async with database.write() as connection:
        await connection.execute(
            insert(table(WorkspaceRow)).values(id=workspace, name="Crowd", created_at=0.0)
        )
        for some in chunks(people, 500):
            await connection.execute(insert(table(UserRow)), [_row(user) for user in some])
    commits: Commits = (
        SqliteCommits(database.path or "", database.turn) if database.sqlite else PostgresCommits(database)
    )
    places = [(conversation, list(members)) for conversation, members in crowd.groups.items()]
    opened: list[Write] = [
        OpenConversation(
            conversation,
            workspace,
            ConversationKind.DIRECT if len(members) == 2 else ConversationKind.GROUP,
            "" if len(members) == 2 else "Crowd",
            tuple((people[each].id, MemberRole.MEMBER) for each in members),
        )
        for conversation, members in places
    ]
    said: list[Write] = [
        Say(
            Draft(
                conversation,
                people[members[number % len(members)]].id,
                f"past-{number}",
                {"text": f"{number} {WORDS}"},
            )
        )
        for conversation, members in places
        for number in range(crowd.messages)
    ]
    for writes in chunks([*opened, *said], 2000):
        await commits.commit(writes)
    await commits.close()
    tokens = Tokens(load_key(data / "secret.key"), SqlRefreshTokens(database))
    await database.close()
    return Population(workspace, people, [tokens.access(user) for user in people], places)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _row(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "workspace": user.workspace,
        "kind": user.kind.value,
        "handle": user.handle,
        "name": user.name,
        "locale": user.locale,
        "role": None,
        "agent": False,
        "password": None,
        "created_at": 0.0,
    }
