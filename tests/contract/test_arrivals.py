"""Who connects is told where its conversations stand, the same on both databases."""

from myna.adapters.sql.conversations.arrivals import SqlArrivals
from myna.log.writes import OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from support.planning import ANN, BOB, EVE, GROUP, VIC, WORKSPACE, say
from support.stores import Stores


async def test_many_who_come_at_once_are_read_together(shop: Stores) -> None:
    place = OpenConversation(
        777, WORKSPACE, ConversationKind.DIRECT, "", ((ANN, MemberRole.MEMBER), (EVE, MemberRole.MEMBER))
    )
    await shop.all(place, say(GROUP, ANN, "a"), say(GROUP, BOB, "b"), say(777, EVE, "c"))
    found = await SqlArrivals(shop.database).of([ANN, BOB, EVE, VIC, 4711])
    assert set(found) == {ANN, BOB, EVE, VIC}
    assert {user.name for user, _ in found.values()} == {"Ann", "Bob", "Eve", "Vic"}
    ann, bob, eve = (found[each][1] for each in (ANN, BOB, EVE))
    assert set(ann) == {GROUP, 777}
    assert set(bob) == {GROUP}
    assert set(eve) == {777}
    assert (ann[GROUP].rev, ann[GROUP].seq, ann[GROUP].from_seq) == (3, 2, 1)
    assert ann[777].last_pos > ann[GROUP].last_pos
    assert ann[GROUP] == bob[GROUP]


async def test_read_cursors_and_floors_come_along(shop: Stores) -> None:
    await shop.all(say(GROUP, ANN, "a"), say(GROUP, ANN, "b"))
    await shop.conversations.mark_read({(GROUP, BOB): 2})
    found = await SqlArrivals(shop.database).of([ANN, BOB])
    assert found[BOB][1][GROUP].read_seq == 2
    assert found[ANN][1][GROUP].read_seq == 0
    assert await SqlArrivals(shop.database).of([]) == {}
