"""Checking passwords is slow on purpose, so few are checked at once and few wait."""

import asyncio

import pytest

from myna.errors import Busy
from myna.identity import passwords
from myna.identity.passwords import hash_password, matches


async def test_of_many_at_once_some_are_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = await hash_password("correct horse battery")
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    tries = [matches("correct horse battery", hashed) for _ in range(8)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert outcomes.count(True) == 3
    assert sum(isinstance(each, Busy) for each in outcomes) == 5
    assert await matches("correct horse battery", hashed)
