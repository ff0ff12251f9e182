"""Formatted text: HTML, Markdown and MarkdownV2 to plain text with entities, as the Bot API documents them.

Source: Telegram Bot API, "Formatting options".
"""

import re
from html.parser import HTMLParser
from typing import Any, NoReturn

from myna_bots.telegram import utf16
from myna_bots.telegram.errors import bad

Entity = dict[str, Any]
MAX_ENTITIES = 100
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


def parsed(text: str, mode: str | None, given: list[Entity] | None) -> tuple[str, list[Entity]]:
    """Text and entities of what a bot sends; found ones (commands, mentions, links) are added for readers.

    Raises:
        TelegramError: the markup is broken; the text names the byte.
    """
    kind = (mode or "").lower()
    if kind == "html":
        text, entities = _Html().read(text)
    elif kind == "markdownv2":
        text, entities = _MarkdownV2(text).read()
    elif kind == "markdown":
        text, entities = _Markdown(text).read()
    elif kind:
        raise bad("unsupported parse_mode")
    else:
        entities = checked_entities(text, given or [])
    text, entities = utf16.trimmed(text, entities)
    return text, with_found(text, entities)


def checked_entities(text: str, given: list[Entity]) -> list[Entity]:
    """Entities that a bot gave, without those that lie outside the text."""
    end, made = utf16.length(text), list[Entity]()
    for each in given[:MAX_ENTITIES]:
        try:
            begins, size, kind = int(each["offset"]), int(each["length"]), str(each["type"])
        except (KeyError, ValueError, TypeError):
            raise bad("can't parse entities: Can't parse MessageEntity JSON object") from None
        if size > 0 and begins >= 0 and begins + size <= end:
            made.append({**each, "type": kind, "offset": begins, "length": size})
    return made


_FOUND = (
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w)")),
    ("url", re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,;:!?)\]]", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")),
    ("hashtag", re.compile(r"(?<![\w#])#[^\W\d]\w{0,63}")),
)


def with_found(text: str, entities: list[Entity]) -> list[Entity]:
    """Entities with the commands, mentions, links and tags that stand in the text, in order."""
    taken = [
        (each["offset"], each["offset"] + each["length"])
        for each in entities
        if each["type"] in {"code", "pre", "text_link"}
    ]
    made = list(entities)
    seen = {(each["type"], each["offset"]) for each in entities}
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            begins, size = utf16.offset(text, match.start()), utf16.length(match[0])
            if (kind, begins) in seen or any(begins < end and start < begins + size for start, end in taken):
                continue
            if kind in {"url", "email", "hashtag", "mention"}:
                taken.append((begins, begins + size))
            made.append({"type": kind, "offset": begins, "length": size})
    return sorted(made, key=lambda each: (each["offset"], -each["length"]))[:MAX_ENTITIES]


class _Html(HTMLParser):
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
            entity = _link(given.get("href") or "")
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


def _link(url: str) -> Entity:
    found = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if found is not None:
        return {"type": "text_mention", "user": {"id": int(found[1])}}
    if not re.match(r"^(https?|tg|mailto|tel):", url) and "." in url:
        url = f"http://{url}"
    return {"type": "text_link", "url": url} if url else {"type": ""}


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


class _Markdown(_Reader):
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
            entity = _link(url) if url else {"type": ""}
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


class _MarkdownV2(_Reader):
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
        self._add({"type": "custom_emoji", "custom_emoji_id": found[1]} if found else _link(url), begins)

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
