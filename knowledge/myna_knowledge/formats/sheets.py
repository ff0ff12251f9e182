"""Spreadsheets as blocks: one heading for each sheet, its rows as tables that repeat the header."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, cast

import openpyxl  # type: ignore[import-untyped]  # it has no stubs

from myna_knowledge.formats.archive import checked_archive
from myna_knowledge.formats.blocks import Block, BlockKind, Unreadable
from myna_knowledge.formats.grid import table_blocks

MAX_ROWS, MAX_COLUMNS, MAX_SHEETS = 50_000, 100, 100


def parse(content: bytes) -> tuple[str, list[Block]]:
    """The stated title, and the rows of every sheet; formulas as the values that were stored with them.

    Raises:
        Unreadable: more rows or sheets than are read.
    """
    book = cast(
        "Any",
        openpyxl.load_workbook(
            checked_archive(content, "xl/workbook.xml"), read_only=True, data_only=True, keep_links=False
        ),
    )
    if len(book.worksheets) > MAX_SHEETS:
        raise Unreadable(
            f"has {len(book.worksheets)} sheets: at most {MAX_SHEETS} are read.", code="too_large"
        )
    blocks: list[Block] = []
    left = MAX_ROWS
    for sheet in book.worksheets:
        # Sheets may claim a million empty rows: rows are counted as they come, empty ones too.
        wanted: Iterable[Sequence[object]] = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        rows = list(islice(wanted, left + 1))
        left -= len(rows)
        if left < 0:
            raise Unreadable(f"has more than {MAX_ROWS:,} rows. Split it.", code="too_large")
        tables = table_blocks([list(row) for row in rows])
        if tables:
            blocks += [Block(BlockKind.HEADING, str(sheet.title), 2), *tables]
    return str(book.properties.title or "").strip(), blocks
