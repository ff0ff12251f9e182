"""The `myna` command. Each subcommand imports what it needs, so that `myna --help` starts at once."""

import argparse
import gc
import importlib
import sys
from collections.abc import Mapping, Sequence

from myna import __version__

_COMMANDS = ("myna_bots.demo.command",)
"""Modules with a `register(add_parser)`; they must be quick to import, since every start reads them."""
LAZY: Mapping[str, tuple[str, str]] = {
    "bots": ("myna_bots.commands", "make and run bots, and run Telegram bots without an edit"),
    "eval": ("myna_agents.evaluation.command", "judge retrieval, answers and abstention on cases in files"),
    "import": (
        "myna_knowledge.imports.command",
        "bring in what Chatwoot or Intercom exported, or a folder of documentation",
    ),
    "kb": ("myna_knowledge.command", "fill, list, search, export and judge knowledge bases"),
    "moderation": ("myna_agents.moderation.command", "train the spam filter on your own messages"),
}
"""Module and help of the subcommands that other packages bring. The module's `declare(parser, rest)` adds the arguments
and sets `run`; it is loaded only when its subcommand is used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status is 0, 1 for a failure that was explained, or 2 for wrong usage."""
    from myna.errors import MynaError

    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser(given).parse_args(given)
    try:
        return int(options.run(options) or 0)
    except MynaError as failed:
        print(f"myna: {failed.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
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
    migrate.add_argument(
        "--restored", action="store_true", help="after restoring a backup: tell clients to begin anew"
    )
    migrate.set_defaults(run=_migrate)
    keys = commands.add_parser("keys", help="make a new key that signs access tokens")
    keys.add_argument("what", choices=["rotate"], help="the old key verifies for another hour")
    keys.set_defaults(run=_rotate)
    for module in _COMMANDS:
        importlib.import_module(module).register(commands.add_parser)
    for name, (module, told) in LAZY.items():
        brought = commands.add_parser(name, help=told, description=told[0].upper() + told[1:] + ".")
        if arguments and arguments[0] == name:
            importlib.import_module(module).declare(brought, arguments[1:])
    return parser


COLLECT_LOADING = (100_000, 50, 100)
"""How often the cyclic collector looks while the server is loaded (see `gc.set_threshold`): nearly all of that stays, and with
Python's own numbers looking at it again and again took 0.6 s of the processor (measured). `serve` sets its own afterwards."""


def _serve(options: argparse.Namespace) -> int:
    gc.set_threshold(*COLLECT_LOADING)
    from myna.serve import serve

    return serve(options)


def _migrate(options: argparse.Namespace) -> int:
    import asyncio

    from myna.settings import Settings
    from myna.wiring.backends import open_database, renew_log

    async def run() -> None:
        database = await open_database(Settings.from_env())
        try:
            if options.restored:
                await renew_log(database)
        finally:
            await database.close()

    asyncio.run(run())
    print("The database has the newest schema.")
    return 0


def _rotate(_: argparse.Namespace) -> int:
    from myna.identity.signing import FILE, rotate
    from myna.identity.tokens import load_key
    from myna.settings import Settings

    settings = Settings.from_env()
    own = load_key(settings.data_dir / "secret.key")
    made = rotate(own, settings.data_dir / FILE, settings.token_algorithm)
    print(f"Access tokens are signed by the new key {made.kid} from now on; nobody is signed out.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
