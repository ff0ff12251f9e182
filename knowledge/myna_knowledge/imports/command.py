"""The `myna import` command: the same imports as over HTTP, from the command line."""

import argparse
import asyncio
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO, Protocol

from myna.errors import MynaError, NotFound
from myna.rights import Principal
from myna_knowledge.imports.model import Import, ImportState, Origin, Outcome
from myna_knowledge.imports.service import Imports
from myna_knowledge.library import Library

POLL_S = 0.3
TAKEN_S = 5.0
"""So long a running server has to take the import; then this command does it itself."""
PAGE = 200
CHUNK = 1_000_000


class Opened(Protocol):
    """Open imports, the knowledge bases beside them, and in whose name they are done."""

    @property
    def imports(self) -> Imports:
        """Every verb on imports."""
        ...

    @property
    def library(self) -> Library:
        """Every verb on knowledge."""
        ...

    @property
    def who(self) -> Principal:
        """An administrator."""
        ...


def declare(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add the arguments."""
    parser.epilog = "Settings come from MYNA_* variables; see docs/importing.md."
    parser.add_argument("origin", choices=[each.value for each in Origin], help="where the export comes from")
    parser.add_argument("path", type=Path, help="an export (zip, JSON, JSON lines, CSV), or a folder of it")
    parser.add_argument("--inbox", metavar="KEY", help="inbox for contacts and conversations")
    parser.add_argument("--base", metavar="NAME", help="knowledge base for articles; made if there is none")
    parser.add_argument("--report", action="store_true", help="print what became of every record")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from myna.wiring.commands import opened_imports

    async def inside() -> int:
        async with opened_imports() as opened:
            return await run(options, opened)

    return asyncio.run(inside())


async def run(options: argparse.Namespace, opened: Opened) -> int:
    """Do one import and tell what became of it; 1 when a record failed.

    Raises:
        MynaError: there is nothing to read, or no such inbox.
    """
    base = None
    if options.base:
        base = (await opened.library.create_base(opened.who.workspace, options.base)).id
    with tempfile.TemporaryFile() as packed:
        name = await asyncio.to_thread(_pack, options.path, packed)
        job = await opened.imports.begin(
            opened.who, Origin(options.origin), name, _chunks(packed), inbox=options.inbox, base=base
        )
    job = await _done(opened, job)
    await opened.library.drain()
    return await _tell(options, opened, job)


async def _done(opened: Opened, job: Import) -> Import:
    loop = asyncio.get_running_loop()
    ours_at = loop.time() + TAKEN_S
    while job.state in {ImportState.QUEUED, ImportState.RUNNING}:
        if job.state is ImportState.QUEUED and loop.time() > ours_at:
            await opened.imports.step()
        else:
            await asyncio.sleep(POLL_S)
        job = await opened.imports.one(opened.who, job.id)
        if job.total and sys.stderr.isatty():
            sys.stderr.write(f"\r{job.done} of {job.total}")
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return job


async def _tell(options: argparse.Namespace, opened: Opened, job: Import) -> int:
    after = 0
    while rows := await opened.imports.rows(opened.who, job.id, None, after, PAGE):
        for each in rows:
            if options.report or each.outcome is Outcome.FAILED:
                detail = f": {each.detail}" if each.detail else ""
                _say(f"{each.outcome.value}  {each.kind.value} {each.key}  {each.title}{detail}")
        after = rows[-1].number
    told = ", ".join(f"{job.counts[each]} {each.value}" for each in Outcome if job.counts.get(each))
    _say(f"{job.state.value}: {told or 'nothing was found in it'}")
    if job.state is not ImportState.DONE:
        raise MynaError(job.error or f"The import was {job.state.value}.")
    return 1 if job.counts.get(Outcome.FAILED) else 0


def _pack(path: Path, packed: IO[bytes]) -> str:
    """Write what is handed in to `packed`; its name.

    Raises:
        NotFound: there is no such file or folder.
    """
    if not path.exists():
        raise NotFound(f"There is no file or folder {str(path)!r}.")
    name = path.resolve().name
    if path.is_dir():
        _zip(path, packed)
    else:
        packed.write(path.read_bytes())
    packed.seek(0)
    return f"{name}.zip" if path.is_dir() else name


def _zip(folder: Path, packed: IO[bytes]) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file() and not any(part.startswith(".") for part in each.relative_to(folder).parts):
                archive.write(each, each.relative_to(folder))


async def _chunks(packed: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(packed.read, CHUNK):
        yield chunk


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
