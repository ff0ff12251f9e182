"""What administrators and people ask for: exports, erasures, and how long conversations are kept."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from myna.errors import Conflict, Malformed, NotFound
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.limits.bounds import Limits
from myna.log.committer import Committer
from myna.model.conversation import ConversationKind
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.ports.accounts import Accounts
from myna.ports.content import Blobs
from myna.privacy.jobs import KEPT_S, Jobs
from myna.privacy.model import Job, JobState, PrivacyStore, Task
from myna.rights import Principal, Verb, require
from myna.wire import optional_id, stamp

KINDS = tuple(kind.value for kind in ConversationKind if kind is not ConversationKind.SAVED)
MAX_DAYS = 36_500


class Privacy:
    """Everything about one person, and rules of retention. Decisions leave lines in the audit log, without a name."""

    def __init__(
        self,
        store: PrivacyStore,
        jobs: Jobs,
        accounts: Accounts,
        committer: Committer,
        blobs: Blobs,
        limits: Limits,
    ) -> None:
        self.store, self.jobs = store, jobs
        self._accounts, self._trail, self._blobs, self._limits = accounts, Trail(committer), blobs, limits

    async def ask(self, asker: Principal, user: int, task: Task) -> dict[str, Any]:
        """Begin an export or an erasure.

        Raises:
            Forbidden: only administrators may, and for an export whom it is about. NotFound: there is no such user here.
            Conflict: a bot or the last owner is not erased.
        """
        own = user == asker.user and task is Task.EXPORT and asker.kind is not UserKind.BOT
        if not own:
            require(asker, Verb.ADMINISTER)
        await self._limits.take("export_user", asker.user)
        found = await self._accounts.user(user)
        if found is None or found.workspace != asker.workspace:
            raise NotFound(f"There is no user {user}.")
        if task is Task.ERASE:
            _check_erasable(asker, found)
        made = Job(new_id(), asker.workspace, user, task, JobState.WAITING, asker.user, time.time())
        async with self._trail.act(asker, f"person.{task}", f"user:{user}", job=str(made.id)):
            job = await self.store.add(made)
        self.jobs.wake.set()
        return job_object(job)

    async def job(self, asker: Principal, job: int) -> Job:
        """A job that the asker may see. Raises NotFound."""
        found = await self.store.job(asker.workspace, job)
        if found is None or found.user != asker.user:
            require(asker, Verb.ADMINISTER)
        if found is None:
            raise NotFound(f"There is no job {job}.")
        return found

    async def listed(self, asker: Principal) -> list[dict[str, Any]]:
        """Jobs of the workspace, newest first."""
        require(asker, Verb.ADMINISTER)
        return [job_object(each) for each in await self.store.jobs(asker.workspace, 100)]

    async def mine(self, asker: Principal) -> list[dict[str, Any]]:
        """Exports about the asker, newest first."""
        found = await self.store.jobs(asker.workspace, 20, asker.user)
        return [job_object(each) for each in found if each.task is Task.EXPORT]

    async def content(self, asker: Principal, job: int) -> tuple[AsyncIterator[bytes], int]:
        """The export and its size. Raises NotFound when there is none, or none any more."""
        found = await self.job(asker, job)
        if found.blob is None:
            raise NotFound("This export is not there: not ready yet, or older than a week.", code="no_export")
        if found.user != asker.user:
            await self._trail.note(asker, "person.downloaded", f"user:{found.user}", job=str(found.id))
        return self._blobs.get(found.blob, 0, None), found.size

    async def retention(self, asker: Principal) -> dict[str, int]:
        """Days by kind of conversation; 0: for ever."""
        require(asker, Verb.ADMINISTER)
        return dict.fromkeys(KINDS, 0) | await self.store.retention(asker.workspace)

    async def set_retention(self, asker: Principal, days: Mapping[str, int]) -> dict[str, int]:
        """Keep conversations of these kinds for so many days. Raises Malformed."""
        require(asker, Verb.ADMINISTER)
        for kind, count in days.items():
            if kind not in KINDS or not 0 <= count <= MAX_DAYS:
                raise Malformed(
                    f"{kind!r}: {count} is none of the days from 0 to {MAX_DAYS} of {', '.join(KINDS)}."
                )
        async with self._trail.act(asker, "retention.changed", "workspace", **dict(days)):
            await self.store.set_retention(asker.workspace, days)
        return await self.retention(asker)


def _check_erasable(asker: Principal, user: User) -> None:
    if user.kind is UserKind.BOT:
        raise Conflict("A bot is deleted, not erased.", code="is_a_bot")
    if user.id == asker.user:
        raise Conflict("Somebody else must erase you.", code="yourself")
    if user.role is WorkspaceRole.OWNER:
        raise Conflict("Take the role of an owner away first.", code="is_an_owner")


def job_object(job: Job) -> dict[str, Any]:
    """A job as administrators see it."""
    until = None if job.finished_at is None or job.blob is None else stamp(job.finished_at + KEPT_S)
    return {
        "id": str(job.id),
        "user": str(job.user),
        "task": job.task,
        "state": job.state,
        "asked_by": optional_id(job.asked_by),
        "at": stamp(job.at),
        "messages": job.done,
        "finished_at": None if job.finished_at is None else stamp(job.finished_at),
        "error": job.error,
        "size": job.size,
        "download_until": until,
    }
