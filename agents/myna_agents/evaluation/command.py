"""The `myna eval` command."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from myna.errors import MynaError
from myna_agents.evaluation.kinds import KINDS, kind

EPILOG = "Formats, metrics and intervals: docs/evaluation.md."


def declare(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add one subcommand for each kind; the kind that is asked for is loaded and adds its own options."""
    parser.epilog = EPILOG
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    for name, (_, judges) in KINDS.items():
        one = kinds.add_parser(name, help=judges, epilog=EPILOG)
        one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases as JSON lines")
        one.add_argument("--json", action="store_true", help="one JSON object for each file instead of rows")
        one.add_argument(
            "--engine", default="offline:", help="offline: or openai:MODEL@URL (default offline:)"
        )
        one.add_argument("--seed", type=int, default=7, help="seed of everything drawn by chance (default 7)")
        one.add_argument(
            "--limit", type=int, metavar="N", help="only the first N questions of a seeded shuffle"
        )
        one.set_defaults(run=run, kind=name)
        if arguments and arguments[0] == name:
            kind(name).declare(one)


def run(options: argparse.Namespace) -> int:
    """Judge each file in turn and print what was found as soon as it is known."""
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    judged = kind(options.kind)
    for file in options.files:
        if not file.is_file():
            raise MynaError(f"There is no file {str(file)!r}.", code="no_such_file")
        report = await judged.judge(file, options)
        lines = [json.dumps(report.as_json(), ensure_ascii=False)] if options.json else report.lines()
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    return 0
