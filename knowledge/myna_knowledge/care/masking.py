"""Personal data out of texts before they become knowledge: what a pattern can tell, and the names of those present.

Order and ticket numbers go too: what is long and made of digits is about one customer, not about the subject.
"""

import re
from collections.abc import Iterable

# Edges of words in ASCII: to a regular expression Chinese characters are letters, and touch what stands beside them.
_EMAIL = re.compile(r"[A-Za-z0-9_.+%-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LINK = re.compile(r"https?://[^\s<>()]+[?#][^\s<>()]*")
"""An address with a query or fragment: those hold tokens and numbers of one person."""
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![A-Za-z0-9.])(?:\d[ -]?){12,18}\d(?![A-Za-z0-9])")
_PHONE = re.compile(
    r"(?<![A-Za-z0-9.,])\+?(?:\(\d{1,4}\)|\d)(?:[ ./-]?(?:\(\d{1,4}\)|\d)){6,14}(?![A-Za-z0-9])"
)
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9])#?(?=[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z]{1,6}-?[0-9][A-Z0-9-]{3,}(?![A-Za-z0-9])|(?<![A-Za-z0-9])#\d{3,}"
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9.,])\d{6,}(?![A-Za-z0-9])")
_ADDRESS = re.compile(
    r"\b\d{1,5}[a-z]?,? (?:[A-Z][\w'-]+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Square|Way|Court)\b\.?|"
    r"[\u4e00-\u9fff]{2,12}(?:路|街|大道|巷)\d+号(?:[\u4e00-\u9fff\d]{0,12}(?:室|楼|单元))?"
)
_NAMED = re.compile(
    r"(?P<before>\b(?:my name is|i am called|this is|dear|kind regards,?|best regards,?|best,|regards,?|sincerely,?)\s+)"
    r"(?P<name>[A-Z][\w'-]+(?:\s[A-Z][\w'-]+){0,2})",
    re.IGNORECASE,
)
_NAMED_ZH = re.compile(
    r"(?P<before>我叫|我是|姓名[:：]|收件人[:：]?)(?P<name>[\u4e00-\u9fff]{2,4})(?=[，。,.\s]|$)"
)

_PATTERNS = (
    (_EMAIL, "[email]"),
    (_LINK, "[link]"),
    (_IBAN, "[account]"),
    (_CARD, "[number]"),
    (_ADDRESS, "[address]"),
    (_PHONE, "[phone]"),
    (_IDENTIFIER, "[number]"),
    (_NUMBER, "[number]"),
)
MIN_NAME_CHARS = 2


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text with e-mail and postal addresses, telephone, card, account and order numbers and names replaced by what
    they are. `names` are the people in the conversation, taken apart into their words."""
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    text = _NAMED.sub(_unnamed, text)
    text = _NAMED_ZH.sub(r"\g<before>[name]", text)
    parts = {part for name in names for part in (name, *name.split()) if len(part) >= MIN_NAME_CHARS}
    for part in sorted(parts, key=len, reverse=True):
        edge = r"\b" if part.isascii() else ""
        text = re.sub(f"{edge}{re.escape(part)}{edge}", "[name]", text, flags=re.IGNORECASE)
    return text


def _unnamed(match: re.Match[str]) -> str:
    # The words before a name are matched in any case, the name itself begins with a capital letter.
    name = match["name"]
    return f"{match['before']}[name]" if name[0].isupper() else match[0]
