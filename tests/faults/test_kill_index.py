"""kill -9 while knowledge is ingested, at random times and in the middle of Chroma's flush: nothing acknowledged is lost.

Flushing is what loses vectors: Chroma's graph is written in several files, and a process that dies between them leaves a folder
that may open and answer from a part of what it held. The store holds the vectors, so that must not matter.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from myna_knowledge.library import Library
from myna_knowledge.ports import collection_name
from support import processes
from support.backends import ROOT
from support.ingesting import library_of

START_S = 60.0


def ingesting(folder: Path, first: int) -> subprocess.Popen[bytes]:
    return processes.start(
        [sys.executable, "-m", "support.ingesting", folder, str(first)],
        log=folder / "out.log",
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )


def done(folder: Path) -> list[int]:
    """The pages whose ingestion was acknowledged."""
    return [int(line) for line in (folder / "out.log").read_text().split() if line.isdigit()]


def flushing(folder: Path) -> dict[str, tuple[int, int]]:
    """Chroma's graph files as they stand on disk."""
    found = {}
    for path in (folder / "chroma").glob("*/*.bin"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        found[str(path)] = (stat.st_mtime_ns, stat.st_size)
    return found


def killed(folder: Path, first: int, ready: Callable[[], bool]) -> None:
    """Ingest until `ready`, then kill -9 at that very moment."""
    process = ingesting(folder, first)
    try:
        until = time.monotonic() + START_S
        while not ready():
            assert process.poll() is None, (folder / "out.log").read_text()
            assert time.monotonic() < until, "the moment to kill never came"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        processes.stop(process)


async def check(folder: Path, pages: list[int]) -> None:
    """Every acknowledged piece answers at once, and again from the rebuilt index, which holds just what the store holds."""
    database, library = library_of(folder)
    try:
        base = (await library.create_base(1, "Help")).id
        await found_again(library, base, pages)
        await library.drain()
        await found_again(library, base, pages)
        dense = library._dense
        assert dense is not None
        assert dense._index is not None
        assert await dense.settle()
        counts = await library._store.pieces.counts(base, "words/1")
        for lang, count in counts.items():
            assert await dense._index.count(collection_name(base, lang, "words/1")) == count
        # From here on the index itself answers.
        dense._exact.query = None  # type: ignore[method-assign, assignment]  # it would fail if it were asked
        await found_again(library, base, pages)
    finally:
        await library.close()
        await database.close()


async def found_again(library: Library, base: int, pages: list[int]) -> None:
    for number in pages:
        for part in range(4):
            hits = await library.retrieve([base], f"thing{number}x{part} room{number}x{part}", k=1)
            assert f"Thing{number}x{part} " in hits.passages[0].text
            assert hits.features["cosine"] > 0.3, "found by words alone: the vector is gone"


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_a_random_time(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    folder = tmp_path / "kb"
    folder.mkdir()
    (folder / "out.log").touch()
    for life in range(2):
        first, before = 1000 * life, len(done(folder))
        wanted, later = before + draw.randint(2, 25), time.monotonic() + START_S

        def ready(wanted: int = wanted, pause: float = draw.random() * 0.05, later: float = later) -> bool:
            if len(done(folder)) < wanted and time.monotonic() < later:
                return False
            end = time.monotonic() + pause
            while time.monotonic() < end:
                pass
            return True

        killed(folder, first, ready)
        await check(folder, done(folder))


@pytest.mark.parametrize("changes", [1, 3])
async def test_killed_in_the_middle_of_a_flush(tmp_path: Path, changes: int) -> None:
    folder = tmp_path / "kb"
    folder.mkdir()
    (folder / "out.log").touch()
    seen: list[dict[str, tuple[int, int]]] = []

    def ready() -> bool:
        # The files are made when a collection is opened; a flush is what changes them later.
        if not seen and len(done(folder)) < 4:
            return False
        now = flushing(folder)
        if not seen or now != seen[-1]:
            seen.append(now)
        return len(seen) > changes

    killed(folder, 0, ready)
    pages = done(folder)
    assert pages
    await check(folder, pages)
