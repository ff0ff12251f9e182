"""How messages are judged in a place: policies of workspace, inbox and conversation, and what is always wanted or unwanted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from myna.errors import Malformed

LAYERS: Final = (
    "lists",
    "rules",
    "sender",
    "campaign",
    "reputation",
    "model",
    "offensive",
    "injection",
    "judge",
    "plugins",
)
"""What looks at a message, cheapest first; each can be switched off."""
LEVELS: Final[Mapping[str, tuple[float, float]]] = {
    "lenient": (0.6, 0.85),
    "standard": (0.3, 0.5),
    "strict": (0.15, 0.3),
}
"""P(spam) from which a message is flagged and held; `off` judges nothing."""
MAX_CONSEQUENCES: Final = 10
MAX_FOR_S: Final = 366 * 86_400
MAX_WITHIN_S: Final = 86_400
MAX_SLOW_S: Final = 6 * 3_600
MAX_LISTED_CHARS: Final = 200
_PHONE: Final = re.compile("[0-9]{5,15}")
_HANDLE: Final = re.compile("[a-z0-9_.-]{3,40}")
_HOST: Final = re.compile(r"(?=.{4,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


class PlaceKind(StrEnum):
    """Where a policy holds; the narrower one counts."""

    WORKSPACE = "workspace"
    INBOX = "inbox"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What happens to a sender beside what happens to the message."""

    on: str
    """The verdict that counts: `flag`, `hold` or `block` (each with the stricter ones), or `kept_out`: a moderator blocked."""
    do: str
    """`warn`, `mute`, `ban`, or `slow`: the whole conversation goes into slow mode."""
    after: int = 1
    """How many such messages of the sender it takes."""
    within_s: int = 3_600
    """In how many seconds."""
    for_s: int = 600
    """How long a mute or ban lasts, or the least seconds between two messages in slow mode."""

    def checked(self) -> "Consequence":
        """This consequence, if all of it makes sense.

        Raises:
            Malformed: with the field that does not.
        """
        if self.on not in {"flag", "hold", "block", "kept_out"}:
            raise Malformed("consequences.on is 'flag', 'hold', 'block' or 'kept_out'.")
        if self.do not in {"warn", "mute", "ban", "slow"}:
            raise Malformed("consequences.do is 'warn', 'mute', 'ban' or 'slow'.")
        most = MAX_SLOW_S if self.do == "slow" else MAX_FOR_S
        bounds = (
            ("after", self.after, 100),
            ("within_s", self.within_s, MAX_WITHIN_S),
            ("for_s", self.for_s, most),
        )
        for name, value, limit in bounds:
            if not 1 <= value <= limit:
                raise Malformed(f"consequences.{name} is a whole number from 1 to {limit}.")
        return self


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """How messages are judged. What is None is as in the wider place: conversation, inbox, workspace, server."""

    level: str | None = None
    """`off`, or which thresholds hold where none are given: `lenient`, `standard`, `strict`."""
    layers: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Layers that are on or off here; what is not named is as in the wider place, and on in the end."""
    flag_at: float | None = None
    hold_at: float | None = None
    block_at: float | None = None
    offensive_at: float | None = None
    may_block: bool | None = None
    fails: str | None = None
    """`open`: what cannot be judged passes; `closed`: it waits for a moderator."""
    consequences: tuple[Consequence, ...] | None = None

    def checked(self) -> "FilterPolicy":
        """This policy, if all of it makes sense.

        Raises:
            Malformed: with the field that does not.
        """
        if self.level is not None and self.level != "off" and self.level not in LEVELS:
            raise Malformed(f"level is off, {', '.join(LEVELS)}.")
        if unknown := [name for name in self.layers if name not in LAYERS]:
            raise Malformed(f"There is no layer {unknown[0]!r}; there are {', '.join(LAYERS)}.")
        for name in ("flag_at", "hold_at", "block_at", "offensive_at"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise Malformed(f"{name} is a probability, 0..1.")
        if self.flag_at is not None and self.hold_at is not None and self.flag_at > self.hold_at:
            raise Malformed("flag_at must not be above hold_at.")
        if self.fails not in {None, "open", "closed"}:
            raise Malformed("fails is 'open' or 'closed'.")
        if len(self.consequences or ()) > MAX_CONSEQUENCES:
            raise Malformed(f"At most {MAX_CONSEQUENCES} consequences.")
        for each in self.consequences or ():
            each.checked()
        return self

    def over(self, wider: "FilterPolicy") -> "FilterPolicy":
        """What holds when this policy narrows a wider one. A level given here sets the wider thresholds aside."""
        made: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            made[each.name] = getattr(wider, each.name) if value is None else value
        if self.level is not None:
            made["flag_at"], made["hold_at"] = self.flag_at, self.hold_at
        made["layers"] = {**wider.layers, **self.layers}
        return FilterPolicy(**made)

    @property
    def off(self) -> bool:
        """Whether nothing is judged here."""
        return self.level == "off"

    def on(self, layer: str) -> bool:
        """Whether a layer looks at messages here."""
        return self.layers.get(layer, True)


class Listed(StrEnum):
    """What an entry of the workspace's list is about."""

    SENDER = "sender"
    LINK = "link"
    PHONE = "phone"
    HANDLE = "handle"
    PHRASE = "phrase"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a moderator decided for always: a sender, link, phone, handle or phrase, or a regular expression."""

    id: int
    workspace: int
    kind: Listed
    value: str
    decision: str
    """`allow`, `flag`, `hold` or `block`."""
    name: str
    by: int
    at: float


def listed_value(kind: Listed, value: str) -> str:
    """The value as it is compared.

    Raises:
        Malformed: it is nothing of this kind.
    """
    text = value.strip()
    if not text or len(text) > MAX_LISTED_CHARS or "\x00" in text:
        raise Malformed(f"value has 1 to {MAX_LISTED_CHARS} characters.")
    match kind:
        case Listed.SENDER:
            if not text.isascii() or not text.isdigit() or int(text) >= 2**53:
                raise Malformed("A sender is the id of a user.")
            return str(int(text))
        case Listed.LINK:
            host = text.lower().removeprefix("https://").removeprefix("http://").split("/")[0].rstrip(".")
            if not _HOST.fullmatch(host):
                raise Malformed("A link is a host, such as shop.example.com; its subdomains count, too.")
            return host
        case Listed.PHONE:
            digits = re.sub("[^0-9]", "", text)
            if not _PHONE.fullmatch(digits):
                raise Malformed("A phone number has 5 to 15 digits.")
            return digits
        case Listed.HANDLE:
            handle = text.lower().removeprefix("@")
            if not _HANDLE.fullmatch(handle):
                raise Malformed("A handle has 3 to 40 letters, digits, dots, dashes and underscores.")
            return handle
        case Listed.PHRASE | Listed.RULE:
            return text


@dataclass(frozen=True, slots=True, eq=False)
class Filtering:
    """Everything that a workspace decided about judging, at one moment. Compared by identity: another one is another moment."""

    workspace: int
    policies: Mapping[tuple[PlaceKind, int], FilterPolicy] = field(
        default_factory=dict[tuple[PlaceKind, int], FilterPolicy]
    )
    listings: tuple[Listing, ...] = ()

    def of(self, conversation: int, inbox: int | None, *, closed: bool | None = None) -> FilterPolicy:
        """What holds in a conversation, without what the server itself says but for `closed`: how judging fails."""
        fails = {None: NOTHING, True: _CLOSED, False: _OPEN}[closed]
        if not self.policies:
            return fails
        found = self.policies.get((PlaceKind.WORKSPACE, self.workspace), NOTHING)
        for key in ((PlaceKind.INBOX, inbox or 0), (PlaceKind.CONVERSATION, conversation)):
            narrower = self.policies.get(key)
            if narrower is not None:
                found = narrower.over(found)
        return found if found.fails is not None else found.over(fails)


NOTHING: Final = FilterPolicy()
"""Nothing is said here: the wider place counts."""
_OPEN: Final = FilterPolicy(fails="open")
_CLOSED: Final = FilterPolicy(fails="closed")
