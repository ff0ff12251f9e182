"""Questions asked at the same time share a read, and each answer is as fresh as a read of its own."""

import asyncio
from collections.abc import Collection

import pytest

from myna.errors import Busy
from myna.together import Together


class Store:
    """Values that grow by one with each read; a read can be held open."""

    def __init__(self) -> None:
        self.reads: list[set[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.failing = False

    async def read(self, keys: Collection[int]) -> dict[int, int]:
        self.reads.append(set(keys))
        version = len(self.reads)
        await self.open.wait()
        if self.failing:
            raise Busy("The database rests.")
        return {key: version for key in keys if key < 100}


async def test_many_questions_share_a_read_of_bounded_size() -> None:
    store = Store()
    together: Together[int, int] = Together(store.read, 10)
    found = await asyncio.gather(*(together.find(key) for key in range(25)))
    assert [len(each) for each in store.reads] == [10, 10, 5]
    assert found == [1] * 10 + [2] * 10 + [3] * 5


async def test_a_question_is_never_answered_by_a_read_that_began_before_it() -> None:
    store = Store()
    together: Together[int, int] = Together(store.read, 10)
    store.open.clear()
    first = asyncio.create_task(together.find(7))
    while not store.reads:
        await asyncio.sleep(0)
    second = asyncio.create_task(together.find(7))
    await asyncio.sleep(0)
    store.open.set()
    assert (await first, await second) == (1, 2)


async def test_an_unknown_key_has_no_value() -> None:
    together: Together[int, int] = Together(Store().read, 10)
    assert await together.find(4711) is None


async def test_a_failing_read_fails_those_who_waited_for_it_and_no_other() -> None:
    store = Store()
    together: Together[int, int] = Together(store.read, 10)
    store.failing = True
    failed = await asyncio.gather(together.find(1), together.find(2), return_exceptions=True)
    assert [type(each) for each in failed] == [Busy, Busy]
    store.failing = False
    assert await together.find(1) == 2


async def test_who_stops_waiting_does_not_disturb_the_others() -> None:
    store = Store()
    together: Together[int, int] = Together(store.read, 10)
    store.open.clear()
    first, second = asyncio.create_task(together.find(1)), asyncio.create_task(together.find(2))
    while not store.reads:
        await asyncio.sleep(0)
    first.cancel()
    store.open.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first
