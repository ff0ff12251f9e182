"""Markdown and MarkdownV2 as bots send them."""

import re
from typing import NoReturn

from myna_bots.telegram import utf16
from myna_bots.telegram.entities import Entity, link
from myna_bots.telegram.errors import bad


class _Reader:
    """Walks through a Markdown text."""

    def __init__(self, source: str) -> None:
        self._source, self._at = source, 0
        self._text: str = ""
        self._entities: list[Entity] = []

    def _begins(self, mark: str) -> bool:
        return self._source.startswith(mark, self._at)

    def _broken(self, what: str, at: int | None = None) -> NoReturn:
        place = self._at if at is None else at
        raise bad(f"can't parse entities: {what} {len(self._source[:place].encode())}")

    def _add(self, entity: Entity, begins: int) -> None:
        size = utf16.length(self._text) - begins
        if size:
            made = {"type": entity["type"], "offset": begins, "length": size}
            self._entities.append(made | {key: each for key, each in entity.items() if key != "type"})

    def _address(self) -> str:
        """What stands in parentheses here; empty when nothing does."""
        if not self._begins("("):
            return ""
        end = self._source.find(")", self._at)
        if end < 0:
            self._broken("Can't find end of a URL at byte offset")
        url = self._source[self._at + 1 : end]
        self._at = end + 1
        return url.replace("\\", "")


class Markdown(_Reader):
    """The older Markdown: `*bold*`, `_italic_`, `` `code` ``, fences and links, without nesting."""

    def read(self) -> tuple[str, list[Entity]]:
        """Text and entities."""
        source = self._source
        while self._at < len(source):
            here = source[self._at]
            if here == "\\" and self._at + 1 < len(source) and source[self._at + 1] in "_*`[":
                self._text += source[self._at + 1]
                self._at += 2
            elif here in "_*`[":
                self._marked(here)
            else:
                self._text += here
                self._at += 1
        return self._text, self._entities

    def _marked(self, mark: str) -> None:
        fence = mark == "`" and self._begins("```")
        close = "```" if fence else "]" if mark == "[" else mark
        began, skip = self._at, len(close) if mark != "[" else 1
        end = self._source.find(close, self._at + skip)
        if end < 0:
            self._broken("Can't find end of the entity starting at byte offset", began)
        inner, begins = self._source[self._at + skip : end], utf16.length(self._text)
        self._at = end + len(close)
        entity: Entity = {"type": {"_": "italic", "*": "bold", "`": "code"}.get(mark, "text_link")}
        if fence:
            entity = {"type": "pre"}
            found = re.match(r"^([A-Za-z0-9_+-]+)\n", inner)
            if found:
                entity["language"], inner = found[1], inner[found.end() :]
        self._text += inner.strip("\n") if fence else inner
        if mark == "[":
            url = self._address()
            entity = link(url) if url else {"type": ""}
        if entity["type"]:
            self._add(entity, begins)


_V2: tuple[tuple[str, str], ...] = (
    ("||", "spoiler"),
    ("__", "underline"),
    ("*", "bold"),
    ("_", "italic"),
    ("~", "strikethrough"),
)
_RESERVED = "_*[]()~`>#+-=|{}.!"


class MarkdownV2(_Reader):
    """MarkdownV2: nested marks, spoilers, quotes; reserved characters must be escaped."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._open: list[tuple[str, str, int, int]] = []

    def read(self) -> tuple[str, list[Entity]]:
        """Text and entities."""
        quote: int | None = None
        while self._at < len(self._source):
            at_line = self._at == 0 or self._source[self._at - 1] == "\n"
            if at_line and quote is not None and not self._begins(">"):
                self._quoted(quote)
                quote = None
            if at_line and self._begins(">"):
                quote = utf16.length(self._text) if quote is None else quote
                self._at += 1
                continue
            self._step()
        if quote is not None:
            self._quoted(quote)
        if self._open:
            self._broken(
                f"Can't find end of {self._open[-1][1].title()} entity at byte offset", self._open[-1][3]
            )
        return self._text, self._entities

    def _quoted(self, begins: int) -> None:
        ends = len(self._text.rstrip("\n"))
        size = utf16.length(self._text[:ends]) - begins
        if size > 0:
            self._entities.append({"type": "blockquote", "offset": begins, "length": size})

    def _step(self) -> None:
        source, here = self._source, self._source[self._at]
        if here == "\\" and self._at + 1 < len(source) and ord(source[self._at + 1]) < 127:
            self._text += source[self._at + 1]
            self._at += 2
        elif here == "`":
            self._code()
        elif here == "[" or self._begins("!["):
            self._at += 2 if here == "!" else 1
            self._open.append(("]", "text_link", utf16.length(self._text), self._at - 1))
        elif here == "]" and self._open and self._open[-1][0] == "]":
            self._linked()
        elif not self._mark():
            if here in _RESERVED:
                self._broken(
                    f"Character '{here}' is reserved and must be escaped with the preceding '\\' at byte offset"
                )
            self._text += here
            self._at += 1

    def _mark(self) -> bool:
        for mark, kind in _V2:
            if not self._begins(mark):
                continue
            if self._open and self._open[-1][0] == mark:
                _, _, begins, _ = self._open.pop()
                self._add({"type": kind}, begins)
            elif any(each[0] == mark for each in self._open):
                continue
            else:
                self._open.append((mark, kind, utf16.length(self._text), self._at))
            self._at += len(mark)
            return True
        return False

    def _linked(self) -> None:
        _, _, begins, _ = self._open.pop()
        self._at += 1
        url = self._address()
        if not url:
            self._broken("Can't find link URL at byte offset")
        found = re.fullmatch(r"tg://emoji\?id=(\d+)", url)
        self._add({"type": "custom_emoji", "custom_emoji_id": found[1]} if found else link(url), begins)

    def _code(self) -> None:
        fence = self._begins("```")
        mark = "```" if fence else "`"
        began, begins = self._at, utf16.length(self._text)
        end = self._at + len(mark)
        while not self._source.startswith(mark, end):
            if end >= len(self._source):
                kind = "Pre" if fence else "Code"
                self._broken(f"Can't find end of {kind} entity at byte offset", began)
            end += 2 if self._source[end] == "\\" else 1
        inner = re.sub(r"\\(.)", r"\1", self._source[self._at + len(mark) : end], flags=re.DOTALL)
        self._at = end + len(mark)
        entity: Entity = {"type": "pre" if fence else "code"}
        if fence:
            found = re.match(r"^([A-Za-z0-9_+-]+)\n", inner)
            if found:
                entity["language"], inner = found[1], inner[found.end() :]
            inner = inner.strip("\n")
        self._text += inner
        self._add(entity, begins)
