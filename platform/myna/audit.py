"""The audit log of a workspace: read, exported and verified by its administrators; written by commits."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from myna.log.audit import START, first_broken
from myna.model.moderation import AuditEntry
from myna.ports.accounts import Accounts
from myna.ports.moderation import AuditStore
from myna.rights import Principal, Verb, require
from myna.wire import encode, optional_id, stamp

PAGE = 1_000


class AuditLog:
    """Reads of the audit log. It has no way to change a line, and each line's hash covers the one before."""

    def __init__(self, store: AuditStore, accounts: Accounts) -> None:
        self._store, self._accounts = store, accounts

    async def page(
        self, principal: Principal, before: int, limit: int, action: str | None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Lines, newest first, and where the next page begins."""
        require(principal, Verb.ADMINISTER)
        found = await self._store.page(
            principal.workspace, after=before, limit=limit, action=action, newest=True
        )
        actors = sorted({each.actor for each in found if each.actor is not None})
        people = await self._accounts.users(actors, principal.workspace) if actors else []
        names = {each.id: each.name for each in people}
        shown = [{**entry_object(each), "actor_name": names.get(each.actor or 0)} for each in found]
        return shown, found[-1].number if len(found) == limit and found[-1].number > 1 else None

    async def verify(self, principal: Principal) -> dict[str, Any]:
        """Whether every line follows the one before; where the first does not, its number.

        The chain shows that lines were changed, put in or left out. That lines were cut off at the end shows only who
        kept `number` and `hash` of an earlier answer.
        """
        require(principal, Verb.ADMINISTER)
        number, before = 0, START
        while found := await self._store.page(principal.workspace, after=number, limit=PAGE):
            broken = first_broken(found, number, before)
            if broken is not None:
                return {"intact": False, "lines": number, "broken_at": broken, "hash": None}
            number, before = found[-1].number, found[-1].hash
        return {"intact": True, "lines": number, "broken_at": None, "hash": before if number else None}

    def export(self, principal: Principal) -> AsyncIterator[bytes]:
        """The whole log as lines of JSON, oldest first, with all that is hashed."""
        require(principal, Verb.ADMINISTER)
        return self._lines(principal.workspace)

    async def _lines(self, workspace: int) -> AsyncIterator[bytes]:
        number = 0
        while found := await self._store.page(workspace, after=number, limit=PAGE):
            for each in found:
                hashed = {"workspace": each.workspace, "at": each.at, "actor": each.actor, "data": each.data}
                line = {"number": each.number, "action": each.action, "subject": each.subject, **hashed}
                yield encode({**line, "before": each.before, "hash": each.hash}) + b"\n"
            number = found[-1].number


def entry_object(entry: AuditEntry) -> dict[str, Any]:
    """A line as administrators see it."""
    return {
        "number": entry.number,
        "at": stamp(entry.at),
        "actor": optional_id(entry.actor),
        "action": entry.action,
        "subject": entry.subject,
        "data": msgspec.json.decode(entry.data),
        "hash": entry.hash,
    }
