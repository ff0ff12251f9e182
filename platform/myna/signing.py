"""Signatures of webhooks: HMAC-SHA256 over `t.body`, as Stripe's `t=…,v1=…` header has it, one `v1` for each live secret."""

import hashlib
import hmac
import re
from collections.abc import Sequence

TOLERANCE_S = 300
"""How old a signature may be: a recorded request cannot be played again later."""
HEADER = "X-Myna-Signature"
_PART = re.compile(r"^(t|v1)=([0-9a-f]+)$")


def signature(body: bytes, secrets: Sequence[str], at: int) -> str:
    """The header's value: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`."""
    return ",".join([f"t={at}", *(f"v1={_digest(body, secret, at)}" for secret in secrets)])


def verify(body: bytes, header: str, secret: str, now: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether the body was signed with the secret, not too long ago. For receivers."""
    at, given = None, list[str]()
    for part in header.split(","):
        found = _PART.match(part.strip())
        if found is None:
            continue
        if found[1] == "t" and found[2].isdecimal():
            at = int(found[2])
        elif found[1] == "v1":
            given.append(found[2])
    if at is None or abs(now - at) > tolerance_s:
        return False
    return any(hmac.compare_digest(_digest(body, secret, at), each) for each in given)


def _digest(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
