"""What comes into an incoming webhook: Slack's payload, which Mattermost took over, as a text with formatting and a card.

Source: Slack, "Sending messages using incoming webhooks" and "Formatting text for app surfaces"; Mattermost, "Incoming webhooks".
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from myna.errors import MynaError
from myna_bots.telegram import utf16

MAX_FIELDS = 25
MAX_TEXT_CHARS = 4000
_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_STYLE = re.compile(r"(?<![\w`])(\*|_|~|`)(?=\S)(.+?)(?<=\S)\1(?![\w`])", re.DOTALL)
_KINDS = {"*": "bold", "_": "italic", "~": "strikethrough", "`": "code"}


class BadPayload(MynaError):
    """Answered as Slack does: a word as plain text."""

    def __init__(self, word: str, status: int = 400) -> None:
        super().__init__(word, status=status, code=word)


def message_of(payload: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Text and parts of a message.

    Raises:
        BadPayload: there is nothing to say, or a field is of another kind.
    """
    given = payload.get("text")
    if given is not None and (not isinstance(given, str) or "\x00" in given):
        raise BadPayload("invalid_payload")
    text, entities = formatted(given or "")
    lines = [text] if text else []
    lines += [each for each in (_block(block) for block in _list(payload.get("blocks"))) if each]
    parts: dict[str, Any] = {}
    attachments = _list(payload.get("attachments"))
    if attachments:
        card = _card(attachments[0])
        if card:
            parts["card"] = card
        lines += [each for each in (_attachment(one) for one in attachments) if each]
    whole = "\n".join(lines)
    if not whole.strip():
        raise BadPayload("no_text")
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise BadPayload("invalid_payload") from None
    if entities:
        parts["entities"] = entities
    return whole[:10_000], parts


def formatted(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Slack's `mrkdwn` as plain text with entities: `*bold*`, `_italic_`, `~strike~`, `` `code` ``, `<url|label>`."""
    entities: list[dict[str, Any]] = []
    made = ""
    at = 0
    for found in _LINK.finditer(text):
        made += _unescaped(text[at : found.start()])
        target, label = found[1], found[2]
        shown = _unescaped(label or (f"@{target[1:]}" if target[0] == "@" else target.lstrip("#!")))
        if target.startswith(("http://", "https://", "mailto:")) and label:
            entity = {"type": "text_link", "url": target, "offset": utf16.length(made)}
            entities.append({**entity, "length": utf16.length(shown)})
        made += shown
        at = found.end()
    made += _unescaped(text[at:])
    return _styled(made, entities)


def _styled(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Take the marks out, one pair after the other, and move the entities behind them."""
    while (found := _STYLE.search(text)) is not None:
        begins = utf16.offset(text, found.start())
        size = utf16.length(found[2])
        for each in entities:
            end = each["offset"] + each["length"]
            if each["offset"] > begins + size:
                each["offset"] -= 2
            elif each["offset"] > begins:
                each["offset"] -= 1
            elif end > begins:
                each["length"] -= 2
        entities.append({"type": _KINDS[found[1]], "offset": begins, "length": size})
        text = text[: found.start()] + found[2] + text[found.end() :]
    return text, sorted(entities, key=lambda each: (each["offset"], -each["length"]))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("\x00", "")


def _list(value: Any) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    found = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(each, dict) for each in found):
        raise BadPayload("invalid_payload")
    return cast("list[Mapping[str, Any]]", found)[:50]


def _block(block: Mapping[str, Any]) -> str:
    """The words of a block of Block Kit."""
    words: list[str] = []
    inner = block.get("text")
    if isinstance(inner, dict):
        words.append(str(cast("dict[str, Any]", inner).get("text", "")))
    for name in ("fields", "elements"):
        for each in _list(block.get(name)) if isinstance(block.get(name), list) else []:
            if isinstance(each.get("text"), str):
                words.append(str(each["text"]))
    return "\n".join(formatted(word)[0] for word in words if word)


def _card(attachment: Mapping[str, Any]) -> dict[str, Any]:
    card: dict[str, Any] = {}
    if attachment.get("title"):
        card["title"] = str(attachment["title"])[:200]
    if attachment.get("text"):
        card["text"] = formatted(str(attachment["text"]))[0][:MAX_TEXT_CHARS]
    if str(attachment.get("image_url", "")).startswith(("http://", "https://")):
        card["image"] = str(attachment["image_url"])[:2000]
    fields = [
        {"label": str(each.get("title", ""))[:200], "value": str(each.get("value", ""))[:MAX_TEXT_CHARS]}
        for each in _list(attachment.get("fields"))[:MAX_FIELDS]
        if each.get("title")
    ]
    return card | ({"fields": fields} if fields else {})


def _attachment(attachment: Mapping[str, Any]) -> str:
    """An attachment as text, for clients that know no cards."""
    lines = [str(attachment[name]) for name in ("pretext", "title") if attachment.get(name)]
    body = attachment.get("text") or attachment.get("fallback")
    lines += [formatted(str(body))[0]] if body else []
    lines += [
        f"{each.get('title', '')}: {each.get('value', '')}"
        for each in _list(attachment.get("fields"))[:MAX_FIELDS]
    ]
    return "\n".join(lines)
