"""Presentations as blocks, one heading for each slide."""

from typing import Any

import pptx

from myna_knowledge.formats.archive import checked_archive
from myna_knowledge.formats.blocks import Block, BlockKind
from myna_knowledge.formats.grid import table_blocks

SLIDE_LEVEL = 2


def parse(content: bytes) -> tuple[str, list[Block]]:
    """The stated title; of every slide its title or number, its texts and tables, and the speaker's notes."""
    deck: Any = pptx.Presentation(checked_archive(content, "ppt/presentation.xml"))
    blocks: list[Block] = []
    for number, slide in enumerate(deck.slides, start=1):
        heading = slide.shapes.title
        told = " ".join(heading.text_frame.text.split()) if heading is not None else ""
        found: list[Block] = []
        for shape in slide.shapes:
            if heading is not None and shape.shape_id == heading.shape_id:
                continue
            if shape.has_text_frame:
                lines = [" ".join(paragraph.text.split()) for paragraph in shape.text_frame.paragraphs]
                text = "\n".join(line for line in lines if line)
                if text:
                    found.append(Block(BlockKind.PARAGRAPH, text))
            elif getattr(shape, "has_table", False):
                found += table_blocks([[cell.text for cell in row.cells] for row in shape.table.rows])
        if slide.has_notes_slide:
            notes = " ".join(slide.notes_slide.notes_text_frame.text.split())
            if notes:
                found.append(Block(BlockKind.PARAGRAPH, notes))
        if found or told:
            name = f"{number}. {told}" if told else f"{number}."
            blocks.append(Block(BlockKind.HEADING, name, SLIDE_LEVEL))
            blocks += found or [Block(BlockKind.PARAGRAPH, told)]
    return str(deck.core_properties.title or "").strip(), blocks
