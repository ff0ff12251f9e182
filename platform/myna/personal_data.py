"""The one recogniser of personal data: e-mail addresses and numbers that belong to one person. Pure.

Used by the filter (leaks), by the knowledge base (what is learnt of conversations) and before a model reads anything. Every
pattern takes linear time: none has a repeat within a repeat that both could take the same characters.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What was found."""

    EMAIL = "email"
    RESIDENT = "resident"
    """A resident identity number of China."""
    ACCOUNT = "account"
    """A bank account (IBAN)."""
    CARD = "card"
    """A payment card."""
    PHONE = "phone"
    NUMBER = "number"
    """An order, ticket or customer number, or any other long number."""


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data in a text."""

    kind: Kind
    start: int
    end: int
    checked: bool
    """Whether its check digits are right, for the kinds that have some."""


# Edges of words in ASCII: to a regular expression Chinese characters are letters, and touch what stands beside them.
_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9_.+%-])[A-Za-z0-9_.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_RESIDENT: Final = re.compile(r"(?<![0-9a-zA-Z])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9xX](?![0-9a-zA-Z])")
_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?![A-Za-z0-9])"
)
_LONG: Final = re.compile(r"(?<![A-Za-z0-9.])[0-9](?:[ -]?[0-9]){12,18}(?![A-Za-z0-9])")
_PHONE: Final = re.compile(
    r"(?<![A-Za-z0-9.,])\+?(?:\([0-9]{1,4}\)|[0-9])(?:[ ./-]?(?:\([0-9]{1,4}\)|[0-9])){6,14}(?![A-Za-z0-9])"
)
_IDENTIFIER: Final = re.compile(
    r"(?<![A-Za-z0-9])#?(?=[A-Z0-9-]{0,64}[0-9][A-Z0-9-]{0,64}[0-9])[A-Z]{1,6}-?[0-9][A-Z0-9-]{3,64}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])#[0-9]{3,}"
)
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9.,])[0-9]{6,}(?![A-Za-z0-9])")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def is_card(found: str) -> bool:
    """Luhn's formula (ISO/IEC 7812-1, annex B), and a first digit that payment cards have."""
    digits = found.replace(" ", "").replace("-", "")
    if digits[0] not in "23456" or len(set(digits)) < 3:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_resident(found: str) -> bool:
    """The check character of GB 11643-1999 (ISO 7064, MOD 11-2), and a month that exists."""
    total = sum(int(digit) * weight for digit, weight in zip(found, _WEIGHTS, strict=False))
    return 1 <= int(found[10:12]) <= 12 and _CHECKS[total % 11] == found[17].upper()


def is_account(found: str) -> bool:
    """The check digits of ISO 13616 (ISO 7064, MOD 97-10)."""
    plain = found.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1


def _shouts(found: str) -> bool:
    return found == found.upper()


def _always(_: str) -> bool:
    return True


_Sure = Callable[[str], bool]
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Kind, _Sure, _Sure], ...]] = (
    (_EMAIL, Kind.EMAIL, _always, _always),
    (_RESIDENT, Kind.RESIDENT, is_resident, is_resident),
    (_IBAN, Kind.ACCOUNT, is_account, _shouts),
    (_LONG, Kind.CARD, is_card, is_card),
    (_LONG, Kind.NUMBER, _always, _always),
    (_PHONE, Kind.PHONE, _always, _always),
    (_IDENTIFIER, Kind.NUMBER, _always, _always),
    (_NUMBER, Kind.NUMBER, _always, _always),
)
"""What each looks like, what says that it is surely one, and what suffices where nothing must be missed; surest first."""


def personal_data(text: str, kinds: Collection[Kind] = tuple(Kind), *, sure: bool = False) -> list[Found]:
    """What a text holds of these kinds, in its order; no two overlap. `sure`: only what check digits confirm.

    A number that could be of several kinds is of the surest one. In small letters only what has right check digits is taken
    for an account: words look like one.
    """
    found: list[Found] = []
    taken = bytearray(len(text))
    for pattern, kind, confirms, suffices in _PATTERNS:
        if kind not in kinds:
            continue
        for match in pattern.finditer(text):
            checked = confirms(match[0])
            if not checked and (sure or not suffices(match[0])):
                continue
            start, end = match.span()
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Found(kind, start, end, checked))
    return sorted(found, key=lambda each: each.start)


def replaced(text: str, instead: Callable[[Kind, str], str], kinds: Collection[Kind] = tuple(Kind)) -> str:
    """The text with what `instead` gives for each piece of personal data of these kinds."""
    parts: list[str] = []
    at = 0
    for each in personal_data(text, kinds):
        parts += (text[at : each.start], instead(each.kind, text[each.start : each.end]))
        at = each.end
    return "".join((*parts, text[at:]))
