"""Policies, lists, appeals and audit logs on both databases."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, func, literal, select, union_all

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import desk as rows_desk
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.desk import HeldRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.moderation import AuditRow, FilterPolicyRow, ListingRow
from myna.adapters.sql.tables.workspace import WorkspaceRow
from myna.model.filtering import Filtering, FilterPolicy, Listed, Listing, PlaceKind
from myna.model.moderation import AppealState, AuditEntry, Held, HeldState, Standing
from myna.ports.moderation import SenderIn

_audit, _policy, _listing = table(AuditRow), table(FilterPolicyRow), table(ListingRow)
_held, _message, _workspace = table(HeldRow), table(MessageRow), table(WorkspaceRow)


class _Reads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)

    async def _held(self, query: Any) -> list[Held]:
        return [rows_desk.held_of(row).held for row in await self._all(query)]


class SqlModeration(_Reads):
    """See `ModerationStore`."""

    async def filtering(self, workspace: int) -> Filtering:
        """Everything that the workspace decided about judging, as it is now."""
        policies = await self._all(select(_policy).where(_policy.c.workspace == workspace))
        listings = await self._all(
            select(_listing).where(_listing.c.workspace == workspace).order_by(_listing.c.id)
        )
        made = {
            (PlaceKind(row.kind), row.place): msgspec.json.decode(row.policy.encode(), type=FilterPolicy)
            for row in policies
        }
        return Filtering(workspace, made, tuple(map(_listing_of, listings)))

    async def listings(
        self, workspace: int, kind: Listed | None, after: int | None, limit: int
    ) -> list[Listing]:
        """The workspace's list, newest first."""
        query = select(_listing).where(_listing.c.workspace == workspace)
        if kind is not None:
            query = query.where(_listing.c.kind == kind.value)
        if after is not None:
            query = query.where(_listing.c.id < after)
        return list(map(_listing_of, await self._all(query.order_by(_listing.c.id.desc()).limit(limit))))

    async def listing(self, workspace: int, listing: int) -> Listing | None:
        """An entry of the list."""
        query = select(_listing).where(_listing.c.workspace == workspace, _listing.c.id == listing)
        return next(map(_listing_of, await self._all(query)), None)

    async def listed(self, workspace: int, kind: Listed, value: str) -> Listing | None:
        """The entry about a value."""
        query = select(_listing).where(
            _listing.c.workspace == workspace, _listing.c.kind == kind.value, _listing.c.value == value
        )
        return next(map(_listing_of, await self._all(query)), None)

    async def listing_count(self, workspace: int) -> int:
        """How long the list is."""
        query = select(func.count()).select_from(_listing).where(_listing.c.workspace == workspace)
        return int((await self._all(query))[0][0])

    async def appeals(self, workspace: int, state: AppealState, after: int | None, limit: int) -> list[Held]:
        """Messages whose sender appealed: waiting ones oldest first, answered ones newest first."""
        oldest_first = state is AppealState.WAITING
        query = select(_held).where(_held.c.workspace == workspace, _held.c.appeal_state == state.value)
        if after is not None:
            query = query.where(_held.c.id > after if oldest_first else _held.c.id < after)
        return await self._held(
            query.order_by(_held.c.id if oldest_first else _held.c.id.desc()).limit(limit)
        )

    async def of_sender(self, workspace: int, sender: int, after: int | None, limit: int) -> list[Held]:
        """What of a sender's was put aside, refused or flagged, newest first."""
        query = select(_held).where(_held.c.workspace == workspace, _held.c.sender == sender)
        if after is not None:
            query = query.where(_held.c.id < after)
        return await self._held(query.order_by(_held.c.id.desc()).limit(limit))

    async def offences(self, conversation: int, sender: int, since: float, limit: int) -> list[Held]:
        """The same in one conversation since a time, newest first."""
        query = (
            select(_held)
            .where(
                _held.c.sender == sender,
                _held.c.conversation == conversation,
                func.coalesce(_held.c.decided_at, _held.c.created_at) >= since,
            )
            .order_by(_held.c.id.desc())
            .limit(limit)
        )
        return await self._held(query)

    async def standings(
        self, asked: Collection[SenderIn], most: int, since: float
    ) -> Mapping[SenderIn, Standing]:
        """Of each sender how many messages its conversation has, counted up to `most`, and how many were kept out since."""
        keys = list(asked)
        if not keys:
            return {}
        rows = await self._all(
            union_all(*(_standing(place, key, most, since) for place, key in enumerate(keys)))
        )
        return {keys[row[0]]: Standing(int(row[1]), int(row[2])) for row in rows}


class SqlAudit(_Reads):
    """See `AuditStore`."""

    async def page(
        self, workspace: int, *, after: int, limit: int, action: str | None = None, newest: bool = False
    ) -> list[AuditEntry]:
        """Lines with higher numbers in order, or the last ones below `after`, newest first."""
        query = select(_audit).where(_audit.c.workspace == workspace)
        bounded = _audit.c.number < after if newest else _audit.c.number > after
        query = query if newest and not after else query.where(bounded)
        if action is not None:
            whole = not action.endswith(".")
            query = query.where(
                _audit.c.action == action if whole else _audit.c.action.startswith(action, autoescape=True)
            )
        query = query.order_by(_audit.c.number.desc() if newest else _audit.c.number).limit(limit)
        return [AuditEntry(*row) for row in await self._all(query)]

    async def heads(self) -> dict[int, int]:
        """The number of the newest line of each workspace that has some."""
        newest = select(func.max(_audit.c.number)).where(_audit.c.workspace == _workspace.c.id)
        query = select(_workspace.c.id, newest.correlate(_workspace).scalar_subquery())
        return {row[0]: row[1] for row in await self._all(query) if row[1] is not None}

    async def head(self, workspace: int) -> AuditEntry | None:
        """The newest line."""
        found = await self.page(workspace, after=0, limit=1, newest=True)
        return found[0] if found else None


def _standing(place: int, key: SenderIn, most: int, since: float) -> Select[Any]:
    workspace, conversation, sender = key
    found = (
        select(_message.c.seq)
        .where(_message.c.conversation == conversation, _message.c.sender == sender)
        .limit(most)
    )
    kept_out = select(func.count()).where(
        _held.c.sender == sender,
        _held.c.workspace == workspace,
        _held.c.state == HeldState.BLOCKED.value,
        _held.c.decided_by.is_not(None),
        _held.c.decided_at >= since,
    )
    said = select(func.count()).select_from(found.subquery())
    return select(literal(place), said.scalar_subquery(), kept_out.scalar_subquery())


def _listing_of(row: Any) -> Listing:
    return Listing(row.id, row.workspace, Listed(row.kind), row.value, row.decision, row.name, row.by, row.at)
