"""What a passage is called where people choose among several."""

import re

from myna_knowledge.reading.chunking import SEPARATOR
from myna_knowledge.text import language

_FILE = re.compile(r"\.[a-z0-9]{2,5}$", re.IGNORECASE)


def label(title: str, heading: str, question: str | None = None) -> str:
    """The question of a FAQ entry; else the page's title and the section's own heading, as `Returns: How to send it back`.

    Empty for a section without a heading whose title is nothing but a file's name. Asked for by its label, a section that
    is found first is sure to answer.
    """
    if question:
        return question
    own = heading.rsplit(SEPARATOR, maxsplit=1)[-1].strip()
    title = title.strip()
    if not own:
        return "" if _FILE.search(title) else title
    if not title or _FILE.search(title) or own.casefold() == title.casefold():
        return own
    return f"{title}：{own}" if language(own) == "zh" else f"{title}: {own}"
