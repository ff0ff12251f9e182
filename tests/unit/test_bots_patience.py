"""A bot's calls wait for a server that is away, however long, and give up what fails in another way."""

from collections.abc import Mapping
from typing import Any

import pytest

from myna.errors import Busy, Malformed, MynaError, TooMany
from myna_bots.client.backoff import Backoff
from myna_bots.client.errors import TimedOut, Unreachable
from myna_bots.client.ports import Reply
from myna_bots.sdk import calls
from myna_bots.sdk.calls import ATTEMPTS, BotCalls


class Failing:
    """An HTTP client that fails so often, then answers."""

    def __init__(self, failure: MynaError, times: int) -> None:
        self._failure, self._left, self.keys = failure, times, list[str]()

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **_: Any
    ) -> Reply:
        self.keys.append((headers or {})["Idempotency-Key"])
        if self._left:
            self._left -= 1
            raise self._failure
        return Reply(200, b'{"seq": 7}')

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that take no time."""
    monkeypatch.setattr(calls, "Backoff", lambda *_: Backoff(0.0, 0.0))


@pytest.mark.parametrize("failure", [Unreachable("No answer."), Busy("Draining."), TooMany("Slowly.")])
async def test_what_is_said_waits_until_the_server_is_there_again(failure: MynaError) -> None:
    http = Failing(failure, 5 * ATTEMPTS)
    assert await BotCalls(http, "7:x").say("1", "key", "hello", {}) == {"seq": 7}
    assert http.keys == ["key"] * (5 * ATTEMPTS + 1)


@pytest.mark.parametrize(
    ("failure", "tried"),
    [(Malformed("No."), 1), (TimedOut("Too late."), ATTEMPTS)],
)
async def test_what_fails_in_another_way_is_given_up(failure: MynaError, tried: int) -> None:
    http = Failing(failure, 100)
    with pytest.raises(type(failure)):
        await BotCalls(http, "7:x").say("1", "key", "hello", {})
    assert len(http.keys) == tried
