"""The operators' desk on both databases."""

import pytest

from myna.adapters.sql.desk.helpdesk import SqlHelpdesk
from myna.adapters.sql.desk.service import SqlService
from myna.errors import Conflict, Malformed
from myna.helpdesk.model import Item, ItemKind
from myna.log.writes import MoveTicket
from myna.model.moderation import HeldState
from myna.model.service import MAX_VIEWS, Note, SavedView, TicketFilter
from myna.model.ticket import Owner
from support.planning import (
    ANN,
    GROUP,
    INBOX,
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

NONE = {"open": 0, "mine": 0, "queue": 0, "agent": 0, "mentions": 0, "spam": 0, "asleep": 0, "resolved": 0}


async def view(shop: Stores, name: str, operator: int = OPA, workspace: int = WORKSPACE) -> list[int]:
    found = await shop.desk.tickets(workspace, view=name, operator=operator, before=None, limit=50)
    return [ticket.conversation for ticket, _ in found]


async def views(shop: Stores, operator: int = OPA) -> dict[str, int]:
    counts = await shop.desk.counts(WORKSPACE, operator)
    for name, count in counts.items():
        assert len(await view(shop, name, operator)) == count
    return counts


async def test_a_conversation_shows_up_with_its_first_message(shop: Stores) -> None:
    assert await views(shop) == NONE
    await shop.one(say(SUPPORT, VIC, "1"))
    assert await views(shop) == NONE | {"open": 1, "agent": 1}


async def test_views_follow_the_owner(shop: Stores) -> None:
    await shop.all(say(SUPPORT, VIC, "1"), say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    assert await view(shop, "agent") == [SUPPORT]
    assert await view(shop, "queue") == [SUPPORT_WITHOUT_AGENT]
    await shop.one(claim(SUPPORT, OPA))
    assert await view(shop, "mine") == [SUPPORT]
    assert await view(shop, "mine", OTTO) == []
    assert await views(shop, OTTO) == NONE | {"open": 2, "queue": 1}
    await shop.one(resolve(SUPPORT, OPA))
    assert await view(shop, "resolved") == [SUPPORT]
    assert await views(shop) == NONE | {"open": 1, "queue": 1, "resolved": 1}
    await shop.one(MoveTicket(SUPPORT, OPA, Owner.QUEUE))
    assert await views(shop) == NONE | {"open": 2, "queue": 2}


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


async def test_a_note_puts_a_conversation_on_the_list_of_whom_it_calls(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "1"))
    service = SqlService(shop.database)
    await service.add_note(Note(900, SUPPORT, OTTO, "@Opa, look", 1.0, (OPA,)))
    assert await view(shop, "mentions") == [SUPPORT]
    assert await view(shop, "mentions", OTTO) == []
    assert (await service.notes(SUPPORT))[0].mentions == (OPA,)
    assert await service.remove_note(SUPPORT, 900, OTTO)
    assert await view(shop, "mentions") == []


async def test_a_conversation_of_which_nothing_was_let_through_is_under_spam_alone(shop: Stores) -> None:
    await shop.one(hold(500, SUPPORT, VIC, "1"))
    assert await views(shop) == NONE | {"spam": 1}


async def test_a_view_is_narrowed_to_an_inbox_an_operator_and_a_label(shop: Stores) -> None:
    await shop.all(say(SUPPORT, VIC, "1"), say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    await shop.one(claim(SUPPORT, OPA))
    helpdesk = SqlHelpdesk(shop.database)
    await helpdesk.put_item(Item(77, WORKSPACE, ItemKind.LABEL, "Repairs", {"color": "#888888"}))
    await helpdesk.set_label(SUPPORT_WITHOUT_AGENT, 77, True)

    async def narrowed(**by: int) -> list[int]:
        found = await shop.desk.tickets(
            WORKSPACE, view="open", operator=OPA, before=None, limit=50, narrowed=TicketFilter(**by)
        )
        return [ticket.conversation for ticket, _ in found]

    assert await narrowed(owner=OPA) == [SUPPORT]
    assert await narrowed(owner=OTTO) == []
    assert await narrowed(label=77) == [SUPPORT_WITHOUT_AGENT]
    assert await narrowed(inbox=INBOX) == [SUPPORT]
    assert await narrowed(inbox=INBOX, label=77) == []


async def test_an_operator_keeps_views_of_their_own(shop: Stores) -> None:
    service = SqlService(shop.database)
    first = await service.put_view(SavedView(1, OPA, "Repairs", "open", TicketFilter(label=77)))
    again = await service.put_view(SavedView(2, OPA, "Repairs", "queue", TicketFilter(inbox=INBOX)))
    assert again.id == first.id
    assert await service.views(OPA) == [SavedView(1, OPA, "Repairs", "queue", TicketFilter(inbox=INBOX))]
    assert await service.views(OTTO) == []
    assert not await service.remove_view(OTTO, 1)
    assert await service.remove_view(OPA, 1)
    for number in range(MAX_VIEWS):
        await service.put_view(SavedView(10 + number, OPA, f"View {number}", "open", TicketFilter()))
    with pytest.raises(Conflict):
        await service.put_view(SavedView(100, OPA, "One more", "open", TicketFilter()))
