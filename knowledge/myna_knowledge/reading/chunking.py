"""Embed small, show big: a document becomes sections that are shown, and pieces of them that are embedded.

The embedding model's cost grows faster than the length of its input (measured: 34 ms for 17 tokens, 250 ms for 135),
so pieces stay near `PIECE_TOKENS`; a section is what a person or a model can read without its neighbours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from myna_knowledge.formats.blocks import Block, BlockKind, Document
from myna_knowledge.model import FaqEntry, PieceDraft, SectionDraft
from myna_knowledge.text import language, sentences, token_cost

PIECE_TOKENS = 130
"""Aim for an embedded piece, without its title path; one sentence, list or table may exceed it."""
SECTION_TOKENS = 450
"""Aim for a section: 350 to 500 tokens are 600 to 800 Chinese characters at `token_cost`'s rate."""
PATH_TOKENS = 40
"""Bound on the title path before each piece; the front is cut, the nearest heading stays."""
EMBEDDED_CHARS = 2000
"""Hard bound on what is embedded of a kept-whole list, table or answer; the model reads 512 tokens at most."""

BREAK = "\n\n"
SEPARATOR = " › "


def cut(document: Document) -> list[SectionDraft]:
    """The sections of a document in reading order.

    Guarantees for every piece: `0 <= start < end <= len(section.text)`; the pieces of a text section cover all of its
    text but white space; a FAQ, a table or a list is never cut.
    """
    if document.faqs:
        return [_faq_section(entry, document) for entry in document.faqs]
    sections: list[SectionDraft] = []
    for heading, blocks in _by_heading(document.blocks):
        for group in _sized(blocks):
            sections.append(_section(document, heading, group))
    return sections


def _by_heading(blocks: Sequence[Block]) -> Iterable[tuple[str, list[Block]]]:
    path: list[tuple[int, str]] = []
    body: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.HEADING:
            body.append(block)
            continue
        if body:
            yield SEPARATOR.join(text for _, text in path), body
            body = []
        while path and path[-1][0] >= block.level:
            path.pop()
        path.append((block.level, block.text))
    if body:
        yield SEPARATOR.join(text for _, text in path), body


def _sized(blocks: Sequence[Block]) -> Iterable[list[Block]]:
    """Groups of blocks near `SECTION_TOKENS`; a list or table stays with the line that introduces it."""
    group: list[Block] = []
    size = 0
    for block in (part for whole in blocks for part in _split_paragraph(whole)):
        cost = token_cost(block.text)
        introduced = (
            bool(group) and block.kind is not BlockKind.PARAGRAPH and group[-1].text.endswith((":", "："))
        )
        if group and size + cost > SECTION_TOKENS and not introduced:
            yield group
            group, size = [], 0
        group.append(block)
        size += cost
    if group:
        yield group


def _split_paragraph(block: Block) -> Iterable[Block]:
    if block.kind is not BlockKind.PARAGRAPH or token_cost(block.text) <= SECTION_TOKENS:
        yield block
        return
    for start, end in _runs(block.text, SECTION_TOKENS):
        yield Block(BlockKind.PARAGRAPH, block.text[start:end])


def _runs(text: str, budget: int) -> Iterable[tuple[int, int]]:
    """Spans of whole sentences of at most `budget` tokens; a longer sentence is cut at white space or by force."""
    start, end, size = -1, -1, 0
    for left, right in _bounded(text, budget):
        cost = token_cost(text[left:right])
        if start >= 0 and size + cost > budget:
            yield start, end
            start, size = -1, 0
        start, end, size = (left if start < 0 else start), right, size + cost
    if start >= 0:
        yield start, end


def _bounded(text: str, budget: int) -> Iterable[tuple[int, int]]:
    for start, right in sentences(text):
        left = start
        while token_cost(text[left:right]) > budget:
            cut_at = _force(text, left, right, budget)
            yield left, cut_at
            left = cut_at
            while left < right and text[left].isspace():
                left += 1
        if left < right:
            yield left, right


def _force(text: str, left: int, right: int, budget: int) -> int:
    low, high = left + 1, right
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if token_cost(text[left:middle]) <= budget else (low, middle - 1)
    space = max(text.rfind(mark, left + 1, low) for mark in " ,，、\t")
    return space + 1 if left < space + 1 < right and space > (left + low) // 2 else low


@dataclass(slots=True)
class _Growing:
    start: int = -1
    end: int = -1
    size: int = 0
    done: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def add(self, start: int, end: int, cost: int) -> None:
        if self.start >= 0 and self.size + cost > PIECE_TOKENS:
            self.close()
        self.start = start if self.start < 0 else self.start
        self.end, self.size = end, self.size + cost

    def close(self) -> None:
        if self.start >= 0:
            self.done.append((self.start, self.end))
        self.start, self.size = -1, 0


def _section(document: Document, heading: str, blocks: Sequence[Block]) -> SectionDraft:
    text = BREAK.join(block.text for block in blocks)
    growing = _Growing()
    offset = 0
    for block in blocks:
        cost = token_cost(block.text)
        if block.kind is BlockKind.PARAGRAPH and cost > PIECE_TOKENS:
            growing.close()
            for start, end in _runs(block.text, PIECE_TOKENS):
                growing.add(offset + start, offset + end, PIECE_TOKENS)
        else:
            growing.add(offset, offset + len(block.text), cost)
        offset += len(block.text) + len(BREAK)
    growing.close()
    path = title_path(document.title, heading)
    return SectionDraft(
        title=document.title,
        heading=heading,
        text=text,
        lang=document.lang,
        kind="text",
        pieces=tuple(
            PieceDraft(start, end, f"{path}\n{text[start:end][:EMBEDDED_CHARS]}")
            for start, end in growing.done
        ),
        tags=document.tags,
        url=document.url,
    )


def title_path(title: str, heading: str) -> str:
    """The title and headings as one line of at most `PATH_TOKENS`."""
    parts = [part for part in (title, *heading.split(SEPARATOR)) if part]
    while len(parts) > 1 and token_cost(SEPARATOR.join(parts)) > PATH_TOKENS:
        parts.pop(1 if len(parts) > 2 else 0)
    return SEPARATOR.join(parts)[:400]


def _faq_section(entry: FaqEntry, document: Document) -> SectionDraft:
    """Question and answer as one section; each wording is embedded alone, and once together with the answer.

    Every piece points at the answer, for that is what a citation quotes.
    """
    question, answer = entry.question.strip(), entry.answer.strip()
    text = f"{question}{BREAK}{answer}" if answer else question
    start = len(question) + len(BREAK) if answer else 0
    wordings = list(dict.fromkeys([question, *(variant.strip() for variant in entry.variants)]))
    embedded = [wording[:EMBEDDED_CHARS] for wording in wordings if wording]
    if answer:
        embedded.append(f"{question}\n{_opening(answer)}")
    return SectionDraft(
        title=entry.title or question,
        heading="",
        text=text,
        lang=entry.lang or language(text) if len(document.faqs) > 1 else document.lang,
        kind="faq",
        pieces=tuple(PieceDraft(start, len(text), one) for one in embedded),
        question=question,
        answer=answer,
        variants=tuple(entry.variants),
        url=entry.url or document.url,
    )


def _opening(answer: str) -> str:
    for start, end in _runs(answer, PIECE_TOKENS):
        return answer[start:end][:EMBEDDED_CHARS]
    return answer[:EMBEDDED_CHARS]
