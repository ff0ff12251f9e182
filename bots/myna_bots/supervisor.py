"""Bots as supervised programs: each its own process with its own key, bounds on what it may use, and a restart when it dies.

There is no sandbox of restricted imports here: a program of somebody else is kept apart by the operating system. The bounds are
`setrlimit` (Linux, macOS): memory, processor time, open files, size of files. For more, run `myna bots up` in a container.
"""

import logging
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, cast

from myna.errors import MynaError
from myna_bots.tools import command_of, environment, stop

FIRST_RESTART_S, LAST_RESTART_S = 1.0, 60.0
CALM_S = 60.0
"""A program that ran so long is restarted at once again."""
LOOK_S = 0.1
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a bot sees of the supervisor's environment: neither other bots' keys nor the server's settings."""

logger = logging.getLogger("myna.supervisor")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; 0 means no bound."""

    memory_mb: int = 512
    cpu_s: int = 0
    """Processor seconds in one run."""
    open_files: int = 256
    file_mb: int = 100


@dataclass(frozen=True, slots=True)
class Program:
    """A bot to keep running."""

    name: str
    command: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(repr=False)
    limits: Limits


@dataclass(slots=True)
class _Kept:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    due_at: float = 0.0
    wait_s: float = FIRST_RESTART_S


def programs_of(file: Path) -> list[Program]:
    """The programs of a file such as docs/bots/running.md shows.

    Raises:
        MynaError: with what is wrong and where.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as failed:
        raise MynaError(f"{file} cannot be read: {failed.strerror}.") from failed
    except tomllib.TOMLDecodeError as wrong:
        raise MynaError(f"{file} is no TOML: {wrong}.") from wrong
    listed = found.get("bot")
    if not isinstance(listed, list) or not listed:
        raise MynaError(f"{file} names no bot: write [[bot]] with name and command.")
    made = [_program(file, cast("dict[str, Any]", each)) for each in cast("list[object]", listed)]
    names = [each.name for each in made]
    if len(set(names)) != len(names):
        raise MynaError(f"{file}: two bots have the same name.")
    return made


def _program(file: Path, given: Mapping[str, Any]) -> Program:
    name, command = given.get("name"), given.get("command")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise MynaError(f"{file}: each bot needs a name of letters, digits, - and _.")
    unknown = given.keys() - {"name", "command", "folder", "env_file", "env", "limits"}
    if unknown:
        raise MynaError(f"{file}: {name} has the unknown keys {', '.join(sorted(unknown))}.")
    words = shlex.split(command) if isinstance(command, str) else command
    if (
        not isinstance(words, list)
        or not words
        or not all(isinstance(each, str) for each in cast("list[object]", words))
    ):
        raise MynaError(f"{file}: {name} needs a command: a string or a list of strings.")
    folder = (file.parent / str(given.get("folder", "."))).resolve()
    if not folder.is_dir():
        raise MynaError(f"{file}: the folder {str(folder)!r} of {name} does not exist.")
    bounds: Mapping[str, Any] = given.get("limits") or {}
    fields = Limits.__dataclass_fields__.keys()
    for key, value in bounds.items():
        if key not in fields or not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise MynaError(
                f"{file}: limits of {name} are whole numbers named {', '.join(fields)}; not {key} = {value!r}."
            )
    own = environment(folder / str(given.get("env_file", "bot.env")))
    kept = {
        key: value
        for key, value in own.items()
        if key in {*PASSED, "PYTHONPATH", "NODE_OPTIONS"} or key.startswith("BOT_")
    }
    named: Mapping[Any, Any] = given.get("env") or {}
    extra = {str(key): str(value) for key, value in named.items()}
    return Program(
        name, tuple(command_of(cast("list[str]", words), folder)), folder, {**kept, **extra}, Limits(**bounds)
    )


def limited(limits: Limits) -> Callable[[], None]:
    """What the child does before it becomes the program."""

    def apply() -> None:
        megabyte = 1024 * 1024
        for kind, value in (
            (resource.RLIMIT_AS, limits.memory_mb * megabyte),
            (resource.RLIMIT_CPU, limits.cpu_s),
            (resource.RLIMIT_NOFILE, limits.open_files),
            (resource.RLIMIT_FSIZE, limits.file_mb * megabyte),
            (resource.RLIMIT_CORE, 0),
        ):
            if value or kind == resource.RLIMIT_CORE:
                resource.setrlimit(kind, (value, value))

    return apply


class Supervisor:
    """Keeps programs running until `stop`. A program that dies again and again is started ever more seldom."""

    def __init__(self, programs: Sequence[Program], clock: Callable[[], float] = time.monotonic) -> None:
        self._kept = [_Kept(each) for each in programs]
        self._clock = clock
        self._stopping = threading.Event()

    def run(self) -> None:
        """Run until `stop`; then every program is asked to end, and made to."""
        try:
            while not self._stopping.is_set():
                self.look()
                self._stopping.wait(LOOK_S)
        finally:
            for each in self._kept:
                if each.process is not None:
                    stop(each.process)

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    def look(self) -> None:
        """Start what is due; note what has ended."""
        now = self._clock()
        for each in self._kept:
            if each.process is None:
                if now >= each.due_at:
                    self._start(each, now)
            elif (status := each.process.poll()) is not None:
                ran_s = now - each.started_at
                each.wait_s = FIRST_RESTART_S if ran_s > CALM_S else min(each.wait_s * 2, LAST_RESTART_S)
                each.due_at = now + each.wait_s
                each.process = None
                logger.warning(
                    "%s ended after %.1f s with %s; it starts again in %.0f s",
                    each.program.name,
                    ran_s,
                    _told(status),
                    each.wait_s,
                )

    def _start(self, kept: _Kept, now: float) -> None:
        program = kept.program
        try:
            kept.process = subprocess.Popen(  # noqa: S603 - the operator's own programs
                program.command,
                env=dict(program.env),
                cwd=program.folder,
                preexec_fn=limited(program.limits),  # noqa: PLW1509 - this process has one thread
                start_new_session=True,
            )
        except OSError as failed:
            kept.due_at = now + LAST_RESTART_S
            logger.error("%s cannot be started: %s", program.name, failed)
            return
        kept.started_at = now
        logger.info("%s runs as process %d", program.name, kept.process.pid)


def _told(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def up(file: Path) -> int:
    """`myna bots up`: run the programs of a file until Ctrl-C or SIGTERM."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    supervisor = Supervisor(programs_of(file))

    def stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.stop()

    signal.signal(signal.SIGTERM, stop)
    try:
        supervisor.run()
    except KeyboardInterrupt:
        return os.EX_OK
    return os.EX_OK
