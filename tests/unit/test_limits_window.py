"""Rate limits: so many in a window, per key, in bounded memory."""

import time
from collections.abc import Callable

import pytest

from myna.api.limits import MAX_KEYS, Limits
from myna.errors import TooMany


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""

    def move(now_s: float) -> None:
        monkeypatch.setattr(time, "monotonic", lambda: now_s)

    move(100.0)
    return move


def test_a_window_takes_so_many_and_slides(at: Callable[[float], None]) -> None:
    limits = Limits(count=2, window_s=10)
    limits.take("a")
    at(104.0)
    limits.take("a")
    with pytest.raises(TooMany) as refused:
        limits.take("a")
    assert refused.value.retry_ms == 6001
    assert refused.value.temporary
    at(110.5)
    limits.take("a")
    with pytest.raises(TooMany):
        limits.take("a")


def test_keys_do_not_share_a_window(at: Callable[[float], None]) -> None:
    limits = Limits(count=1, window_s=10)
    limits.take("a")
    limits.take("b")
    with pytest.raises(TooMany):
        limits.take("a")


def test_refused_tries_do_not_prolong_the_wait(at: Callable[[float], None]) -> None:
    limits = Limits(count=1, window_s=10)
    limits.take("a")
    for now_s in (101.0, 105.0, 109.0):
        at(now_s)
        with pytest.raises(TooMany):
            limits.take("a")
    at(110.5)
    limits.take("a")


def test_the_keys_that_were_idle_longest_are_forgotten(at: Callable[[float], None]) -> None:
    limits = Limits(count=1, window_s=10)
    for key in range(MAX_KEYS + 1):
        limits.take(str(key))
    limits.take("0")
    with pytest.raises(TooMany):
        limits.take(str(MAX_KEYS))
