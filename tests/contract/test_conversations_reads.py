"""Reads of conversations and seats on both databases."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.log.writes import Join, OpenConversation
from myna.model.conversation import ConversationKind, Member, MemberRole
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    GROUP,
    INBOX,
    OPA,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    WORKSPACE,
    claim,
    say,
)
from support.stores import ELSEWHERE, Stores, stores


async def test_a_conversation_is_found_in_its_workspace_only(shop: Stores) -> None:
    found = await shop.conversations.find(GROUP, WORKSPACE)
    assert found is not None
    assert (found.title, found.kind, found.seq, found.rev) == ("Team", ConversationKind.GROUP, 0, 1)
    assert await shop.conversations.find(GROUP, ELSEWHERE) is None
    assert await shop.conversations.find(4711, WORKSPACE) is None
    support = await shop.conversations.find(SUPPORT, WORKSPACE)
    assert support is not None
    assert (support.inbox, support.agents) == (INBOX, (BIRD,))


async def test_seats_and_members(shop: Stores) -> None:
    seat = await shop.conversations.member(GROUP, ANN)
    assert seat is not None
    assert seat == Member(GROUP, ANN, MemberRole.OWNER, joined_at=seat.joined_at)
    assert seat.joined_at > 0
    assert await shop.conversations.member(GROUP, EVE) is None
    await shop.one(Join(GROUP, EVE, MemberRole.MEMBER, {}))
    found = await shop.conversations.members(GROUP, 10)
    assert [(member.role, user.name) for member, user in found] == [
        (MemberRole.OWNER, "Ann"),
        (MemberRole.MEMBER, "Bob"),
        (MemberRole.MEMBER, "Eve"),
    ]
    assert len(await shop.conversations.members(GROUP, 2)) == 2


async def test_what_changed_comes_in_commit_order_and_pages(shop: Stores) -> None:
    await shop.one(say(SUPPORT, VIC, "1"))
    await shop.one(say(SUPPORT_WITHOUT_AGENT, VIC, "1"))
    found = await shop.conversations.changed(VIC, support_of=None, after_pos=0, limit=1)
    assert [place.id for place, _ in found] == [SUPPORT]
    rest = await shop.conversations.changed(VIC, support_of=None, after_pos=found[0][0].last_pos, limit=9)
    assert [place.id for place, _ in rest] == [SUPPORT_WITHOUT_AGENT]
    assert (
        await shop.conversations.changed(VIC, support_of=None, after_pos=rest[0][0].last_pos, limit=9) == []
    )
    newest = await shop.conversations.changed(VIC, support_of=None, after_pos=0, limit=9, newest_first=True)
    assert [place.id for place, _ in newest] == [SUPPORT_WITHOUT_AGENT, SUPPORT]


async def test_operators_also_see_the_support_conversations_of_their_workspace(shop: Stores) -> None:
    await shop.one(claim(SUPPORT, OPA))
    found = await shop.conversations.changed(OPA, support_of=WORKSPACE, after_pos=0, limit=9)
    assert {place.id: seat is not None for place, seat in found} == {
        SUPPORT: True,
        SUPPORT_WITHOUT_AGENT: False,
    }
    assert await shop.conversations.changed(99, support_of=ELSEWHERE, after_pos=0, limit=9) == []
    plain = await shop.conversations.changed(OPA, support_of=None, after_pos=0, limit=9)
    assert [place.id for place, _ in plain] == [SUPPORT]


async def test_my_conversations_come_latest_change_first(shop: Stores) -> None:
    await shop.one(
        OpenConversation(200, WORKSPACE, ConversationKind.GROUP, "Other", ((ANN, MemberRole.OWNER),))
    )
    await shop.one(say(GROUP, BOB, "1"))
    found = await shop.conversations.newest(ANN, before_pos=None, limit=9)
    assert [place.id for place, _ in found] == [GROUP, 200]
    older = await shop.conversations.newest(ANN, before_pos=found[0][0].last_pos, limit=9)
    assert [place.id for place, _ in older] == [200]
    assert await shop.conversations.newest(EVE, before_pos=None, limit=9) == []


async def test_the_last_message_of_each_conversation(shop: Stores) -> None:
    await shop.all(say(GROUP, ANN, "1", "old"), say(GROUP, BOB, "1", "new"))
    found = await shop.conversations.last_messages([GROUP, SUPPORT])
    assert {place: message.body["text"] for place, message in found.items()} == {GROUP: "new"}
    assert await shop.conversations.last_messages([]) == {}


async def test_a_read_cursor_never_falls(shop: Stores) -> None:
    await shop.all(*(say(GROUP, BOB, str(place)) for place in range(5)))
    for mark in (3, 2, 1):
        await shop.conversations.mark_read({(GROUP, ANN): mark})
        seat = await shop.conversations.member(GROUP, ANN)
        assert seat is not None
        assert seat.read_seq == 3
    await shop.conversations.mark_read({(GROUP, ANN): 4, (GROUP, BOB): 1, (GROUP, EVE): 2, (4711, ANN): 9})
    seats = [await shop.conversations.member(GROUP, user) for user in (ANN, BOB)]
    assert [seat.read_seq for seat in seats if seat is not None] == [4, 1]


async def test_nobody_has_read_what_was_not_written(shop: Stores) -> None:
    await shop.one(say(GROUP, BOB, "1"))
    counted = await shop.conversations.mark_read({(GROUP, ANN): 2**53, (4711, ANN): 3})
    assert counted == {(GROUP, ANN): 1}
    await shop.one(say(GROUP, BOB, "2"))
    seat = await shop.conversations.member(GROUP, ANN)
    assert seat is not None
    assert await shop.conversations.unread([seat]) == {GROUP: 1}
    assert await shop.conversations.mark_read({}) == {}


async def test_the_one_conversation_of_a_visitor_and_of_two_users(shop: Stores) -> None:
    found = await shop.conversations.support_conversation(VIC, INBOX)
    assert found is not None
    assert found.id == SUPPORT
    assert await shop.conversations.support_conversation(EVE, INBOX) is None
    assert await shop.conversations.direct_conversation(ANN, BOB) is None
    members = ((ANN, MemberRole.MEMBER), (BOB, MemberRole.MEMBER))
    await shop.one(OpenConversation(300, WORKSPACE, ConversationKind.DIRECT, "", members))
    for one, other in ((ANN, BOB), (BOB, ANN)):
        found = await shop.conversations.direct_conversation(one, other)
        assert found is not None
        assert found.id == 300
    assert await shop.conversations.direct_conversation(ANN, EVE) is None


async def test_the_commit_itself_opens_these_conversations_once(shop: Stores) -> None:
    pair = ((BOB, MemberRole.MEMBER), (ANN, MemberRole.MEMBER))
    writes = [
        OpenConversation(300, WORKSPACE, ConversationKind.DIRECT, "", pair),
        OpenConversation(301, WORKSPACE, ConversationKind.DIRECT, "", tuple(reversed(pair))),
        OpenConversation(
            302,
            WORKSPACE,
            ConversationKind.SUPPORT,
            "Vic",
            ((VIC, MemberRole.GUEST),),
            inbox=INBOX,
            visitor=VIC,
        ),
    ]
    for _ in range(2):
        outcomes = await shop.all(*writes)
        assert [each.conversation.id for each in outcomes] == [300, 300, SUPPORT]  # type: ignore[attr-defined]
    assert await shop.conversations.find(301, WORKSPACE) is None
    assert await shop.conversations.find(302, WORKSPACE) is None


script = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from([ANN, BOB, EVE])),
        st.tuples(st.just("read"), st.integers(1, 14)),
        st.tuples(st.just("join"), st.sampled_from(["all", "none"])),
    ),
    max_size=14,
)


@given(script)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_unread_counts_as_counting_one_by_one_does(
    shop: Stores, moves: list[tuple[str, int | str]]
) -> None:
    _PLACES.append(place := 10_000 + len(_PLACES))
    members = ((ANN, MemberRole.OWNER), (BOB, MemberRole.MEMBER))
    await shop.one(OpenConversation(place, WORKSPACE, ConversationKind.GROUP, "x", members))
    senders: list[int] = []
    floors, read = {ANN: 1, BOB: 1}, {ANN: 0, BOB: 0, EVE: 0}
    for number, (what, value) in enumerate(moves):
        if what == "say" and value in floors:
            await shop.one(say(place, int(value), str(number)))
            senders.append(int(value))
        elif what == "read":
            for user in floors:
                read[user] = max(read[user], min(int(value), len(senders)))
            await shop.conversations.mark_read({(place, user): int(value) for user in floors})
        elif what == "join" and EVE not in floors:
            await shop.one(Join(place, EVE, MemberRole.MEMBER, {}, history=str(value)))
            floors[EVE] = 1 if value == "all" else len(senders) + 1
    for user, floor in floors.items():
        seat = await shop.conversations.member(place, user)
        assert seat is not None
        own = max((seq for seq, sender in enumerate(senders, 1) if sender == user), default=0)
        unread = [
            seq for seq in range(1, len(senders) + 1) if seq >= floor and seq > read[user] and seq > own
        ]
        assert (await shop.conversations.unread([seat]))[place] == len(unread)


_PLACES: list[int] = []


async def test_unread_of_nothing_is_nothing(sqlite_url: str) -> None:
    async with stores(sqlite_url) as shop:
        assert await shop.conversations.unread([]) == {}


async def test_the_members_of_a_page_are_those_of_each_conversation(shop: Stores) -> None:
    places = [GROUP, SUPPORT]
    together = await shop.conversations.members_of([*places, 4711], 100)
    assert together == {place: await shop.conversations.members(place, 100) for place in places}
    first = await shop.conversations.members_of(places, 1)
    assert first == {place: await shop.conversations.members(place, 1) for place in places}
    assert await shop.conversations.members_of([], 100) == {}


async def test_seats_are_found_together(shop: Stores) -> None:
    found = await shop.conversations.seats({(GROUP, ANN), (GROUP, EVE), (SUPPORT, ANN), (4711, ANN)})
    assert set(found) == {(GROUP, ANN), (GROUP, EVE), (SUPPORT, ANN)}
    assert found[(GROUP, ANN)][1] == await shop.conversations.member(GROUP, ANN)
    assert (found[(GROUP, EVE)][1], found[(SUPPORT, ANN)][1]) == (None, None)
    assert found[(GROUP, ANN)][0] == await shop.conversations.find(GROUP, WORKSPACE)
