"""What administrators and people do with accounts and rights, as lines of the workspace's audit log."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from myna.log.committer import Committer
from myna.log.filter_writes import Audit
from myna.noting import Line, noting
from myna.rights import Principal


class Trail:
    """Writes lines with the acts they describe. Nothing secret goes into a line."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    @asynccontextmanager
    async def act(self, principal: Principal, action: str, subject: str, **data: Any) -> AsyncGenerator[None]:
        """A block in which somebody signed in does this. Act and line are stored in one transaction, the first of the block that
        changes something, or neither is; a block that raises before leaves no line.

        An act that changes nothing in the database leaves its line at the end of the block.
        """
        async with self.of(principal.workspace, principal.user, action, subject, **data):
            yield

    async def note(self, principal: Principal, action: str, subject: str, **data: Any) -> None:
        """Write a line, durable when this returns, before something that changes nothing is done."""
        await self._committer.write(Audit(principal.workspace, principal.user, action, subject, data))

    @asynccontextmanager
    async def of(
        self, workspace: int, actor: int | None, action: str, subject: str, **data: Any
    ) -> AsyncGenerator[None]:
        """The same where nobody is signed in yet."""
        line = Line(workspace, actor, action, subject, data)
        try:
            with noting(line):
                yield
            if not line.written:
                await self._committer.write(Audit(workspace, actor, action, subject, data))
        finally:
            # Whatever a task that began in the block does later belongs to other acts.
            line.written = True
