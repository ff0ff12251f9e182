"""Rows of cells as table blocks, each short enough to be found and shown as one."""

from collections.abc import Sequence

from myna_knowledge.formats.blocks import Block, BlockKind
from myna_knowledge.text import token_cost

TABLE_TOKENS = 400
"""A longer table becomes several that repeat the header: a table block is never cut later."""
MAX_CELL = 2000


def table_blocks(rows: Sequence[Sequence[object]]) -> list[Block]:
    """Table blocks of rows, the first of which names the columns; empty rows and columns are left out."""
    shown = [[_cell(value) for value in row] for row in rows]
    shown = [row for row in shown if any(row)]
    if not shown:
        return []
    used = [at for at in range(max(map(len, shown))) if any(at < len(row) and row[at] for row in shown)]
    lines = [" | ".join(row[at] if at < len(row) else "" for at in used) for row in shown]
    header, body = lines[0], lines[1:]
    if not body:
        return [Block(BlockKind.PARAGRAPH, header)]
    blocks: list[Block] = []
    group: list[str] = []
    size = 0
    for line in body:
        cost = token_cost(line)
        if group and size + cost > TABLE_TOKENS:
            blocks.append(Block(BlockKind.TABLE, "\n".join([header, *group])))
            group, size = [], 0
        group.append(line)
        size += cost
    blocks.append(Block(BlockKind.TABLE, "\n".join([header, *group])))
    return blocks


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())[:MAX_CELL].replace("|", "/")
