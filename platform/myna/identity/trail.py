"""What administrators and people do with accounts and rights, as lines of the workspace's audit log."""

from typing import Any

from myna.log.committer import Committer
from myna.log.filter_writes import Audit
from myna.rights import Principal


class Trail:
    """Writes lines. Obligation: call it after the act; a refused act leaves none. Nothing secret goes into a line."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def note(self, principal: Principal, action: str, subject: str, **data: Any) -> None:
        """Put down that somebody signed in did this."""
        await self.of(principal.workspace, principal.user, action, subject, **data)

    async def of(self, workspace: int, actor: int | None, action: str, subject: str, **data: Any) -> None:
        """The same where nobody is signed in yet."""
        await self._committer.write(Audit(workspace, actor, action, subject, data))
