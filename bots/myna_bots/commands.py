"""The words of `myna bots`; what they do is loaded when it is asked for."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def declare(bots: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add what `myna bots` understands."""
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
    new.set_defaults(run=_new)
    for name, text, action in (
        ("run", "run a bot's program; a Telegram bot talks to Myna without an edit", _run),
        ("dev", "run a bot's program and restart it when a file changes", _dev),
    ):
        kind = kinds.add_parser(name, help=text)
        kind.add_argument("--env", type=Path, default=Path("bot.env"), help="file with BOT_TOKEN and BOT_URL")
        kind.add_argument("--watch", type=Path, action="append", help="folder to watch")
        kind.add_argument("program", nargs=argparse.REMAINDER, help="bot.py, or -- COMMAND ARGUMENTS")
        kind.set_defaults(run=action)
    up = kinds.add_parser("up", help="keep the bots of a file running, each within bounds")
    up.add_argument("file", type=Path, help="a TOML file with [[bot]] sections; see docs/bots/running.md")
    up.set_defaults(run=_up)


def _new(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.new(options)


def _run(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.run(options)


def _dev(options: argparse.Namespace) -> int:
    from myna_bots import tools

    return tools.dev(options)


def _up(options: argparse.Namespace) -> int:
    from myna_bots import supervisor

    return supervisor.up(options.file)
