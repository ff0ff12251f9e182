"""HTML as blocks of plain text. Scripts, styles and forms are dropped; nothing is executed, fetched or kept as markup."""

from html.parser import HTMLParser

from myna_knowledge.formats.blocks import Block, BlockKind

_DROPPED = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "iframe",
        "object",
        "nav",
        "form",
        "head",
        "select",
        "button",
    }
)
_PARAGRAPHS = frozenset(
    {
        *("p", "div", "section", "article", "main", "header", "footer", "aside", "blockquote", "address"),
        *("dl", "dt", "dd", "figure", "figcaption", "body", "br", "hr"),
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
MAX_DEPTH = 500
"""Elements nested deeper are read as text of the element at this depth."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self.lang: str | None = None
        self._dropped: list[str] = []
        self._in_title = False
        self._parts: list[str] = []
        self._level = 0
        self._lists: list[int | None] = []
        self._rows: list[list[str]] | None = None
        self._lines: list[str] = []
        self._pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.lang = dict(attrs).get("lang") or None
        if tag == "title" and "svg" not in self._dropped:
            self._in_title = True
        elif tag in _DROPPED:
            if len(self._dropped) < MAX_DEPTH:
                self._flush()
                self._dropped.append(tag)
        elif not self._dropped:
            self._open(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED and not self._dropped:
            self._open(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._dropped:
            while self._dropped.pop() != tag:
                pass
        elif not self._dropped:
            self._close(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._dropped:
            self._parts.append(data)

    def _open(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._flush()
            self._level = _HEADINGS[tag]
        elif tag in {"ul", "ol"}:
            self._flush_unless_list()
            if len(self._lists) < MAX_DEPTH:
                self._lists.append(1 if tag == "ol" else None)
        elif tag == "li" and self._lists:
            self._item()
        elif tag == "table":
            self._flush()
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._cell()
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._cell()
        elif tag == "pre":
            self._flush()
            self._pre = True
        elif tag in _PARAGRAPHS:
            self._flush_unless_list()

    def _close(self, tag: str) -> None:
        if tag in _HEADINGS or tag == "pre":
            self._flush()
            self._level, self._pre = 0, False
        elif tag in {"ul", "ol"} and self._lists:
            self._item()
            self._lists.pop()
            if not self._lists:
                self._emit(BlockKind.LIST, "\n".join(self._lines))
                self._lines = []
        elif tag == "li":
            self._item()
        elif tag == "table" and self._rows is not None:
            self._cell()
            rows, self._rows = self._rows, None
            self._emit(BlockKind.TABLE, "\n".join(" | ".join(row) for row in rows if row))
        elif tag in {"td", "th", "tr"}:
            self._cell()
        elif tag in _PARAGRAPHS:
            self._flush_unless_list()

    def _text(self) -> str:
        text = "".join(self._parts)
        self._parts = []
        return text.strip("\n") if self._pre else " ".join(text.split())

    def _item(self) -> None:
        text = self._text()
        if not text:
            return
        count = self._lists[-1]
        mark = "-" if count is None else f"{count}."
        if count is not None:
            self._lists[-1] = count + 1
        self._lines.append("  " * (len(self._lists) - 1) + f"{mark} {text}")

    def _cell(self) -> None:
        text = self._text()
        if text and self._rows is not None:
            if not self._rows:
                self._rows.append([])
            self._rows[-1].append(text)

    def _flush_unless_list(self) -> None:
        if self._rows is not None or self._lists:
            self._parts.append(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        if self._rows is not None or self._lists:
            self._parts.append(" ")
            return
        kind = BlockKind.CODE if self._pre else BlockKind.HEADING if self._level else BlockKind.PARAGRAPH
        self._emit(kind, self._text(), self._level)

    def _emit(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text.strip():
            self.blocks.append(Block(kind, text, level))

    def finish(self) -> None:
        self.close()
        if self._lists:
            self._item()
            self._emit(BlockKind.LIST, "\n".join(self._lines))
            self._lists = []
        if self._rows is not None:
            self._close("table")
        self._flush()


def html_blocks(text: str) -> tuple[str, str | None, tuple[Block, ...]]:
    """The title, the declared language if any, and the blocks of an HTML page, however broken its markup."""
    reader = _Reader()
    reader.feed(text)
    reader.finish()
    return " ".join(reader.title.split()), reader.lang, tuple(reader.blocks)
