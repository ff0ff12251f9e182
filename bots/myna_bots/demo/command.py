"""The command line of `myna demo`."""

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from myna.errors import Malformed


def register(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the subcommand; `add` is `add_parser` of the command line's subcommands."""
    demo = add(
        "demo",
        help="play the main job in the terminal against a running server",
        description="A customer asks, is answered with sources, gets a person, and spam is held: over the public API of a "
        "server that runs with --demo.",
    )
    demo.add_argument("--url", help="where the server is (default http://127.0.0.1:8000)")
    demo.add_argument("--data", help="the server's data folder, for the operator's password (default ./data)")
    demo.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Play it; the exit status is 0 when everything happened as it should."""
    from myna_bots.demo.paper import Paper
    from myna_bots.demo.story import password_in, tell

    port = os.environ.get("MYNA_PORT", "8000")
    url = (options.url or f"http://127.0.0.1:{port}").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Malformed(f"--url is {url!r}; it must be like http://127.0.0.1:8000.")
    data = Path(options.data or os.environ.get("MYNA_DATA") or "./data")
    password = os.environ.get("DEMO_PASSWORD") or password_in(data)
    asyncio.run(tell(url, password, Paper()))
    return 0
