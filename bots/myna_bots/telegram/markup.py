"""Formatted text: HTML, Markdown and MarkdownV2 to plain text with entities, as the Bot API documents them.

Source: Telegram Bot API, "Formatting options".
"""

import re

from myna_bots.telegram import utf16
from myna_bots.telegram.entities import Entity
from myna_bots.telegram.errors import bad
from myna_bots.telegram.html import Html
from myna_bots.telegram.markdown import Markdown, MarkdownV2

MAX_ENTITIES = 100


def parsed(text: str, mode: str | None, given: list[Entity] | None) -> tuple[str, list[Entity]]:
    """Text and entities of what a bot sends; found ones (commands, mentions, links) are added for readers.

    Raises:
        TelegramError: the markup is broken; the text names the byte.
    """
    kind = (mode or "").lower()
    if kind == "html":
        text, entities = Html().read(text)
    elif kind == "markdownv2":
        text, entities = MarkdownV2(text).read()
    elif kind == "markdown":
        text, entities = Markdown(text).read()
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
