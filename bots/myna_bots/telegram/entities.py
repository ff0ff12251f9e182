"""What text with formatting consists of beside its words: `MessageEntity`, with offsets in UTF-16."""

import re
from typing import Any

Entity = dict[str, Any]
"""`type`, `offset`, `length`, and what the type needs; the type is empty for what shows no formatting."""


def link(url: str) -> Entity:
    """What an address behind words is: a link, or a person."""
    found = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if found is not None:
        return {"type": "text_mention", "user": {"id": int(found[1])}}
    if not re.match(r"^(https?|tg|mailto|tel):", url) and "." in url:
        url = f"http://{url}"
    return {"type": "text_link", "url": url} if url else {"type": ""}
