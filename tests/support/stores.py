"""A migrated database with a workspace of people, and the stores over it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.tickets import SqlDesk, SqlTurnQueue
from myna.adapters.sql.identity.accounts import SqlAccounts, SqlRefreshTokens
from myna.adapters.sql.log.postgres import PostgresCommits
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.log.sqlite import SqliteCommits
from myna.adapters.sql.migrate import migrate
from myna.errors import MynaError
from myna.log.ports import Commits
from myna.log.writes import OpenConversation, Write
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.workspace import Inbox, User, UserKind, Workspace, WorkspaceRole
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    FINCH,
    GROUP,
    INBOX,
    OPA,
    OTTO,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    WORKSPACE,
)

ELSEWHERE = 2
PEOPLE = [
    User(ANN, WORKSPACE, UserKind.HUMAN, "Ann", "ann", role=WorkspaceRole.DEVELOPER),
    User(BOB, WORKSPACE, UserKind.HUMAN, "Bob", "bob", role=WorkspaceRole.ANALYST),
    User(EVE, WORKSPACE, UserKind.HUMAN, "Eve", "eve"),
    User(VIC, WORKSPACE, UserKind.VISITOR, "Vic"),
    User(OPA, WORKSPACE, UserKind.HUMAN, "Opa", "opa", role=WorkspaceRole.OPERATOR),
    User(OTTO, WORKSPACE, UserKind.HUMAN, "Otto", "otto", role=WorkspaceRole.OWNER),
    User(BIRD, WORKSPACE, UserKind.BOT, "Bird", "bird", agent=True),
    User(FINCH, WORKSPACE, UserKind.BOT, "Finch", "finch", agent=True),
    User(99, ELSEWHERE, UserKind.HUMAN, "Zoe", "zoe", role=WorkspaceRole.OWNER),
]


@dataclass(slots=True)
class Stores:
    """Every port on one database."""

    database: Database
    commits: Commits
    log: SqlLog
    conversations: SqlConversations
    accounts: SqlAccounts
    refresh: SqlRefreshTokens
    desk: SqlDesk
    queue: SqlTurnQueue

    async def one(self, write: Write) -> object:
        """The outcome of a lone write; raises when it was refused."""
        outcome = (await self.commits.commit([write])).outcomes[0]
        if isinstance(outcome, MynaError):
            raise outcome
        return outcome

    async def all(self, *batch: Write) -> list[object]:
        """The outcomes of one transaction."""
        return list((await self.commits.commit(batch)).outcomes)


def commits_of(database: Database) -> Commits:
    """The committer of a database, with a connection of its own."""
    return SqliteCommits(database.path or "", database.turn) if database.sqlite else PostgresCommits(database)


@contextlib.asynccontextmanager
async def stores(url: str, *, fresh: bool = True) -> AsyncIterator[Stores]:
    """The stores; `fresh` migrates the database and fills in people, inboxes and three conversations."""
    database = Database(url)
    try:
        if fresh:
            await migrate(database)
        made = Stores(
            database,
            commits_of(database),
            SqlLog(database),
            SqlConversations(database),
            SqlAccounts(database),
            SqlRefreshTokens(database),
            SqlDesk(database),
            SqlTurnQueue(database),
        )
        if fresh:
            await _fill(made)
        try:
            yield made
        finally:
            await asyncio.shield(made.commits.close())
    finally:
        await database.close()


class _Within:
    """What a store writes, in a transaction that somebody else began and ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection


async def _fill(made: Stores) -> None:
    # Each test that touches a database begins here: one transaction instead of thirteen.
    async with made.database.write() as connection:
        accounts = SqlAccounts(cast(Database, _Within(connection)))
        for workspace, name in ((WORKSPACE, "Shop"), (ELSEWHERE, "Other shop")):
            await accounts.add_workspace(Workspace(workspace, name))
        for person in PEOPLE:
            await accounts.add_user(person)
        await accounts.add_inbox(Inbox(INBOX, WORKSPACE, "shop", "Shop", BIRD))
        await accounts.add_inbox(Inbox(INBOX + 1, WORKSPACE, "people", "People", None))
    await made.all(
        OpenConversation(
            GROUP,
            WORKSPACE,
            ConversationKind.GROUP,
            "Team",
            ((ANN, MemberRole.OWNER), (BOB, MemberRole.MEMBER)),
        ),
        OpenConversation(
            SUPPORT,
            WORKSPACE,
            ConversationKind.SUPPORT,
            "Vic",
            ((VIC, MemberRole.GUEST), (BIRD, MemberRole.MEMBER)),
            agents=(BIRD,),
            inbox=INBOX,
            visitor=VIC,
        ),
        OpenConversation(
            SUPPORT_WITHOUT_AGENT,
            WORKSPACE,
            ConversationKind.SUPPORT,
            "Vic",
            ((VIC, MemberRole.GUEST),),
            inbox=INBOX + 1,
            visitor=VIC,
        ),
    )
