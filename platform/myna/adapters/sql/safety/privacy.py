"""Exports, erasures and retention on both databases."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, tuple_, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.safety.blanked import blanked, nameless_events
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.content import FileRow
from myna.adapters.sql.tables.conversations import (
    BlockRow,
    ConversationRow,
    JoinRequestRow,
    MemberRow,
    ReceiptRow,
)
from myna.adapters.sql.tables.desk import HeldRow, TicketRow
from myna.adapters.sql.tables.helpdesk import OperatorRow
from myna.adapters.sql.tables.identity import InvitationRow, RecoveryCodeRow, SecondFactorRow, SignInRow
from myna.adapters.sql.tables.messages import (
    DraftRow,
    HiddenRow,
    MentionRow,
    MessageRow,
    PinRow,
    ReactionRow,
    ScheduledRow,
)
from myna.adapters.sql.tables.moderation import AuditRow
from myna.adapters.sql.tables.passkeys import PasskeyRow
from myna.adapters.sql.tables.privacy import PrivacyJobRow, RetentionRow
from myna.adapters.sql.tables.providers import EmailRow, LinkedRow
from myna.adapters.sql.tables.safety import AlertRow
from myna.adapters.sql.tables.service import NoteMentionRow, NoteRow, RatingRow, SavedViewRow
from myna.adapters.sql.tables.visitors import VisitorProfileRow
from myna.adapters.sql.tables.workspace import RefreshTokenRow, SocketTicketRow, UserRow
from myna.model.message import MessageState
from myna.privacy.model import Job, JobState, Record, Task

DAY_S = 86_400.0
SECRET = frozenset(
    {"password", "digest", "secret", "verdict", "client_id", "parts", "hash", "before", "blob"}
    | {"credential", "public_key", "sign_count", "last_step", "lease_until"}
)
"""Columns that are no business of an export: secrets, and how things are kept."""
_job, _rule, _message = table(PrivacyJobRow), table(RetentionRow), table(MessageRow)
_ticket, _place, _file = table(TicketRow), table(ConversationRow), table(FileRow)


_OWN: tuple[tuple[str, Any, str], ...] = tuple(
    (name, table(row), column)
    for name, row, column in (
        ("profile", UserRow, "id"),
        ("visitor", VisitorProfileRow, "user"),
        ("linked", LinkedRow, "user"),
        ("email", EmailRow, "user"),
        ("devices", SignInRow, "user"),
        ("memberships", MemberRow, "user"),
        ("reactions", ReactionRow, "user"),
        ("pins", PinRow, "user"),
        ("mentions", MentionRow, "user"),
        ("drafts", DraftRow, "user"),
        ("scheduled", ScheduledRow, "user"),
        ("blocks", BlockRow, "user"),
        ("ratings", RatingRow, "user"),
        ("requests", JoinRequestRow, "user"),
        ("held", HeldRow, "sender"),
        ("tickets", TicketRow, "visitor"),
        ("notes", NoteRow, "author"),
        ("files", FileRow, "user"),
        ("acts", AuditRow, "actor"),
        ("alerts", AlertRow, "user"),
        ("passkeys", PasskeyRow, "user"),
        ("factor", SecondFactorRow, "user"),
        ("views", SavedViewRow, "user"),
        ("called", NoteMentionRow, "user"),
        ("hidden", HiddenRow, "user"),
        ("receipts", ReceiptRow, "user"),
        ("invitations", InvitationRow, "user"),
        ("staffing", OperatorRow, "user"),
        ("jobs", PrivacyJobRow, "user"),
    )
)


_GONE: tuple[tuple[Any, str], ...] = tuple(
    (table(row), column)
    for row, column in (
        (VisitorProfileRow, "user"),
        (LinkedRow, "user"),
        (EmailRow, "user"),
        (SignInRow, "user"),
        (RefreshTokenRow, "user"),
        (SocketTicketRow, "user"),
        (SecondFactorRow, "user"),
        (RecoveryCodeRow, "user"),
        (PasskeyRow, "user"),
        (InvitationRow, "user"),
        (DraftRow, "user"),
        (ScheduledRow, "user"),
        (HiddenRow, "user"),
        (BlockRow, "user"),
        (BlockRow, "other"),
        (JoinRequestRow, "user"),
        (MentionRow, "user"),
        (ReceiptRow, "user"),
        (SavedViewRow, "user"),
        (NoteMentionRow, "user"),
        (OperatorRow, "user"),
    )
)


class SqlPrivacy:
    """See `myna.privacy.model.PrivacyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job) -> Job:
        """Store a new job, or give the one that is under way."""
        same = and_(
            _job.c.user == job.user,
            _job.c.task == job.task.value,
            _job.c.state.in_((JobState.WAITING.value, JobState.RUNNING.value)),
        )
        async with self._database.write() as connection:
            known = (await connection.execute(select(_job).where(same))).first()
            if known is not None:
                return _job_of(known)
            await connection.execute(insert(_job).values({**_values(job), "lease_until": 0.0}))
        return job

    async def put(self, job: Job) -> None:
        """Store how far it is."""
        values = _values(job)
        # How far it came is told by `go_on`.
        values.pop("done")
        async with self._database.write() as connection:
            await connection.execute(update(_job).where(_job.c.id == job.id).values(values))

    async def take(self, now: float, lease_s: float) -> Job | None:
        """The next job, leased."""
        due = or_(
            _job.c.state == JobState.WAITING.value,
            and_(_job.c.state == JobState.RUNNING.value, _job.c.lease_until < now),
        )
        query = select(_job).where(due).order_by(_job.c.id).limit(1)
        if not await self._database.all(query):
            return None
        async with self._database.write() as connection:
            row = (await connection.execute(query.with_for_update(skip_locked=True))).first()
            if row is None:
                return None
            leased = {"state": JobState.RUNNING.value, "lease_until": now + lease_s}
            await connection.execute(update(_job).where(_job.c.id == row.id).values(leased))
        return _job_of(row, JobState.RUNNING)

    async def go_on(self, job: int, done: int, until: float) -> None:
        """Prolong the lease."""
        async with self._database.write() as connection:
            await connection.execute(
                update(_job).where(_job.c.id == job).values(done=done, lease_until=until)
            )

    async def job(self, workspace: int, job: int) -> Job | None:
        """A job of the workspace."""
        query = select(_job).where(_job.c.workspace == workspace, _job.c.id == job)
        return next(map(_job_of, await self._database.all(query)), None)

    async def jobs(self, workspace: int, limit: int, user: int | None = None) -> list[Job]:
        """Newest first, of everybody or about one user."""
        query = select(_job).where(_job.c.workspace == workspace).order_by(_job.c.id.desc()).limit(limit)
        if user is not None:
            query = query.where(_job.c.user == user)
        return [_job_of(row) for row in await self._database.all(query)]

    async def outdated(self, before: float) -> list[Job]:
        """Finished exports that still lie somewhere."""
        query = select(_job).where(_job.c.blob.is_not(None), _job.c.finished_at < before)
        return [_job_of(row) for row in await self._database.all(query)]

    async def records(self, workspace: int, user: int) -> AsyncIterator[Record]:
        """Everything about the user, without secrets."""
        for name, rows, column in _OWN:
            for row in await self._database.all(select(rows).where(rows.c[column] == user)):
                told: Mapping[str, Any] = row._mapping
                yield name, {key: value for key, value in told.items() if key not in SECRET}

    async def said(self, user: int, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
        """Messages that still have words, in order."""
        key = tuple_(_message.c.conversation, _message.c.seq)
        query = (
            select(_message.c.conversation, _message.c.seq)
            .where(
                _message.c.sender == user,
                _message.c.state != MessageState.RECALLED.value,
                key > tuple_(*after),
            )
            .order_by(_message.c.conversation, _message.c.seq)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in await self._database.all(query)]

    async def places(self, user: int) -> list[int]:
        """Support conversations that the user began."""
        query = select(_ticket.c.conversation).where(_ticket.c.visitor == user)
        return [row[0] for row in await self._database.all(query)]

    async def files(self, user: int, workspace: int) -> list[tuple[int, str, str | None]]:
        """The user's files."""
        query = select(_file.c.id, _file.c.name, _file.c.digest).where(
            _file.c.user == user, _file.c.workspace == workspace
        )
        return [(row[0], row[1], row[2]) for row in await self._database.all(query)]

    async def scrub(self, workspace: int, user: int, now: float) -> None:
        """Take everything personal out of the rows about the user."""
        async with self._database.write() as connection:
            for rows, column in _GONE:
                await connection.execute(delete(rows).where(rows.c[column] == user))
            for change in blanked(workspace, user, now):
                await connection.execute(change)
            await nameless_events(connection, user)

    async def retention(self, workspace: int) -> dict[str, int]:
        """Days by kind."""
        rows = await self._database.all(select(_rule.c.days).where(_rule.c.workspace == workspace))
        return dict(json.loads(rows[0][0])) if rows else {}

    async def set_retention(self, workspace: int, days: Mapping[str, int]) -> None:
        """Replace it."""
        async with self._database.write() as connection:
            await connection.execute(delete(_rule).where(_rule.c.workspace == workspace))
            await connection.execute(insert(_rule).values(workspace=workspace, days=json.dumps(dict(days))))

    async def overdue(self, now: float) -> list[tuple[int, int]]:
        """What the workspaces' rules take away."""
        found: list[tuple[int, int]] = []
        for row in await self._database.all(select(_rule)):
            for kind, days in json.loads(row.days).items():
                if not days:
                    continue
                query = (
                    select(_place.c.id, func.max(_message.c.seq))
                    .join(_message, _message.c.conversation == _place.c.id)
                    .where(
                        _place.c.workspace == row.workspace,
                        _place.c.kind == kind,
                        ~_place.c.policy.contains('"retain_days"', autoescape=True),
                        _message.c.seq > _place.c.retained_through,
                        _message.c.created_at < now - days * DAY_S,
                    )
                    .group_by(_place.c.id)
                )
                found.extend((each[0], each[1]) for each in await self._database.all(query))
        return found


def _values(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "workspace": job.workspace,
        "user": job.user,
        "task": job.task.value,
        "state": job.state.value,
        "asked_by": job.asked_by,
        "at": job.at,
        "done": job.done,
        "finished_at": job.finished_at,
        "error": job.error,
        "blob": job.blob,
        "size": job.size,
    }


def _job_of(row: Any, state: JobState | None = None) -> Job:
    return Job(
        row.id,
        row.workspace,
        row.user,
        Task(row.task),
        state or JobState(row.state),
        row.asked_by,
        row.at,
        row.done,
        row.finished_at,
        row.error,
        row.blob,
        row.size,
    )
