"""Word documents as blocks."""

import re
from typing import Any

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from myna_knowledge.formats.archive import checked_archive
from myna_knowledge.formats.blocks import Block, BlockKind
from myna_knowledge.formats.grid import table_blocks

_HEADING = re.compile(r"(?:heading|überschrift|标题)\s*(\d)", re.IGNORECASE)


def parse(content: bytes) -> tuple[str, list[Block]]:
    """The stated title, and headings, paragraphs, lists and tables in order."""
    document = docx.Document(checked_archive(content, "word/document.xml"))
    title = document.core_properties.title or ""
    blocks: list[Block] = []
    items: list[str] = []
    for part in document.iter_inner_content():
        if isinstance(part, Paragraph):
            style = (part.style.name if part.style is not None else None) or ""
            text = " ".join(part.text.split())
            if text and style.lower().startswith("list"):
                items.append(f"- {text}")
                continue
            _end_list(blocks, items)
            if not text:
                continue
            heading = _HEADING.match(style)
            if heading:
                blocks.append(Block(BlockKind.HEADING, text, min(6, max(1, int(heading.group(1))))))
            elif style.lower() == "title":
                title = title or text
            else:
                blocks.append(Block(BlockKind.PARAGRAPH, text))
        else:
            _end_list(blocks, items)
            blocks += table_blocks(_rows(part))
    _end_list(blocks, items)
    return title.strip(), blocks


def _end_list(blocks: list[Block], items: list[str]) -> None:
    if items:
        blocks.append(Block(BlockKind.LIST, "\n".join(items)))
        items.clear()


def _rows(table: Table) -> list[list[Any]]:
    return [[cell.text for cell in row.cells] for row in table.rows]
