"""Which transport a client tries next."""

import asyncio
from typing import Any

import pytest

from myna_bots.adapters.http import HttpxHttp
from myna_bots.client.ports import Socket
from myna_bots.client.ways import PATIENCE, PATIENCE_PROVEN, Way, default_transports


def transport() -> Any:
    async def connect(url: str) -> Socket:
        raise AssertionError(url)

    return connect


SOCKET, EVENTS, POLL = transport(), transport(), transport()


@pytest.fixture
def way() -> Way:
    return Way([SOCKET, EVENTS, POLL])


def tries(way: Way, count: int) -> list[Any]:
    """The transports of so many attempts that all fail."""
    found = []
    for _ in range(count):
        found.append(way.connect)
        way.went(False)
    return found


def test_each_transport_is_tried_twice_and_then_it_begins_again(way: Way) -> None:
    assert tries(way, 7) == [SOCKET, SOCKET, EVENTS, EVENTS, POLL, POLL, SOCKET]
    assert PATIENCE == 2


def test_one_that_has_worked_is_given_up_late_since_a_restart_looks_the_same(way: Way) -> None:
    way.went(True)
    assert tries(way, 7) == [SOCKET] * PATIENCE_PROVEN + [EVENTS]


def test_after_a_makeshift_the_best_one_gets_one_try(way: Way) -> None:
    tries(way, 2)
    assert way.connect is EVENTS
    way.went(True)
    assert tries(way, 2) == [SOCKET, EVENTS]


def test_a_lone_transport_stays(way: Way) -> None:
    assert tries(Way([POLL]), 9) == [POLL] * 9


def test_a_client_has_three_transports() -> None:
    async def count() -> int:
        http = HttpxHttp("http://127.0.0.1:9")
        try:
            return len(default_transports(http))
        finally:
            await http.close()

    assert asyncio.run(count()) == 3
