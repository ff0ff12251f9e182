"""Links that pretend to lead elsewhere, and personal data and secrets that stand where many read them.

Every pattern takes linear time, as in `rules`.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from myna.model.conversation import ConversationKind
from myna.model.filtering import Listed
from myna.model.moderation import Action, Reason
from myna.personal_data import Kind, personal_data
from myna_agents.moderation.normalise import Normalised
from myna_agents.moderation.rules import Finding, Named

_PUBLIC: Final = frozenset({ConversationKind.GROUP, ConversationKind.CHANNEL})
_PRETENDS: Final = re.compile(r"https?://[a-z0-9.\-]{3,100}(?::[^\s/@]{0,60})?@([a-z0-9.\-]{3,253})")
_BY_NUMBER: Final = re.compile(
    r"https?://((?:[0-9]{1,3}\.){3}[0-9]{1,3}|0x[0-9a-f]{8}|[0-9]{8,10})(?![a-z0-9.])"
)
_PRIVATE: Final = re.compile(r"127\.|10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.")
_MANY_DIGITS: Final = re.compile(r"[0-9](?:[ \-]?[0-9]){11}")
"""What all numbers below have in them; looked for first, since few messages have it."""
_SECRET: Final = re.compile(
    r"-----begin [a-z ]{0,20}private key-----|(?<![a-z0-9])(?:akia[0-9a-z]{16}|gh[pousr]_[a-z0-9]{36}"
    r"|glpat-[a-z0-9_\-]{20}|sk-[a-z0-9_\-]{32,64}|xox[abprs]-[a-z0-9\-]{20,80})(?![a-z0-9])"
)
_SECRETS_BEGIN: Final = ("-----begin", "akia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "sk-", "xox")
_LEAKS: Final = {
    Kind.CARD: "a payment card's number",
    Kind.RESIDENT: "a resident identity number",
    Kind.ACCOUNT: "a bank account",
}


def pretends(message: Normalised, named: Named) -> Iterator[Finding]:
    """Whether a link hides where it leads: in look-alike letters, behind a name before an @, or behind a number."""
    links = [value for kind, value in named if kind is Listed.LINK]
    if links and not message.raw.isascii():
        raw = _without_marks(message.raw)
        # A host that only the normaliser can read was written so that people read another one.
        for host in (host for host in links if host not in raw):
            yield Finding(Action.FLAG, Reason("link.pretends", f"{host} in other letters", 0.4))
    if "://" not in message.raw:
        return
    behind = _PRETENDS.search(message.raw)
    if behind:
        yield Finding(Action.FLAG, Reason("link.pretends", f"leads to {behind[1]}", 0.4))
    numbered = _BY_NUMBER.search(message.raw)
    if numbered and not _PRIVATE.match(numbered[1]):
        yield Finding(Action.FLAG, Reason("link.pretends", f"leads to the address {numbered[1]}", 0.3))


def leaks(message: Normalised, place: ConversationKind) -> Iterator[Finding]:
    """Whether a number that only one's bank or state should know, or a secret key, stands where many read it.

    A tag for the review queue: moderators can take the message back. In direct and support conversations such things are told on
    purpose.
    """
    if place not in _PUBLIC:
        return
    text = message.raw
    if _MANY_DIGITS.search(text) is not None:
        yield from _numbers(text)
    if any(begin in text for begin in _SECRETS_BEGIN) and _SECRET.search(text):
        yield Finding(Action.FLAG, Reason("privacy.leak", "a secret key", 0.3))


def _numbers(text: str) -> Iterator[Finding]:
    kinds = {each.kind for each in personal_data(text, _LEAKS, sure=True)}
    for kind, shown in _LEAKS.items():
        if kind in kinds:
            yield Finding(Action.FLAG, Reason("privacy.leak", shown, 0.3))


def _without_marks(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
