"""Proofs of work: a client that wants much computes a little first. No third party, nothing stored for a challenge.

Hashcash (Back, 2002) with SHA-256: the answer is a number by which `challenge:answer` hashes to so many leading zero bits.
Finding it takes 2^bits hashes on average, checking it takes one.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable

from myna.errors import MynaError

LIFE_S = 300
BITS = 16
"""65,000 hashes: a fifth of a second in a browser of today."""
CHALLENGED_BITS = 18
"""For addresses that the detector challenges."""
MAX_ANSWER = 20
"""Digits of an answer."""


class ProofNeeded(MynaError):
    """This address is noisy: compute the answer to `challenge` and ask again with it."""

    status, code, temporary = 428, "proof_needed", True


class Proofs:
    """Makes challenges and takes each answer once. `once` counts the use of one in all processes and raises at the second."""

    def __init__(self, key: bytes, once: Callable[[str], Awaitable[None]]) -> None:
        self._key = hmac.digest(key, b"proof of work", hashlib.sha256)
        self._once = once

    def challenge(self, address: str, bits: int = BITS) -> str:
        """A challenge for one address, which is good for five minutes."""
        told = f"{int(time.time()) + LIFE_S}.{bits}.{secrets.token_urlsafe(12)}"
        return f"{told}.{self._sign(told, address)}"

    def needed(self, address: str, bits: int = BITS) -> ProofNeeded:
        """What to answer a client that brought no proof."""
        challenge = self.challenge(address, bits)
        return ProofNeeded(
            "Too many begin from this address: compute a proof of work and ask again with it.",
            extra={"challenge": challenge, "bits": int(challenge.split(".")[1])},
        )

    async def check(self, address: str, challenge: str, answer: str) -> None:
        """Let pass who brings an answer to a challenge of ours that was not used before.

        Raises:
            ProofNeeded: it is wrong, too old, used, or another address's; a new challenge comes with it.
        """
        told, _, signature = challenge.rpartition(".")
        parts = told.split(".")
        if (
            len(parts) != 3
            or not hmac.compare_digest(signature.encode(), self._sign(told, address).encode())
            or float(parts[0]) < time.time()
            or not solved(challenge, answer, int(parts[1]))
        ):
            raise self.needed(address)
        try:
            await self._once(parts[2])
        except MynaError as used:
            raise self.needed(address) from used

    def _sign(self, told: str, address: str) -> str:
        return hmac.new(self._key, f"{told}|{address}".encode(), hashlib.sha256).hexdigest()[:32]


def solved(challenge: str, answer: str, bits: int) -> bool:
    """Whether the answer's hash begins with so many zero bits."""
    if not answer.isdecimal() or not answer.isascii() or len(answer) > MAX_ANSWER:
        return False
    digest = hashlib.sha256(f"{challenge}:{answer}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def solve(challenge: str, bits: int) -> str:
    """An answer, for clients in Python."""
    answer = 0
    while not solved(challenge, str(answer), bits):
        answer += 1
    return str(answer)
