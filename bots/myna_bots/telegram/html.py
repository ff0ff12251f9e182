"""HTML as bots send it."""

import re
from html.parser import HTMLParser
from typing import NoReturn

from myna_bots.telegram import utf16
from myna_bots.telegram.entities import Entity, link
from myna_bots.telegram.errors import bad

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "span": "spoiler",
}


class Html(HTMLParser):
    """Reads the tags that Telegram knows; anything else is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._text = ""
        self._open: list[tuple[str, int, Entity]] = []
        self._entities: list[Entity] = []

    def read(self, text: str) -> tuple[str, list[Entity]]:
        """Text and entities."""
        self._source = text
        if re.search(r"<(?![a-zA-Z/!])", text):
            self._broken('Unsupported start tag ""', text.index("<"))
        self.feed(text)
        self.close()
        if self._open:
            tag = self._open[-1][0]
            self._broken(f'Can\'t find end tag corresponding to start tag "{tag}"', len(text))
        return self._text, self._entities

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        kind, given = _TAGS.get(tag), dict(attrs)
        if kind is None or (tag == "span" and given.get("class") != "tg-spoiler"):
            self._broken(f'Unsupported start tag "{tag}"', self._at())
        entity: Entity = {"type": kind}
        if tag == "a":
            entity = link(given.get("href") or "")
        elif tag == "code" and (given.get("class") or "").startswith("language-") and self._in_pre():
            self._open[-1][2]["language"] = (given["class"] or "")[9:]
            entity = {"type": ""}
        elif tag == "tg-emoji":
            entity["custom_emoji_id"] = given.get("emoji-id") or ""
        elif tag == "blockquote" and "expandable" in given:
            entity["type"] = "expandable_blockquote"
        self._open.append((tag, utf16.length(self._text), entity))

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser."""
        if not self._open or self._open[-1][0] != tag:
            self._broken(f'Unexpected end tag "{tag}"', self._at())
        _, begins, entity = self._open.pop()
        size = utf16.length(self._text) - begins
        if entity["type"] and size:
            made = {"type": entity["type"], "offset": begins, "length": size}
            self._entities.append(made | {key: each for key, each in entity.items() if key != "type"})

    def handle_data(self, data: str) -> None:
        """Called by the parser."""
        self._text += data

    def _in_pre(self) -> bool:
        return bool(self._open) and self._open[-1][0] == "pre"

    def _at(self) -> int:
        line, column = self.getpos()
        lines = self._source.split("\n")
        return sum(len(each) + 1 for each in lines[: line - 1]) + column

    def _broken(self, what: str, at: int) -> NoReturn:
        raise bad(f"can't parse entities: {what} at byte offset {len(self._source[:at].encode())}")
