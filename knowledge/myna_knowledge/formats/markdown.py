"""Markdown as blocks of plain text, with its front matter."""

import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from myna_knowledge.formats.blocks import Block, BlockKind

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)$")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def front_matter(text: str) -> tuple[dict[str, str | list[str]], str]:
    """The fields between the leading `---` lines and the text after them.

    Understood are `key: value`, `key: [a, b]` and `key:` followed by `- item` lines; other lines are ignored.
    """
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    fields: dict[str, str | list[str]] = {}
    key = ""
    for line in found.group(1).splitlines():
        item = line.strip()
        if item.startswith("- ") and key:
            previous = fields.get(key)
            fields[key] = [*(previous if isinstance(previous, list) else []), _bare(item[2:])]
        elif pair := _FIELD.match(line):
            key, value = pair.group(1).lower(), pair.group(2).strip()
            if value.startswith("[") and value.endswith("]"):
                fields[key] = [_bare(part) for part in value[1:-1].split(",") if part.strip()]
            else:
                fields[key] = _bare(value)
    return fields, text[found.end() :]


def _bare(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text; marks are dropped, list items and table rows stand one per line. Raw HTML is text."""
    tokens = _parser().parse(text)
    blocks: list[Block] = []
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at)
        block = _block(tokens[at : end + 1])
        if block is not None and block.text.strip():
            blocks.append(block)
        at = end + 1
    return tuple(blocks)


def _closing(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    return len(tokens) - 1


def _block(tokens: Sequence[Token]) -> Block | None:
    first = tokens[0]
    match first.type:
        case "heading_open":
            return Block(BlockKind.HEADING, " ".join(_inline(tokens).split()), int(first.tag[1:]))
        case "fence" | "code_block":
            return Block(BlockKind.CODE, first.content.rstrip("\n"))
        case "bullet_list_open" | "ordered_list_open":
            return Block(BlockKind.LIST, _list(tokens))
        case "table_open":
            return Block(BlockKind.TABLE, _table(tokens))
        case "hr":
            return None
        case _:
            return Block(BlockKind.PARAGRAPH, _inline(tokens))


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts.append("".join(_inline_text(child) for child in token.children or ()))
        elif token.type in {"fence", "code_block"}:
            parts.append(token.content.rstrip("\n"))
    return "\n".join(parts)


def _inline_text(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n" if token.type == "hardbreak" else " "
    return token.content


def _list(tokens: Sequence[Token]) -> str:
    lines: list[str] = []
    marks: list[str] = []
    counters: list[int] = []
    fresh = False
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            marks.append("-" if token.type.startswith("bullet") else "#")
            counters.append(int(token.attrGet("start") or 1))
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            marks.pop()
            counters.pop()
        elif token.type == "list_item_open":
            fresh = True
        elif token.type in {"inline", "fence", "code_block"}:
            indent = "  " * (len(marks) - 1)
            mark = f"{counters[-1]}." if marks[-1] == "#" else "-"
            lines.append(f"{indent}{mark} {_inline([token])}" if fresh else f"{indent}  {_inline([token])}")
            counters[-1] += fresh
            fresh = False
    return "\n".join(lines)


def _table(tokens: Sequence[Token]) -> str:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_inline([token]))
    return "\n".join(" | ".join(cells) for cells in rows)
