"""The verbs on imports, and the worker that does them: durable, with progress, a report of each record, and an end on demand."""

import asyncio
import logging
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from myna.errors import Malformed, MynaError, NotFound, TooLarge
from myna.ids import new_id
from myna.model.workspace import Inbox
from myna.ports.accounts import Accounts
from myna.ports.content import Blobs
from myna.ports.visitors import Visitors
from myna.rights import Principal, Verb, require
from myna_knowledge.imports import chatwoot, docs_tree, intercom
from myna_knowledge.imports.bringing import Bringer, Desk
from myna_knowledge.imports.model import (
    Export,
    Import,
    ImportLease,
    ImportState,
    Kind,
    Origin,
    Outcome,
    Row,
    Talk,
)
from myna_knowledge.imports.opening import MAX_BYTES, entries
from myna_knowledge.imports.people import People, line

log = logging.getLogger(__name__)

LEASE_S = 60.0
IDLE_S = 2.0
"""How often a worker looks for imports that another process queued."""
FAULT_PAUSE_S = 5.0
STEP_S = 0.5
"""Time between two reports of a running import, which is also how soon it notices that it was cancelled."""
STEP_ROWS = 50
LISTED = 50
_READERS = {Origin.CHATWOOT: chatwoot.read, Origin.INTERCOM: intercom.read, Origin.DOCS: docs_tree.read}

Work = Callable[[], Coroutine[Any, Any, Row]]


