"""A chat message as plain clauses: what the pattern tables read."""

import re
import unicodedata

_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "`": "'"})
_CLAUSE_END = re.compile(
    r"(?<=[^\d])[,](?=\D)|[;!?\n。,;!?、…~～]+|\.(?=\s|$)|\s[-–—]+\s|"
    r"\b(?:but|instead|because|since|otherwise)\b|(?:但是?|不过|不過|因为|因為|所以|而是)"
)
_ADJECTIVES = re.compile(r"\b(real|live|actual|human|nice|kind),\s")
_SPACE = re.compile(r"\s+")
_EMOJI = re.compile("[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+")


def plain(text: str) -> str:
    """One form for matching: NFKC, lower case, straight quotes, no emoji, single spaces."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return _SPACE.sub(" ", _EMOJI.sub(" ", text)).strip()


def clauses(text: str) -> list[str]:
    """The plain clauses of a text, in order, without the marks between them."""
    parts = (part.strip(" .:'\"") for part in _CLAUSE_END.split(_ADJECTIVES.sub(r"\1 ", plain(text))))
    return [part for part in parts if part]
