"""The smallest parts of a passage that make sense alone: sentences, list items, table rows, as spans of its text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from myna_knowledge.text import sentences

_BLOCK = re.compile(r"(?:[^\n]|\n(?!\s*\n))+")
_ITEM = re.compile(r"\s*(?:[-*•·]|\d{1,2}[.)、．]|[(（]?[a-z\d一二三四五六七八九十]{1,2}[)）])\s*\S")
_CELL = re.compile(r"\s*\|\s*")


class UnitKind(StrEnum):
    """What a unit is."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Unit:
    """`text[start:end]` of a passage; units of one paragraph, list or table share `block`."""

    start: int
    end: int
    kind: UnitKind
    block: int


def units(text: str) -> tuple[Unit, ...]:
    """The units of a text in order, without overlaps; together with white space they are the whole text.

    In a text, a blank line ends a block; a table has one row per line with cells between bars, its header first.
    """
    found: list[Unit] = []
    for block, match in enumerate(_BLOCK.finditer(text)):
        found.extend(_of_block(match.group(), match.start(), block))
    return tuple(found)


def _of_block(text: str, offset: int, block: int) -> Iterable[Unit]:
    lines = _lines(text)
    widths = {len(cells(text[start:end])) for start, end in lines}
    if len(lines) > 1 and len(widths) == 1 and widths != {1}:
        for at, (start, end) in enumerate(lines):
            yield Unit(offset + start, offset + end, UnitKind.ROW if at else UnitKind.HEADER, block)
        return
    items = [bool(_ITEM.match(text[start:end])) for start, end in lines]
    if sum(items) > 1 or (items and all(items)):
        yield from _list_items(lines, items, offset, block)
        return
    for start, end in sentences(text):
        yield Unit(offset + start, offset + end, UnitKind.SENTENCE, block)


def _list_items(lines: list[tuple[int, int]], items: list[bool], offset: int, block: int) -> Iterable[Unit]:
    """A line without a mark goes on with the item above it; one before the first item is a sentence of its own."""
    open_start = -1
    open_end = -1
    for (start, end), marked in zip(lines, items, strict=True):
        if not marked and open_start >= 0:
            open_end = end
            continue
        if open_start >= 0:
            yield Unit(offset + open_start, offset + open_end, UnitKind.ITEM, block)
            open_start = -1
        if marked:
            open_start, open_end = start, end
        else:
            yield Unit(offset + start, offset + end, UnitKind.SENTENCE, block)
    if open_start >= 0:
        yield Unit(offset + open_start, offset + open_end, UnitKind.ITEM, block)


def _lines(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        left, right = len(line) - len(line.lstrip()), len(line.rstrip())
        if right > left:
            found.append((match.start() + left, match.start() + right))
    return found


def cells(row: str) -> list[str]:
    """The cells of a table row."""
    return _CELL.split(row.strip().strip("|").strip())
