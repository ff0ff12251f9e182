"""CSV and JSON: lists of questions with answers, or records."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from myna_knowledge.formats.blocks import Block, BlockKind, Unreadable
from myna_knowledge.formats.grid import table_blocks

MAX_ROWS = 50_000
MAX_DEPTH = 20
QUESTION = ("question", "questions", "q", "title", "问题", "标题")
ANSWER = ("answer", "answers", "a", "reply", "response", "答案", "回答")
VARIANTS = ("variants", "variant", "other questions", "similar questions", "synonyms", "相似问题", "其他问法")
BETWEEN_VARIANTS = ("\n", "|", ";", "；")


def csv_rows(text: str, name: str) -> list[list[str]]:
    """The rows of a CSV file with commas, semicolons or tabs.

    Raises:
        Unreadable: more rows or longer cells than are read.
    """
    try:
        dialect: Any = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), dialect):
            if len(rows) >= MAX_ROWS:
                raise Unreadable(f"{name!r} has more than {MAX_ROWS:,} rows. Split it.", code="too_large")
            if any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error as wrong:
        raise Unreadable(f"{name!r} is no CSV file: {wrong}.") from None
    return rows


def faq_rows(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]] | None:
    """Rows as FAQ entries when the first names a question and an answer column, else None."""
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    question = next((header.index(name) for name in QUESTION if name in header), None)
    answer = next((header.index(name) for name in ANSWER if name in header), None)
    if question is None or answer is None:
        return None
    entries: list[dict[str, Any]] = []
    for row in rows[1:]:
        cells = {name: row[at].strip() for at, name in enumerate(header) if at < len(row)}
        variants = next((cells[name] for name in VARIANTS if cells.get(name)), "")
        entries.append(
            {
                **{key: cells[key] for key in ("lang", "url", "page") if cells.get(key)},
                "question": cells.get(header[question], ""),
                "answer": cells.get(header[answer], ""),
                "variants": _several(variants),
            }
        )
    return entries


def _several(text: str) -> list[str]:
    for mark in BETWEEN_VARIANTS:
        if mark in text:
            return [part.strip() for part in text.split(mark) if part.strip()]
    return [text] if text else []


def json_value(text: str, name: str) -> Any:
    """The value of a JSON file.

    Raises:
        Unreadable: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"{name!r} is no JSON: {wrong}.") from None


def faq_values(value: object) -> list[object] | None:
    """FAQ entries of a JSON value: a list of objects with question and answer, alone or as the one list of an object."""
    if isinstance(value, Mapping):
        held = cast("Mapping[str, object]", value).values()
        lists = [cast("list[object]", each) for each in held if isinstance(each, list)]
        value = lists[0] if len(lists) == 1 else None
    if not isinstance(value, list) or not value:
        return None
    rows = cast("list[object]", value)
    first = rows[0]
    if not isinstance(first, Mapping):
        return None
    return rows if {"question", "answer"} <= cast("Mapping[str, object]", first).keys() else None


def json_blocks(value: object) -> list[Block]:
    """Any other JSON: records of one shape as tables, the rest as headings with lines of `name: value`."""
    rows = _records(value)
    if rows is not None:
        return table_blocks(rows)
    blocks: list[Block] = []
    _walk(value, "", 1, blocks)
    return blocks


def _records(value: object) -> list[list[object]] | None:
    if not isinstance(value, list) or not value or len(cast("list[object]", value)) > MAX_ROWS:
        return None
    items = cast("list[object]", value)
    if not all(isinstance(each, Mapping) for each in items):
        return None
    fields = [cast("Mapping[str, object]", each) for each in items]
    names = list(dict.fromkeys(str(key) for each in fields for key in each))
    flat = all(not isinstance(inner, Mapping | list) for each in fields for inner in each.values())
    return [list(names), *([each.get(name) for name in names] for each in fields)] if flat else None


def _walk(value: object, name: str, level: int, blocks: list[Block]) -> None:
    if level > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        if name:
            blocks.append(Block(BlockKind.HEADING, name, min(level, 6)))
        plain = [f"{key}: {each}" for key, each in fields.items() if not _nested(each)]
        if plain:
            blocks.append(Block(BlockKind.PARAGRAPH, "\n".join(plain)))
        for key, each in fields.items():
            if _nested(each):
                _walk(each, str(key), level + 1, blocks)
    elif isinstance(value, list):
        items = cast("list[object]", value)
        if name:
            blocks.append(Block(BlockKind.HEADING, name, min(level, 6)))
        plain = [str(each) for each in items if not _nested(each)]
        if plain:
            blocks.append(Block(BlockKind.LIST, "\n".join(f"- {each}" for each in plain)))
        for each in items:
            if _nested(each):
                _walk(each, "", level + 1, blocks)
    else:
        blocks.append(Block(BlockKind.PARAGRAPH, str(value)))


def _nested(value: object) -> bool:
    return isinstance(value, Mapping | list)
