"""A real `myna serve` as a child process."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support import processes
from support.backends import ROOT

SOURCE_ROOTS = ("platform", "agents", "bots", "knowledge", "web")


@dataclass(frozen=True, slots=True)
class MynaServer:
    """A running server."""

    url: str
    """`http://127.0.0.1:port`, without a slash at its end."""
    data: Path
    """Its data folder."""
    log: Path
    """Everything it printed."""
    pid: int
    env: Mapping[str, str] = field(repr=False)
    """The MYNA_* variables that it was started with."""

    @property
    def socket_url(self) -> str:
        """Where its WebSocket is."""
        return f"ws{self.url.removeprefix('http')}/v1/socket"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server of this checkout: nothing of the developer's own settings or keys."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MYNA_", "OPENAI_", "ANTHROPIC_"))
    }
    paths = [str(ROOT / each) for each in SOURCE_ROOTS]
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"} | dict(settings)


def answers(url: str) -> bool:
    """Whether a GET of the address gives a 2xx now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return 200 <= int(response.status) < 300
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def serve(
    folder: Path, *arguments: str, settings: Mapping[str, str] | None = None, ready_s: float = 60.0
) -> Iterator[MynaServer]:
    """`myna serve ARGUMENTS` on a free port with its data in `folder/data`, ready to answer, ended with the block.

    `settings` are MYNA_* variables and win over the defaults here. A server that was ended by the test itself
    (killed, say) is fine.
    """
    port = processes.free_port()
    mine = {
        "MYNA_DATA": str(folder / "data"),
        "MYNA_HOST": "127.0.0.1",
        "MYNA_PORT": str(port),
        "MYNA_TURN_DELAY_MS": "0",
    } | dict(settings or {})
    log = folder / "server.log"
    command = [sys.executable, "-m", "myna.cli", "serve"]
    process = processes.start([*command, *arguments], log=log, env=environment(mine))
    url = f"http://127.0.0.1:{mine['MYNA_PORT']}"
    try:
        processes.wait_until(lambda: answers(f"{url}/health/ready"), process=process, log=log, wait_s=ready_s)
        yield MynaServer(url, Path(mine["MYNA_DATA"]), log, process.pid, mine)
    finally:
        processes.stop(process)