class Imports:
    """Imports of a workspace. Administrators ask for them; `work` does them in one or more processes."""

    def __init__(self, desk: Desk, blobs: Blobs, accounts: Accounts, visitors: Visitors) -> None:
        self._desk, self._blobs, self._accounts, self._visitors = desk, blobs, accounts, visitors
        self._store = desk.store
        self._worker = secrets.token_hex(8)
        self._queued = asyncio.Event()

    async def begin(
        self,
        who: Principal,
        origin: Origin,
        name: str,
        content: AsyncIterator[bytes],
        *,
        inbox: str | None = None,
        base: int | None = None,
    ) -> Import:
        """A durable import of a file. Importing the same again changes nothing; a newer export adds what is new.

        Raises:
            Forbidden: the asker may not administer. NotFound: no such inbox or knowledge base here.
            TooLarge, Malformed: the file is too large, empty or nameless. Nothing was stored.
        """
        require(who, Verb.ADMINISTER)
        place = await self._inbox(who.workspace, inbox) if inbox is not None else None
        if base is not None:
            await self._desk.library.base(who.workspace, base)
        if place is None and base is None:
            raise Malformed("Say into which inbox or knowledge base it goes.")
        told = line(PurePosixPath(name.replace("\\", "/")).name)
        if told is None:
            raise Malformed("The file needs a name: its ending says how it is read.")
        number, now = new_id(), time.time()
        if not await self._blobs.put(_blob(number), _bounded(content)):
            await self._blobs.delete(_blob(number))
            raise Malformed("The file is empty.")
        job = Import(
            number,
            who.workspace,
            origin,
            told,
            who.user,
            place.id if place else None,
            base,
            ImportState.QUEUED,
            0,
            0,
            {},
            None,
            now,
            now,
        )
        await self._store.add(job)
        self._queued.set()
        return job

    async def newest(self, who: Principal) -> list[Import]:
        """The workspace's imports, newest first."""
        require(who, Verb.ADMINISTER)
        return await self._store.newest(who.workspace, LISTED)

    async def one(self, who: Principal, job: int) -> Import:
        """How far an import is.

        Raises:
            NotFound: there is none with this id here.
        """
        require(who, Verb.ADMINISTER)
        found = await self._store.one(who.workspace, job)
        if found is None:
            raise NotFound(f"There is no import {job}.")
        return found

    async def cancel(self, who: Principal, job: int) -> Import:
        """End an import; what it brought in stays. Raises as `one` does."""
        await self.one(who, job)
        found = await self._store.cancel(who.workspace, job)
        assert found is not None
        if found.state is ImportState.CANCELLED:
            await self._blobs.delete(_blob(job))
        return found

    async def rows(
        self, who: Principal, job: int, outcome: Outcome | None, after: int, limit: int
    ) -> list[Row]:
        """A page of an import's report. Raises as `one` does."""
        await self.one(who, job)
        return await self._store.rows(job, outcome, after, limit)

    async def work(self) -> None:
        """Do imports until cancelled."""
        while True:
            try:
                if await self.step():
                    continue
                async with asyncio.timeout(IDLE_S):
                    await self._queued.wait()
                self._queued.clear()
            except TimeoutError:
                continue
            except Exception:
                log.exception("The worker of imports cannot reach its store")
                await asyncio.sleep(FAULT_PAUSE_S)

    async def step(self) -> bool:
        """Do one import that waits; False when there is none."""
        lease = await self._store.lease(self._worker, LEASE_S)
        if lease is None:
            return False
        try:
            ended = await self._bring(lease)
            if ended:
                await self._store.finish(lease, ImportState.DONE, None)
        except MynaError as error:
            await self._store.finish(lease, ImportState.FAILED, error.message)
        except Exception as error:
            log.exception("Import %d failed", lease.job.id)
            await self._store.finish(lease, ImportState.FAILED, f"{type(error).__name__}: {error}")
        found = await self._store.one(lease.job.workspace, lease.job.id)
        if found is not None and found.state not in {ImportState.QUEUED, ImportState.RUNNING}:
            await self._blobs.delete(_blob(lease.job.id))
        return True

    async def _bring(self, lease: ImportLease) -> bool:
        """Bring in every record that has no row yet; False when the import is not ours any more."""
        job = lease.job
        export = await self._read(job)
        inbox = next(
            (each for each in await self._accounts.inboxes(job.workspace) if each.id == job.inbox), None
        )
        people = People(self._store, self._accounts, self._visitors, job, inbox) if inbox else None
        unresolved = frozenset(
            each.contact.key for each in export.talks.values() if each.contact and not each.resolved
        )
        bringer = Bringer(self._desk, job, inbox, people, unresolved)
        known = await self._store.reported(job.id)
        total = export.size
        rows: list[Row] = [each for each in export.troubles if (each.kind, each.key) not in known]
        rows = list({(each.kind, each.key): each for each in rows}.values())
        if not await self._store.step(lease, rows, total, LEASE_S):
            return False
        rows, told_at = list[Row](), time.monotonic()
        for kind, key, title, bring in _records(export, bringer):
            if (kind, key) in known:
                continue
            try:
                rows.append(await bring())
            except MynaError as error:
                rows.append(Row(kind, key, title, Outcome.FAILED, error.message))
            if len(rows) >= STEP_ROWS or time.monotonic() - told_at > STEP_S:
                if not await self._store.step(lease, rows, total, LEASE_S):
                    return False
                rows, told_at = list[Row](), time.monotonic()
        if job.origin is Origin.DOCS and export.whole:
            gone = await bringer.gone(frozenset(export.articles))
            rows += [each for each in gone if (each.kind, each.key) not in known]
        return await self._store.step(
            lease, rows, total + sum(each.outcome is Outcome.REMOVED for each in rows), LEASE_S
        )

    async def _read(self, job: Import) -> Export:
        export = Export()
        with tempfile.NamedTemporaryFile(prefix="myna-import-") as file:
            async for chunk in self._blobs.get(_blob(job.id), 0, None):
                await asyncio.to_thread(file.write, chunk)
            file.flush()

            def read() -> None:
                _READERS[job.origin](entries(Path(file.name), job.name, export), export)

            await asyncio.to_thread(read)
        return export

    async def _inbox(self, workspace: int, key: str) -> Inbox:
        found = await self._accounts.inbox_by_key(key) if key.isprintable() else None
        if found is None or found.workspace != workspace:
            raise NotFound(f"There is no inbox {key!r}.")
        return found


def _records(export: Export, bringer: Bringer) -> list[tuple[Kind, str, str, Work]]:
    def of(kind: Kind, key: str, title: str, work: Work) -> tuple[Kind, str, str, Work]:
        return kind, key, title, work

    def began(talk: Talk) -> float:
        return talk.said[0].at if talk.said else 0.0

    return [
        *(
            of(Kind.CONTACT, key, each.name, partial(bringer.contact, each))
            for key, each in export.contacts.items()
        ),
        *(
            of(Kind.REPLY, key, each.shortcut, partial(bringer.reply, each))
            for key, each in export.replies.items()
        ),
        *(
            of(Kind.ARTICLE, key, each.title, partial(bringer.article, each))
            for key, each in export.articles.items()
        ),
        # Oldest first, so that several conversations of one customer follow one another as they did.
        *(
            of(Kind.CONVERSATION, each.key, each.key, partial(bringer.talk, each))
            for each in sorted(export.talks.values(), key=began)
        ),
    ]


def _blob(job: int) -> str:
    return f"imports/{job}"


async def _bounded(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in content:
        size += len(chunk)
        if size > MAX_BYTES:
            raise TooLarge(f"At most {MAX_BYTES:,} bytes are imported at once. Split the export.")
        yield chunk
