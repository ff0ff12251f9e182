"""`myna serve`: one process with HTTP, WebSocket, SSE, agents and ingestion on one event loop."""

import argparse
import dataclasses
import gc
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from myna import __version__
from myna.api.heads import BoundedHttp
from myna.api.live.socket import SocketServer
from myna.api.live.upgrade import protocol_class
from myna.first_start import HANDLE, PASSWORD_FILE, FirstStart
from myna.personal_data import Kind, replaced
from myna.settings import Settings
from myna.wiring.server import build_app

DRAIN_S = 10
"""How long open requests may take when the server stops."""
COLLECT_AFTER = (10_000, 4, 500)
"""Containers made and not yet gone after which the youngest are looked at for cycles; so many such passes until those that
stayed are looked at a second time; so many of these until all are
(https://docs.python.org/3.11/library/gc.html#gc.set_threshold).

Each pass stops every client for as long as it takes, and the second number bounds the second look, here to 50,000 containers:
with 20 it took 60 to 90 ms of the processor while 8,000 people came (measured). Smaller steps are no more work in all, since
every container gets one second look either way. The third number keeps looks at everything rare; cycles that live that long
are few, and are still found.
"""


def serve(options: argparse.Namespace) -> int:
    """Run until a signal. Exit status 3 means that the start failed; the reason is on standard error."""
    settings = settings_of(options)
    log = logging.StreamHandler(sys.stderr)
    log.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[log])
    for noisy in ("httpx", "alembic", "chromadb", "picows"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    firsts: list[FirstStart] = []
    app, sockets = build_app(settings, firsts.append)

    def server_of_sockets() -> SocketServer:
        return sockets[-1]

    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=protocol_class(server_of_sockets),
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=BoundedHttp,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
        backlog=4096,
    )
    server = _Server(config, lambda: _greet(settings, firsts[-1]), lambda: server_of_sockets().drain())
    server.run()
    return 0 if server.started else 3


class Discreet(logging.Formatter):
    """Lines of the log without e-mail addresses, also in what libraries and tracebacks say. People stand there by their ids."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, or several with a traceback."""
        text = super().format(record)
        return replaced(text, lambda kind, _: f"[{kind}]", (Kind.EMAIL,)) if "@" in text else text


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and says goodbye to its clients before it waits for them."""

    def __init__(
        self, config: uvicorn.Config, listening: Callable[[], None], leaving: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._listening, self._leaving = listening, leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            collect_rarely()
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.started:
            self._leaving()
        await super().shutdown(sockets)


def collect_rarely() -> None:
    """Let the cyclic collector look at what comes from now on only, and less often.

    A full pass over what was loaded stopped every client for 190 ms (measured); nearly all objects of a message die by
    reference counting.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def settings_of(options: argparse.Namespace) -> Settings:
    """Settings from the environment, overridden by command-line options."""
    settings = Settings.from_env()
    given: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("host", "port", "data")
        if getattr(options, name) is not None
    }
    if options.demo:
        given["demo"] = True
    return dataclasses.replace(settings, **given)


def _greet(settings: Settings, first: FirstStart) -> None:
    """Say where everything is. The password is shown once, when it was made; afterwards it is only in the file."""
    base, file = settings.base_url, settings.data_dir / PASSWORD_FILE
    secret = first.password if first.password is not None else f"in {file}"
    lines = [
        "",
        f"  Myna {__version__} is running.",
        "",
        *([f"  Demo shop with the chat    {base}/demo"] if settings.demo else []),
        f"  Dashboard                  {base}/dashboard/",
        f"      sign in as             {HANDLE}",
        f"      password               {secret}",
        *([f"      (kept in {file})"] if first.password is not None else []),
        f"  API documentation          {base}/docs",
        "",
        "  Stop                       Ctrl-C",
        "",
    ]
    print("\n".join(lines), flush=True)
