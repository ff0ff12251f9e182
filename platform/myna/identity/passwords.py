"""Passwords: argon2id, hashed and checked in a worker thread since each takes tens of milliseconds on purpose."""

import asyncio
import os
import secrets
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION  # pyright: ignore[reportUnknownVariableType]

from myna.errors import Busy

MIN_CHARS = 8
MAX_CHARS = 256
MAX_WAITING = 64
"""Passwords that wait to be checked. Overflow rule: the next is refused, and comes again."""
PATIENCE = 10
"""How far checks of passwords stand back from everything else: on Linux each thread has a niceness of its own."""
T = TypeVar("T")


def _stand_back() -> None:
    # Elsewhere this would slow the whole process down (setpriority(2), "C library/kernel differences").
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENCE)


_workers = ThreadPoolExecutor(2, thread_name_prefix="myna-password", initializer=_stand_back)
_waiting: set[object] = set()
_hasher = PasswordHasher()


def _of_nobody() -> str:
    """A hash with the parameters of all others and random bytes for its digest, so that a start computes none."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


_unknown = _of_nobody()
"""Checked when the handle is unknown, so that the answer takes as long."""


def new_password() -> str:
    """A generated password of 96 random bits, easy to copy."""
    raw = secrets.token_hex(12)
    return "-".join(raw[place : place + 6] for place in range(0, 24, 6))


async def hash_password(password: str) -> str:
    """The argon2id hash of a password. Raises as `matches`."""
    return await _in_turn(_hasher.hash, password)


async def matches(password: str, hashed: str | None) -> bool:
    """Whether the password is the one that was hashed. Takes the same time when there is no hash.

    Raises:
        Busy: too many passwords wait to be checked.
    """
    return await _in_turn(_matches, password, hashed)


async def _in_turn(work: Callable[..., T], *args: object) -> T:
    # A hundred guesses at once must not take the processor from those who are signed in.
    if len(_waiting) >= MAX_WAITING:
        raise Busy("Too many sign in at once; try again in a moment.", code="crowded", retry_ms=2000)
    ticket = object()
    _waiting.add(ticket)
    try:
        return await asyncio.get_running_loop().run_in_executor(_workers, partial(work, *args))
    finally:
        _waiting.discard(ticket)


def _matches(password: str, hashed: str | None) -> bool:
    try:
        return _hasher.verify(hashed or _unknown, password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
