"""The `myna` command. Each subcommand imports what it needs, so that `myna --help` starts at once."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from myna import __version__

_COMMANDS = ("myna_bots.demo.command",)
"""Modules with a `register(add_parser)`; they must be quick to import, since every start reads them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status is 0, 1 for a failure that was explained, or 2 for wrong usage."""
    from myna.errors import MynaError

    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except MynaError as failed:
        print(f"myna: {failed.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="myna",
        description="A self-hosted chat platform in which AI agents are ordinary members of conversations.",
        epilog="Settings come from MYNA_* variables; see docs/operations.md.",
    )
    parser.add_argument("--version", action="version", version=f"myna {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="run the server", description="Run the server until Ctrl-C.")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8000)")
    serve.add_argument("--data", help="folder for everything kept on disk (default ./data)")
    serve.add_argument("--demo", action="store_true", help="load the demo shop at the first start")
    serve.set_defaults(run=_serve)
    migrate = commands.add_parser("migrate", help="bring the database to the newest schema")
    migrate.set_defaults(run=_migrate)
    _bots(commands)
    for module in _COMMANDS:
        importlib.import_module(module).register(commands.add_parser)
    return parser


def _bots(commands: Any) -> None:
    """Add `myna bots` to the command line."""
    bots = commands.add_parser("bots", help="make and run bots", description="Make and run bots.")
    kinds = bots.add_subparsers(metavar="WHAT", required=True)
    new = kinds.add_parser("new", help="make a bot on a server and its program in a new folder")
    new.add_argument("name", help="the bot's handle and the folder's name, for example order_bot")
    new.add_argument(
        "--from",
        dest="example",
        choices=("echo", "orders", "librarian", "standup"),
        default="echo",
        help="the example to begin with",
    )
    new.add_argument(
        "--url", default="http://127.0.0.1:8000", help="the server (default http://127.0.0.1:8000)"
    )
    new.add_argument("--user", default="operator", help="who makes it (default operator)")
    new.add_argument(
        "--password-file", type=Path, help="default data/operator-password.txt, else it is asked for"
    )
    new.set_defaults(run=_bots_new)
    for name, text, action in (
        ("run", "run a bot's program; a Telegram bot talks to Myna without an edit", _bots_run),
        ("dev", "run a bot's program and restart it when a file changes", _bots_dev),
    ):
        kind = kinds.add_parser(name, help=text)
        kind.add_argument("--env", type=Path, default=Path("bot.env"), help="file with BOT_TOKEN and BOT_URL")
        kind.add_argument("--watch", type=Path, action="append", help="folder to watch")
        kind.add_argument("program", nargs=argparse.REMAINDER, help="bot.py, or -- COMMAND ARGUMENTS")
        kind.set_defaults(run=action)


def _bots_new(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.new(options)


def _bots_run(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.run(options)


def _bots_dev(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.dev(options)


def _serve(options: argparse.Namespace) -> int:
    from myna.serve import serve

    return serve(options)


def _migrate(_: argparse.Namespace) -> int:
    import asyncio

    from myna.settings import Settings
    from myna.wiring import open_database

    async def run() -> None:
        await (await open_database(Settings.from_env())).close()

    asyncio.run(run())
    print("The database has the newest schema.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
