"""Sizes, acquaintances and receipts, the same on both databases."""

import pytest

from myna.adapters.sql.conversations.crowds import SqlCrowds
from support.planning import ANN, BOB, GROUP, VIC, WORKSPACE, say
from support.stores import Stores


@pytest.fixture
async def crowds(shop: Stores) -> SqlCrowds:
    return SqlCrowds(shop.database)


async def members(shop: Stores, conversation: int) -> set[int]:
    return {user.id for _, user in await shop.conversations.members(conversation, 100)}


async def test_counting_members_stops_at_the_bound(shop: Stores, crowds: SqlCrowds) -> None:
    present = await members(shop, GROUP)
    assert await crowds.size(GROUP, 100) == len(present)
    assert await crowds.size(GROUP, 1) == 1
    assert await crowds.size(4711, 100) == 0


async def test_only_members_are_seated(shop: Stores, crowds: SqlCrowds) -> None:
    present = await members(shop, GROUP)
    asked = [*range(1, 1200), *present]
    assert set(await crowds.seated(GROUP, asked)) == present
    assert await crowds.seated(GROUP, []) == []


async def test_acquaintances_share_a_conversation(shop: Stores, crowds: SqlCrowds) -> None:
    present = await members(shop, GROUP)
    assert ANN in present
    assert VIC not in present
    found = set(await crowds.acquainted(ANN, [*present, VIC, 4711]))
    assert found == present


async def test_what_was_received_never_falls_and_never_passes_the_newest(
    shop: Stores, crowds: SqlCrowds
) -> None:
    for number in range(3):
        await shop.one(say(GROUP, ANN, f"m{number}"))
    head = (await shop.conversations.find(GROUP, WORKSPACE)).seq  # type: ignore[union-attr]  # it is there
    for mark in (2, 1, 2**53):
        await crowds.mark_received({(GROUP, BOB): mark, (4711, BOB): 1})
    marks = {user: (read, received) for user, read, received in await crowds.watermarks(GROUP, 100)}
    assert marks[BOB] == (0, head)
    assert await crowds.mark_received({}) == {}


async def test_whoever_has_read_has_received(shop: Stores, crowds: SqlCrowds) -> None:
    for number in range(3):
        await shop.one(say(GROUP, ANN, f"m{number}"))
    await shop.conversations.mark_read({(GROUP, ANN): 3})
    await crowds.mark_received({(GROUP, BOB): 2, (GROUP, ANN): 1})
    assert await crowds.reached(GROUP, 3) == (1, 1)
    assert await crowds.reached(GROUP, 2) == (1, 2)
    marks = {user: (read, received) for user, read, received in await crowds.watermarks(GROUP, 100)}
    assert marks[ANN] == (3, 3)
    assert len(await crowds.watermarks(GROUP, 1)) == 1
