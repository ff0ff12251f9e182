"""What customers let agents remember of them: told facts only, after they agreed, for a limited time. Pure but for the port."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

KEEP_S = 180 * 24 * 3600.0
"""How long a fact is kept after it was told last."""
MAX_VALUE_CHARS = 120
MAX_FACTS = 20

_END = r"(?=[.,;!?。，；！？\n]|\s+(?:and|but|so)\b|$)"
_TOLD: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "name",
        re.compile(
            rf"\b(?i:my name is|call me)\s+([A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*){{0,2}}){_END}"
            r"|(?:我叫|我的名字(?:是|叫)|叫我)\s*([\u4e00-\u9fff·]{2,6})(?=[，。！,.!\s]|$)"
        ),
    ),
    (
        "order",
        re.compile(
            r"\b(?:order|invoice)\s*(?:number|no\.?|nr\.?|#)?\s*(?:is|:)?\s*#?([A-Z]{0,4}-?\d[\dA-Z-]{3,19})\b"
            r"|订单号?(?:码)?\s*(?:是|为|：|:)?\s*#?([A-Z]{0,4}-?\d[\dA-Z-]{3,19})",
            re.IGNORECASE,
        ),
    ),
    (
        "product",
        re.compile(
            rf"\b[Ii](?:'ve)? (?:own|bought) (?:a|an|the) ([\w][\w -]{{2,40}}?){_END}"
            r"|我(?:买了)(?:一个|一台|一盏)([\u4e00-\u9fff\w -]{2,20}?)(?=[，。！？,.!?\s]|$)"
        ),
    ),
    (
        "language",
        re.compile(
            r"\bplease (?:answer|write|reply) in (English|Chinese|German|French|Spanish|Japanese)\b"
            r"|请用(中文|英文|英语)(?:回答|回复)?",
            re.IGNORECASE,
        ),
    ),
)
"""By pattern, not by a model: what is kept of a person must be what the person said, word for word."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a customer said of themselves. One value for each name; the newest counts."""

    customer: int
    workspace: int
    name: str
    value: str
    conversation: int
    seq: int
    at: float
    expires_at: float


class Memory(Protocol):
    """Keeps what customers agreed to. Every write is durable when the call returns."""

    async def consent(self, customer: int) -> bool | None:
        """Whether the customer agreed; None when they were never asked."""
        ...

    async def set_consent(self, customer: int, workspace: int, given: bool, at: float) -> None:
        """Keep what the customer said; taking it back erases every fact in the same transaction."""
        ...

    async def facts(self, customer: int, workspace: int, now: float) -> list[Fact]:
        """What is remembered and has not expired; expired facts are erased when they are met."""
        ...

    async def remember(self, facts: Sequence[Fact]) -> int:
        """Store facts of customers who agreed; how many were stored. Those of others are dropped."""
        ...

    async def forget(self, customer: int, workspace: int, name: str | None) -> int:
        """Erase one fact or all; how many there were."""
        ...


def told(text: str) -> dict[str, str]:
    """What a message says of its sender, by name of the fact."""
    found: dict[str, str] = {}
    for name, pattern in _TOLD:
        if match := pattern.search(text):
            value = next(group for group in match.groups() if group).strip()
            found[name] = value[:MAX_VALUE_CHARS]
    return found
