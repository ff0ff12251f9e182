"""Child processes that cannot outlive the tests, and how to wait for them."""

import atexit
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_running: list[subprocess.Popen[bytes]] = []
_chance = random.SystemRandom()
_PORTS = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections (32768 and above), and none that Chromium refuses to call."""


def start(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    death_signal: str = "KILL",
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """A process in its own group, whose output goes to `log`.

    It ends with `stop`, at the interpreter's exit, and (on Linux) when this process dies in whatever way: the
    kernel then sends it `death_signal`. `user` is taken only when this process is root.
    """
    command = [str(each) for each in argv]
    setpriv = shutil.which("setpriv")
    if setpriv:
        identity: list[str] = []
        if user and os.getuid() == 0:
            entry = pwd.getpwnam(user)
            identity = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        command = [setpriv, *identity, f"--pdeathsig={death_signal}", "--", *command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            start_new_session=True,
            cwd=cwd,
        )
    _running.append(process)
    return process


def stop(
    process: subprocess.Popen[bytes], *, first: signal.Signals = signal.SIGTERM, wait_s: float = 10.0
) -> int:
    """Asks with `first`, then kills the whole group; the exit code (negative: the signal that ended it)."""
    if process.poll() is None:
        process.send_signal(first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process in _running:
        _running.remove(process)
    return process.wait(wait_s)


@atexit.register
def _stop_all() -> None:
    for process in list(_running):
        stop(process, wait_s=3.0)


def wait_until(
    ready: Callable[[], bool], *, process: subprocess.Popen[bytes], log: Path, wait_s: float = 120.0
) -> None:
    """Returns when `ready()` holds; fails with the end of the log when the process ended or time is over."""
    deadline = time.monotonic() + wait_s
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"Ended with {process.returncode} before it was ready:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"Not ready within {wait_s} s:\n{tail(log)}")
        time.sleep(0.02)


def tail(log: Path, lines: int = 40) -> str:
    """The last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A loopback port that nothing listens on now.

    A server needs seconds from here until it listens. In that time no outgoing connection can take the port, and another
    test process would have to draw the same number.
    """
    for _ in range(1000):
        port = _chance.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port of this machine is free.")


def accepts(port: int) -> bool:
    """Whether something on this machine accepts connections on the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False
