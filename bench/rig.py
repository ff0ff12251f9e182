"""A server on core 0, the load generator on core 1, and what the machine is."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / each) for each in ("platform", "agents", "bots", "knowledge", "web", "tests")]

from myna.ids import new_id  # noqa: E402 - the paths come first
from support import myna_server, processes, servers  # noqa: E402
from support.population import Crowd, Population, fill  # noqa: E402

SERVER_CORE, LOAD_CORE = "0", "1"
QUIET = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_CONNECTS_PER_S": "0", "MYNA_LIMITS": "off"}
"""Nothing runs beside the message path; connects and messages are measured, not limited."""


@dataclass(slots=True)
class Rig:
    """A running server with people in it."""

    server: myna_server.MynaServer
    people: Population
    folder: Path

    def load(self, *options: str, senders: int = 1) -> dict[str, Any]:
        """What the load generator measured, with the share of its core that the server took meanwhile."""
        cast = self.people.cast(self.folder / "cast", senders=senders)
        before, at = cpu_s(self.server.pid), time.monotonic()
        with subprocess.Popen(
            [*pinned(LOAD_CORE), str(generator()), "127.0.0.1", self.port, str(cast), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as running:
            prefer(running.pid)
            out, complaints = running.communicate(timeout=300)
        if running.returncode != 0 or not out:
            raise RuntimeError(f"the load generator failed: {complaints}\n{processes.tail(self.server.log)}")
        found: dict[str, Any] = json.loads(out)
        found["server_cpu"] = round((cpu_s(self.server.pid) - before) / (time.monotonic() - at), 3)
        if complaints:
            found["complaints"] = complaints.strip().splitlines()[:3]
        return found

    @property
    def port(self) -> str:
        """The server's port."""
        return self.server.url.rsplit(":", 1)[1]


def rig(
    *,
    users: int,
    groups: list[list[int]],
    messages: int = 0,
    database: str = "sqlite",
    settings: Mapping[str, str] | None = None,
) -> AbstractContextManager[Rig]:
    """A fresh server with a conversation for each list of members."""
    crowd = Crowd(users, {new_id(): members for members in groups}, messages)
    return rig_of(crowd, database=database, settings=settings)


@contextmanager
def rig_of(
    crowd: Crowd, *, database: str = "sqlite", settings: Mapping[str, str] | None = None
) -> Iterator[Rig]:
    """A fresh server with a population, on SQLite or on a private PostgreSQL that syncs its disk."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="myna-bench-", dir=_scratch())))
        url = f"sqlite:///{folder / 'data' / 'myna.db'}"
        if database == "postgres":
            cluster = stack.enter_context(servers.postgres(durable=True))
            url = stack.enter_context(cluster.database("bench"))
            _pin_tree(cluster.port)
        people = fill(url, folder / "data", crowd)
        mine = {"MYNA_DATABASE": url, "MYNA_MODERATION": "0", **QUIET, **dict(settings or {})}
        with _served(folder, mine) as server:
            yield Rig(server, people, folder)


@contextmanager
def quiet_server(folder: Path, people: Population) -> Iterator[Rig]:
    """A server over a database that was filled before, in `data` inside a folder."""
    mine = {"MYNA_DATABASE": f"sqlite:///{folder / 'data' / 'myna.db'}", "MYNA_MODERATION": "0", **QUIET}
    with _served(folder, mine) as server:
        yield Rig(server, people, folder)


@contextmanager
def _served(folder: Path, settings: Mapping[str, str]) -> Iterator[myna_server.MynaServer]:
    # A child keeps its parent's core, so this process goes there while it starts the server.
    mine = os.sched_getaffinity(0)
    if len(mine) > 1:
        os.sched_setaffinity(0, {int(SERVER_CORE)})
    try:
        with ExitStack() as stack:
            server = stack.enter_context(myna_server.serve(folder, settings=settings))
            os.sched_setaffinity(0, mine)
            prefer(server.pid)
            yield server
    finally:
        os.sched_setaffinity(0, mine)


def _pin_tree(port: int) -> None:
    """PostgreSQL shares the server's core: figures are for one core in all."""
    for line in subprocess.run(
        ["pgrep", "-f", f"port={port}"], capture_output=True, text=True, check=False
    ).stdout.split():
        subprocess.run(["taskset", "-acp", SERVER_CORE, line], capture_output=True, check=False)


def pinned(core: str) -> list[str]:
    """The beginning of a command that stays on one core; empty on a machine with a single one."""
    return ["taskset", "-c", core] if (os.cpu_count() or 1) > 1 and shutil.which("taskset") else []


def prefer(pid: int) -> None:
    """Let a process's session come before other work of this machine, where the kernel groups by session and permits it."""
    try:
        Path(f"/proc/{pid}/autogroup").write_text("-20")
    except OSError:
        return


def generator() -> Path:
    """The load generator, compiled when its source is newer."""
    source, made = Path(__file__).with_name("load.c"), ROOT / "build" / "bench" / "load"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(source)], check=True)
    return made


def cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid: int) -> dict[str, int]:
    """The proportional and the resident memory of a process, in kB."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {row.split(":")[0]: int(row.split()[1]) for row in rows}
    return {"pss": found["Pss"], "rss": found["Rss"]}


def machine() -> dict[str, Any]:
    """What a figure depends on."""
    model = [
        row.split(":")[1].strip()
        for row in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in row
    ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "cpu": model[0] if model else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "versions": {
            name: version(name)
            for name in ("fastapi", "uvicorn", "picows", "uvloop", "sqlalchemy", "msgspec", "asyncpg")
        },
        "commit": commit.stdout.strip(),
        "load_average": os.getloadavg()[0],
        "fdatasync_ms": fdatasync_ms(),
    }


def fdatasync_ms() -> float:
    """The median time until 4 KiB are on this disk."""
    times = []
    with tempfile.NamedTemporaryFile(dir=_scratch()) as file:
        for _ in range(30):
            file.write(b"x" * 4096)
            file.flush()
            at = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - at)
    return round(sorted(times)[15] * 1000, 3)


def _scratch() -> Path:
    """On a disk: a folder in memory would make commits look cheaper than they are."""
    made = ROOT / "build" / "bench"
    made.mkdir(parents=True, exist_ok=True)
    return made
