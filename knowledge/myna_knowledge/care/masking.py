"""Personal data out of texts before they become knowledge: what a pattern can tell, and the names of those present.

Order and ticket numbers go too: what is long and made of digits is about one customer, not about the subject.
"""

import re
from collections.abc import Iterable

from myna.personal_data import Kind, replaced

_LINK = re.compile(r"https?://[^\s<>()]+[?#][^\s<>()]*")
"""An address with a query or fragment: those hold tokens and numbers of one person."""
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

_SHOWN = {Kind.ACCOUNT: "[account]", Kind.EMAIL: "[email]", Kind.PHONE: "[phone]"}
"""How what the recogniser finds is shown; the rest are numbers."""
MIN_NAME_CHARS = 2


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text with e-mail and postal addresses, telephone, card, account and order numbers and names replaced by what
    they are. `names` are the people in the conversation, taken apart into their words."""
    text = replaced(text, _shown, (Kind.EMAIL,))
    text = _LINK.sub("[link]", text)
    text = _ADDRESS.sub("[address]", replaced(text, _shown, (Kind.ACCOUNT, Kind.CARD, Kind.RESIDENT)))
    text = replaced(text, _shown)
    text = _NAMED.sub(_unnamed, text)
    text = _NAMED_ZH.sub(r"\g<before>[name]", text)
    parts = {part for name in names for part in (name, *name.split()) if len(part) >= MIN_NAME_CHARS}
    for part in sorted(parts, key=len, reverse=True):
        edge = r"\b" if part.isascii() else ""
        text = re.sub(f"{edge}{re.escape(part)}{edge}", "[name]", text, flags=re.IGNORECASE)
    return text


def _shown(kind: Kind, _: str) -> str:
    return _SHOWN.get(kind, "[number]")


def _unnamed(match: re.Match[str]) -> str:
    # The words before a name are matched in any case, the name itself begins with a capital letter.
    name = match["name"]
    return f"{match['before']}[name]" if name[0].isupper() else match[0]
