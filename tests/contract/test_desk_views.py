"""The operators' desk on both databases."""

import pytest

from myna.errors import Malformed
from myna.log.writes import MoveTicket
from myna.model import Owner
from myna.model_moderation import HeldState
from support.planning import (
    ANN,
    GROUP,
    OPA,
    OTTO,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    WORKSPACE,
    claim,
    decide,
    hold,
    resolve,
    say,
)
from support.stores import ELSEWHERE, Stores


async def view(shop: Stores, name: str, operator: int = OPA, workspace: int = WORKSPACE) -> list[int]:
    found = await shop.desk.tickets(workspace, view=name, operator=operator, before=None, limit=50)
    return [ticket.conversation for ticket, _ in found]


async def views(shop: Stores, operator: int = OPA) -> dict[str, int]:
    counts = await shop.desk.counts(WORKSPACE, operator)
    for name, count in counts.items():
        assert len(await view(shop, name, operator)) == count
    return counts


async def test_a_conversation_shows_up_with_its_first_message(shop: Stores) -> None:
    assert await views(shop) == {"open": 0, "mine": 0, "queue": 0, "agent": 0, "resolved": 0}
    await shop.one(say(SUPPORT, VIC, "1"))
    assert await views(shop) == {"open": 1, "mine": 0, "queue": 0, "agent": 1, "resolved": 0}


async def test_views_follow_the_owner(shop: Stores) -> None:
    await shop.all(say(SUPPORT, VIC, "1"), say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    assert await view(shop, "agent") == [SUPPORT]
    assert await view(shop, "queue") == [SUPPORT_WITHOUT_AGENT]
    await shop.one(claim(SUPPORT, OPA))
    assert await view(shop, "mine") == [SUPPORT]
    assert await view(shop, "mine", OTTO) == []
    assert await views(shop, OTTO) == {"open": 2, "mine": 0, "queue": 1, "agent": 0, "resolved": 0}
    await shop.one(resolve(SUPPORT, OPA))
    assert await view(shop, "resolved") == [SUPPORT]
    assert await views(shop) == {"open": 1, "mine": 0, "queue": 1, "agent": 0, "resolved": 1}
    await shop.one(MoveTicket(SUPPORT, OPA, Owner.QUEUE))
    assert await views(shop) == {"open": 2, "mine": 0, "queue": 2, "agent": 0, "resolved": 0}


async def test_another_workspace_sees_nothing(shop: Stores) -> None:
    await shop.all(say(SUPPORT, VIC, "1"), hold(900, SUPPORT, VIC, "2"))
    assert await view(shop, "open", 99, ELSEWHERE) == []
    assert set((await shop.desk.counts(ELSEWHERE, 99)).values()) == {0}
    assert await shop.desk.held(900, ELSEWHERE) is None
    assert await shop.desk.held_list(ELSEWHERE, HeldState.WAITING, None, 9) == []
    assert await shop.desk.held_waiting(ELSEWHERE) == 0


async def test_tickets_come_latest_change_first_in_pages(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "1"))
    await shop.one(say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    assert await view(shop, "open") == [SUPPORT_WITHOUT_AGENT, SUPPORT]
    ((_, first),) = await shop.desk.tickets(WORKSPACE, view="open", operator=OPA, before=None, limit=1)
    second = await shop.desk.tickets(
        WORKSPACE, view="open", operator=OPA, before=(first.changed_at, first.id), limit=9
    )
    assert [place.id for _, place in second] == [SUPPORT]


async def test_tickets_of_one_moment_are_all_listed_once(shop: Stores) -> None:
    await shop.all(say(SUPPORT, VIC, "1"), say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    seen: list[int] = []
    before: tuple[float, int] | None = None
    while page := await shop.desk.tickets(WORKSPACE, view="open", operator=OPA, before=before, limit=1):
        seen.append(page[0][1].id)
        before = (page[0][1].changed_at, page[0][1].id)
    assert seen == [SUPPORT_WITHOUT_AGENT, SUPPORT]


async def test_an_unknown_view_is_refused(shop: Stores) -> None:
    with pytest.raises(Malformed):
        await view(shop, "everything")


async def test_held_messages_wait_oldest_first_and_are_decided_newest_first(shop: Stores) -> None:
    for place in range(4):
        await shop.one(hold(900 + place, GROUP, ANN, str(place), f"text {place}"))
    waiting = await shop.desk.held_list(WORKSPACE, HeldState.WAITING, None, 2)
    assert [each.id for each in waiting] == [900, 901]
    rest = await shop.desk.held_list(WORKSPACE, HeldState.WAITING, 901, 9)
    assert [each.id for each in rest] == [902, 903]
    assert await shop.desk.held_waiting(WORKSPACE) == 4
    for place in range(3):
        await shop.one(decide(900 + place, GROUP, allow=place < 2))
    allowed = await shop.desk.held_list(WORKSPACE, HeldState.ALLOWED, None, 9)
    assert [each.id for each in allowed] == [901, 900]
    assert [each.id for each in await shop.desk.held_list(WORKSPACE, HeldState.ALLOWED, 901, 9)] == [900]
    assert [each.id for each in await shop.desk.held_list(WORKSPACE, HeldState.BLOCKED, None, 9)] == [902]
    assert await shop.desk.held_waiting(WORKSPACE) == 1
    assert [each.id for each in await shop.desk.held_of(GROUP, ANN)] == [903]
    assert await shop.desk.held_of(GROUP, VIC) == []


async def test_a_missing_ticket_is_none(shop: Stores) -> None:
    assert await shop.desk.ticket(GROUP) is None
    assert await shop.desk.held(4711, WORKSPACE) is None
