"""What the detector knows: signs of an attack, the rules by which they become alerts, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from myna.limits.windows import Bound


class Response(StrEnum):
    """What follows for the address; each also leaves an alert."""

    LOG = "log"
    SLOW = "slow"
    CHALLENGE = "challenge"
    BLOCK = "block"


class By(StrEnum):
    """What signs are counted by."""

    ADDRESS = "address"
    USER = "user"
    HANDLE = "handle"


@dataclass(frozen=True, slots=True)
class Rule:
    """From how many signs in which time on it is an alert, and what follows for how long."""

    by: By
    bound: Bound
    response: Response
    for_s: int
    what: str


RULES: Mapping[str, Rule] = {
    "brute_force": Rule(
        By.ADDRESS, Bound(8, 300), Response.SLOW, 900, "Many wrong passwords or codes from an address."
    ),
    "spraying": Rule(
        By.ADDRESS, Bound(4, 600), Response.BLOCK, 900, "Wrong passwords for many people from an address."
    ),
    "guessing": Rule(
        By.HANDLE, Bound(15, 900), Response.LOG, 0, "Wrong passwords for one person from many addresses."
    ),
    "token_reuse": Rule(
        By.USER, Bound(0, 60), Response.LOG, 0, "A refresh token came twice: somebody has a copy."
    ),
    "device_change": Rule(
        By.USER, Bound(0, 60), Response.LOG, 0, "A sign-in went on from another program elsewhere."
    ),
    "forged_token": Rule(By.ADDRESS, Bound(10, 300), Response.SLOW, 900, "Tokens that are not ours."),
    "probing": Rule(
        By.USER, Bound(20, 300), Response.SLOW, 900, "One user asks again and again for what it may not."
    ),
    "enumeration": Rule(
        By.ADDRESS, Bound(80, 120), Response.SLOW, 600, "Many different things that do not exist."
    ),
    "injection": Rule(
        By.ADDRESS, Bound(2, 600), Response.BLOCK, 3600, "Paths and parameters that only attacks have."
    ),
    "flood": Rule(
        By.ADDRESS, Bound(200, 60), Response.BLOCK, 300, "Requests go on although they are refused."
    ),
    "message_flood": Rule(
        By.USER, Bound(20, 60), Response.LOG, 0, "Messages go on although they are refused."
    ),
    "mass_export": Rule(
        By.USER, Bound(3, 3600), Response.LOG, 0, "One user takes what is kept about many people."
    ),
    "takeover": Rule(
        By.USER, Bound(10, 600), Response.LOG, 0, "One user changes ways into many accounts at once."
    ),
    "visitors": Rule(By.ADDRESS, Bound(30, 120), Response.CHALLENGE, 1800, "An address makes many visitors."),
    "scraping": Rule(
        By.USER, Bound(60, 600), Response.CHALLENGE, 1800, "A visitor asks an agent without end."
    ),
}
"""What is noticed. A bound says how many signs are still ordinary."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that happened once, and may be a part of an attack."""

    kind: str
    address: str = ""
    user: int | None = None
    workspace: int | None = None
    handle: str = ""


@dataclass(slots=True)
class Alert:
    """An attack as people see it: ids, addresses and numbers only, nothing that an attacker wrote."""

    id: int
    workspace: int
    """Whose administrators see it; 0: those of the server only."""
    kind: str
    key: str
    address: str
    user: int | None
    at: float
    last_at: float
    count: int
    response: Response
    until: float | None = None
    seen_by: int | None = None
    handle: str = field(default="", repr=False)
    """What was typed as a handle, until it is known whose it is; never stored or shown."""


@dataclass(frozen=True, slots=True)
class Shielded:
    """What holds for an address until a time; None: until somebody lifts it."""

    place: str
    response: Response
    until: float | None
    reason: str
    by: int | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Hook:
    """Where alerts are sent, signed with a secret."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the administrators decided: other rules, addresses that nothing follows for, and where alerts are sent."""

    rules: Mapping[str, Rule] = field(default_factory=lambda: dict(RULES))
    allow: tuple[str, ...] = ()
    """Addresses and networks."""
    hook: Hook | None = None
