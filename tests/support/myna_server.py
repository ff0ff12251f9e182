"""A real `myna serve` as a child process."""

import json
import os
import subprocess
import sys
import time
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


def sign_in(server: MynaServer) -> str:
    """An access token of the operator whom the first start made."""
    password = (server.data / "operator-password.txt").read_text("utf-8").strip()
    body = json.dumps({"handle": "operator", "password": password}).encode()
    request = urllib.request.Request(
        f"{server.url}/v1/auth/sign-in", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return str(json.load(response)["access_token"])


def wait_for_knowledge(server: MynaServer, *, ready_s: float = 600.0) -> None:
    """Returns when the demo's help centre is indexed, so that questions get their final answers."""
    request = urllib.request.Request(
        f"{server.url}/v1/knowledge-bases", headers={"Authorization": f"Bearer {sign_in(server)}"}
    )
    until = time.monotonic() + ready_s
    while time.monotonic() < until:
        with urllib.request.urlopen(request, timeout=30) as response:
            bases = json.load(response)["bases"]
        if bases and all(each["state"] == "ready" and each["chunks"] for each in bases):
            return
        time.sleep(0.3)
    raise TimeoutError(f"the help centre is not ready after {ready_s} s: {bases}")


COMMAND = (sys.executable, "-m", "myna.cli")


def launch(
    folder: Path, *arguments: str, settings: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], MynaServer]:
    """A `myna serve` that begins now; `settings` must hold its port. The caller waits for it and stops it."""
    log = folder / "server.log"
    process = processes.start([*COMMAND, "serve", *arguments], log=log, env=environment(settings))
    url = f"http://127.0.0.1:{settings['MYNA_PORT']}"
    return process, MynaServer(url, Path(settings["MYNA_DATA"]), log, process.pid, settings)


def wait_for(process: subprocess.Popen[bytes], server: MynaServer, *, ready_s: float = 120.0) -> None:
    """Returns when the server is ready for requests."""
    processes.wait_until(
        lambda: answers(f"{server.url}/health/ready"), process=process, log=server.log, wait_s=ready_s
    )


@contextmanager
def serve(folder: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> Iterator[MynaServer]:
    """`myna serve ARGUMENTS` on a free port with its data in `folder/data`, ready to answer, ended with the block.

    `settings` are MYNA_* variables and win over the defaults here. A server that was ended by the test itself
    (killed, say) is fine.
    """
    mine = {
        "MYNA_DATA": str(folder / "data"),
        "MYNA_HOST": "127.0.0.1",
        "MYNA_PORT": str(processes.free_port()),
        "MYNA_TURN_DELAY_MS": "0",
    } | dict(settings or {})
    process, server = launch(folder, *arguments, settings=mine)
    try:
        wait_for(process, server)
        yield server
    finally:
        processes.stop(process)
