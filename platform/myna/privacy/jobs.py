"""Runs exports and erasures, one at a time, to their end: a job whose process died begins again in another."""

import asyncio
import json
import logging
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from myna.errors import MynaError
from myna.identity.sign_ins import SignIns
from myna.log.committer import Committer
from myna.log.personal_writes import Expire, Retain
from myna.log.ports import Log
from myna.ports.content import Blobs
from myna.ports.content import Files as FileRows
from myna.privacy.model import Elsewhere, Job, JobState, PrivacyStore, Task
from myna.wire import message_object

LEASE_S = 60.0
POLL_S = 3.0
PAGE = 200
KEPT_S = 7 * 86_400.0
"""How long an export can be downloaded."""
TIDY_S = 600.0
CHUNK = 256 * 1024

logger = logging.getLogger(__name__)


class Jobs:
    """The worker. Erasing twice changes nothing; an export that was cut off is made anew."""

    def __init__(
        self,
        store: PrivacyStore,
        log: Log,
        committer: Committer,
        sign_ins: SignIns,
        files: FileRows,
        blobs: Blobs,
    ) -> None:
        self._store, self._log, self._committer, self._sign_ins = store, log, committer, sign_ins
        self._files, self._blobs = files, blobs
        self.elsewhere: list[Elsewhere] = []
        self.forget: Callable[[], Awaitable[None]] = _nothing
        """Takes what was erased out of indexes that keep deleted words for a while."""
        self.wake = asyncio.Event()
        self._tidied_at = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            while await self.once():
                pass
            self.wake.clear()
            try:
                async with asyncio.timeout(POLL_S):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def once(self) -> bool:
        """Do the next job; whether there was one."""
        now = time.time()
        if now - self._tidied_at >= TIDY_S:
            self._tidied_at = now
            await self._tidy(now)
        job = await self._store.take(now, LEASE_S)
        if job is None:
            return False
        try:
            if job.task is Task.ERASE:
                await self._erase(job)
                ended = replace(job, state=JobState.DONE, finished_at=time.time())
            else:
                ended = await self._export(job)
        except MynaError as failed:
            ended = replace(job, state=JobState.FAILED, finished_at=time.time(), error=failed.message)
        except Exception:
            logger.exception("job %d failed", job.id)
            ended = replace(
                job, state=JobState.FAILED, finished_at=time.time(), error="It failed; see the server's log."
            )
        await self._store.put(ended)
        return True

    async def retain(self, now: float) -> None:
        """Take away what the workspaces' rules say."""
        for conversation, through in await self._store.overdue(now):
            await self._committer.write(Retain(conversation, through, ruled=True))

    async def _tidy(self, now: float) -> None:
        await self.retain(now)
        for job in await self._store.outdated(now - KEPT_S):
            if job.blob is not None:
                await self._blobs.delete(job.blob)
            await self._store.put(replace(job, blob=None))

    async def _erase(self, job: Job) -> None:
        await self._sign_ins.end_all(job.user)
        places = await self._store.places(job.user)
        after, done = (0, 0), 0
        while found := await self._store.said(job.user, after, PAGE):
            by_place: dict[int, list[int]] = {}
            for conversation, seq in found:
                by_place.setdefault(conversation, []).append(seq)
            for conversation, seqs in by_place.items():
                await self._committer.write(Expire(conversation, tuple(seqs), erased=True))
            after, done = found[-1], done + len(found)
            await self._store.go_on(job.id, done, time.time() + LEASE_S)
        for each in self.elsewhere:
            await each.erase(job.workspace, job.user, places)
        await self._store.scrub(job.workspace, job.user, time.time())
        await self.forget()

    async def _export(self, job: Job) -> Job:
        with tempfile.TemporaryDirectory(prefix="myna-export-") as folder:
            path = Path(folder) / "export.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                await self._write(job, archive)
            key = f"exports/{job.id}"
            size = await self._blobs.put(key, _pieces(path))
        return replace(job, state=JobState.DONE, finished_at=time.time(), blob=key, size=size)

    async def _write(self, job: Job, archive: zipfile.ZipFile) -> None:
        lines: dict[str, list[str]] = {}
        async for kind, record in self._store.records(job.workspace, job.user):
            lines.setdefault(kind, []).append(_json(record))
        for each in self.elsewhere:
            for kind, record in await each.records(job.workspace, job.user):
                lines.setdefault(kind, []).append(_json(record))
        for kind, told in sorted(lines.items()):
            archive.writestr(f"{kind}.ndjson", "\n".join(told) + "\n")
        after, done = (0, 0), 0
        with archive.open("messages.ndjson", "w", force_zip64=True) as file:
            while found := await self._store.said(job.user, after, PAGE):
                for conversation, seq in found:
                    read = await self._log.messages(
                        conversation, floor=seq, before=seq + 1, after=None, limit=1
                    )
                    for message in read:
                        file.write((_json(message_object(message)) + "\n").encode())
                after, done = found[-1], done + len(found)
                await self._store.go_on(job.id, done, time.time() + LEASE_S)
        for number, name, digest in await self._store.files(job.user, job.workspace):
            blob = None if digest is None else await self._files.blob(digest)
            if blob is None:
                continue
            with archive.open(f"files/{number}-{_safe(name)}", "w", force_zip64=True) as file:
                async for piece in self._blobs.get(blob[0], 0, None):
                    await asyncio.to_thread(file.write, piece)


async def _nothing() -> None:
    return None


def _json(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)


def _safe(name: str) -> str:
    """A name that stays inside the folder into which somebody unpacks it."""
    kept = "".join(each if each.isalnum() or each in "-_. " else "_" for each in name)
    return kept.strip(". ")[:100] or "file"


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece
