"""The `myna kb` command: knowledge bases from the command line, on the same store as the server."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from myna.errors import MynaError, NotFound
from myna_knowledge.library import Library
from myna_knowledge.model import JobState, SourceDraft, SourceKind
from myna_knowledge.reading.reading import SUFFIXES

POLL_S = 0.3


class Opened(Protocol):
    """An open library and the workspace that the command works in."""

    @property
    def library(self) -> Library:
        """Every verb on knowledge."""
        ...

    @property
    def workspace(self) -> int:
        """The workspace's id."""
        ...


Run = Callable[[argparse.Namespace, Opened], Awaitable[int]]


def declare(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add the subcommands."""
    parser.epilog = "Settings come from MYNA_* variables; see docs/knowledge.md."
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _command(commands, "list", "knowledge bases, or the sources of one", _list, base="?")
    add = _command(
        commands, "add", "add files, folders, pages or websites, and wait until they are ready", _add
    )
    add.add_argument("what", nargs="*", help="a file, a folder, or the address of a page")
    add.add_argument(
        "--site", action="store_true", help="walk the website below each address (or its sitemap)"
    )
    add.add_argument("--pages", type=int, default=200, help="at most so many pages of a site (default 200)")
    add.add_argument("--lang", help="language of the sources, where they do not say (en, zh, …)")
    add.add_argument(
        "--conversations",
        type=int,
        metavar="DAYS",
        help="also what the team answered in the resolved conversations of so many days, without personal data",
    )
    search = _command(
        commands, "search", "the passages for a question, and whether it would be answered", _search
    )
    search.add_argument("question")
    search.add_argument("-k", type=int, default=5, help="how many passages (default 5)")
    export = _command(commands, "export", "sections as JSON lines, ready for `myna eval`", _export)
    export.add_argument("--to", type=Path, help="file to write (default: standard output)")
    _command(commands, "eval", "the calibration: threshold, and what each threshold would answer", _evaluate)
    for name in ("list", "search", "eval"):
        commands.choices[name].add_argument("--json", action="store_true", help="JSON instead of text")


def _command(
    commands: Any, name: str, told: str, run: Run, *, base: str | None = None
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=told, description=f"{told[0].upper()}{told[1:]}."
    )
    parser.add_argument("base", nargs=base, help="name or number of a knowledge base")
    parser.set_defaults(run=partial(_opened, run=run))
    return parser


def _opened(options: argparse.Namespace, run: Run) -> int:
    from myna.wiring.commands import opened_knowledge

    async def inside() -> int:
        async with opened_knowledge() as opened:
            return await run(options, opened)

    return asyncio.run(inside())


async def _base(opened: Opened, told: str, *, make: bool = False) -> int:
    """The id of the base of this name or number.

    Raises:
        NotFound: there is none, and none is to be made.
    """
    for each in await opened.library.bases(opened.workspace):
        if told in {each.base.name, str(each.base.id)}:
            return each.base.id
    if make:
        return (await opened.library.create_base(opened.workspace, told)).id
    raise NotFound(f"There is no knowledge base {told!r}; `myna kb list` shows them.")


async def _list(options: argparse.Namespace, opened: Opened) -> int:
    rows: list[dict[str, object]]
    if options.base is None:
        rows = [
            {
                "id": str(each.base.id),
                "name": each.base.name,
                "audience": each.base.audience,
                "sources": each.sources,
                "pieces": each.chunks,
                "state": opened.library.state(each).value,
            }
            for each in await opened.library.bases(opened.workspace)
        ]
    else:
        rows = [
            {
                "id": str(each.id),
                "title": each.title,
                "kind": each.kind.value,
                "lang": each.lang,
                "pieces": each.chunks,
                "state": each.state.value,
                "error": each.error,
            }
            for each in await opened.library.sources(await _base(opened, options.base))
        ]
    if options.json:
        _say(json.dumps(rows, ensure_ascii=False))
    for row in () if options.json else rows:
        _say("  ".join("" if value is None else str(value) for value in row.values()).rstrip())
    return 0


async def _add(options: argparse.Namespace, opened: Opened) -> int:
    library = opened.library
    base = await _base(opened, options.base, make=True)
    jobs: dict[int, str] = {}
    for draft in _drafts(options):
        job = await library.add(base, draft)
        jobs[job.id] = draft.filename or draft.url or draft.title
    while True:
        await library.drain()
        # A server beside this command takes jobs too: they end there.
        open_jobs = [each.open_jobs for each in await library.bases(opened.workspace) if each.base.id == base]
        if not any(open_jobs):
            break
        await asyncio.sleep(POLL_S)
    failed = 0
    for job_id, name in jobs.items():
        job = await library.job(base, job_id)
        failed += job.state is not JobState.DONE
        _say(f"{job.state.value}  {name}" + "".join(f"\n  {error}" for error in job.errors))
    return 1 if failed else 0


def _drafts(options: argparse.Namespace) -> list[SourceDraft]:
    """What to hand in.

    Raises:
        MynaError: a path that does not exist, or a folder without any readable file.
    """
    found: list[SourceDraft] = []
    if options.conversations is not None:
        days = str(max(1, options.conversations)).encode()
        found.append(SourceDraft(SourceKind.CONVERSATIONS, title="Handled conversations", content=days))
    elif not options.what:
        raise MynaError("Say what to add: a file, a folder, an address, or --conversations DAYS.")
    for told in options.what:
        if told.startswith(("http://", "https://")):
            kind = SourceKind.SITE if options.site else SourceKind.URL
            pages = str(options.pages).encode() if options.site else b""
            title = told if options.site else ""
            found.append(SourceDraft(kind, title=title, url=told, content=pages, lang=options.lang))
            continue
        path = Path(told)
        files = (
            sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
            if path.is_dir()
            else [path]
        )
        if not files or not path.exists():
            raise MynaError(f"{told!r} is neither a readable file, nor a folder of them, nor an address.")
        for file in files:
            name = str(file.relative_to(path)) if path.is_dir() else file.name
            found.append(
                SourceDraft(SourceKind.FILE, filename=name, content=file.read_bytes(), lang=options.lang)
            )
    return found


async def _search(options: argparse.Namespace, opened: Opened) -> int:
    base = await _base(opened, options.base)
    found = await opened.library.retrieve([base], options.question, k=options.k)
    if options.json:
        passages = [
            {
                "title": each.title,
                "heading": each.heading,
                "text": each.text,
                "url": each.url,
                "score": round(each.score, 4),
            }
            for each in found.passages
        ]
        answer = {
            "answerable": found.answerable,
            "confidence": round(found.confidence, 4),
            "passages": passages,
        }
        _say(json.dumps(answer, ensure_ascii=False))
        return 0
    would = "would answer" if found.answerable else "would not answer"
    _say(f"{would}: confidence {found.confidence:.2f}, threshold {found.threshold:.2f}")
    for rank, each in enumerate(found.passages, start=1):
        where = " › ".join(part for part in (each.title, each.heading) if part)
        _say(
            f"\n{rank}. {where}  ({each.score:.2f}){f'  {each.url}' if each.url else ''}\n{each.text[each.start : each.end]}"
        )
    return 0


async def _export(options: argparse.Namespace, opened: Opened) -> int:
    base = await _base(opened, options.base)
    lines: list[str] = []
    for section in await opened.library.sections(base):
        row: dict[str, Any] = {"kind": "passage", "id": str(section.id), "lang": section.lang}
        if section.kind == "faq":
            row |= {
                "title": section.question,
                "text": section.answer,
                "faq": True,
                "variants": list(section.variants),
            }
        else:
            row |= {
                "title": " › ".join(part for part in (section.title, section.heading) if part),
                "text": section.text,
            }
        lines.append(json.dumps(row, ensure_ascii=False))
    if options.to is None:
        _say("\n".join(lines))
    else:
        options.to.write_text("\n".join(lines) + "\n", encoding="utf-8")
        _say(f"{len(lines)} sections in {options.to}")
    return 0


async def _evaluate(options: argparse.Namespace, opened: Opened) -> int:
    base = await _base(opened, options.base)
    calibration = await opened.library.calibration(base)
    if calibration is None:
        raise NotFound("This base has not been calibrated yet: add sources, and wait until they are ready.")
    if options.json:
        _say(json.dumps(calibration.as_json()))
        return 0
    _say(f"threshold {calibration.threshold:.3f}, from {calibration.sample} questions made of the base")
    _say("threshold  answered  wrong")
    for point in calibration.curve:
        _say(f"{point['threshold']:9.2f}  {point['answered']:8.1%}  {point['wrong']:5.1%}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
