"""Passwords: argon2id, hashed and checked in a worker thread since each takes tens of milliseconds on purpose."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MIN_CHARS = 8
MAX_CHARS = 256
_hasher = PasswordHasher()
_unknown = _hasher.hash("nobody has this password")
"""Checked when the handle is unknown, so that the answer takes as long."""


def new_password() -> str:
    """A generated password of 96 random bits, easy to copy."""
    raw = secrets.token_hex(12)
    return "-".join(raw[place : place + 6] for place in range(0, 24, 6))


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, hashed: str | None) -> bool:
    """Whether the password is the one that was hashed. Takes the same time when there is no hash."""
    return await asyncio.to_thread(_matches, password, hashed)


def _matches(password: str, hashed: str | None) -> bool:
    try:
        return _hasher.verify(hashed or _unknown, password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
