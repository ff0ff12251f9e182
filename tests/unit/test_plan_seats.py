"""The rules of seats, links, requests and a user's own things, as a pure function."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.errors import Conflict, Forbidden, Malformed, MynaError, NotFound, TooMany
from myna.log.personal_writes import Expire, Hide, OpenSaved, Retain, SetBlock, SetDraft
from myna.log.seat_writes import (
    Configure,
    DecideRequest,
    Enter,
    Leave,
    MakeInvite,
    Remove,
    RevokeInvite,
    SetSeat,
    Unban,
)
from myna.log.seating import FOREVER
from myna.log.writes import Join, OpenConversation, Say
from myna.model.conversation import ConversationKind, JoinRequest, Member, MemberRole, RequestState
from myna.model.message import Draft, EventKind, MessageState
from myna.model.policy import Policy
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    GROUP,
    SUPPORT,
    VIC,
    WORKSPACE,
    PlanLog,
    opened,
    require_dense,
    say,
)

DIRECT, SAVED = 300, 301


def seat(log: PlanLog, user: int, conversation: int = GROUP) -> Member:
    return log.members[(conversation, user)]


def refused(log: PlanLog, write: Any, code: str) -> None:
    before = log.pos
    outcome = log.commit(write)[0]
    assert isinstance(outcome, MynaError), outcome
    assert outcome.code == code
    assert log.pos == before


def ruled(**rules: Any) -> PlanLog:
    log = opened()
    log.one(Configure(GROUP, ANN, policy=replace(Policy(), **rules).checked()))
    return log


@pytest.mark.parametrize(
    ("history", "floor"), [("all", 1), ("none", 6), ("since_join", 6), ("last:2", 4), ("last:99", 1)]
)
def test_the_policy_sets_the_floor_in_the_join(history: str, floor: int) -> None:
    log = ruled(history=history)
    log.commit(*(say(GROUP, ANN, str(place)) for place in range(5)))
    log.one(Join(GROUP, EVE, MemberRole.MEMBER, {}))
    assert seat(log, EVE).from_seq == floor
    assert log.events[-1].data["from_seq"] == floor


def test_the_floor_counts_messages_of_the_same_batch() -> None:
    log = ruled(history="none")
    log.commit(say(GROUP, ANN, "1"), Join(GROUP, EVE, MemberRole.MEMBER, {}), say(GROUP, ANN, "2"))
    assert seat(log, EVE).from_seq == 2


def test_leaving_ends_the_seat_and_rejoining_sets_a_new_floor() -> None:
    log = ruled(history="none")
    log.one(Join(GROUP, EVE, MemberRole.MEMBER, {}))
    log.commit(say(GROUP, EVE, "1"), Leave(GROUP, EVE), say(GROUP, ANN, "2"))
    assert seat(log, EVE).to_seq == 1
    assert log.published[-2].left == (EVE,)
    refused(log, say(GROUP, EVE, "3"), "not_a_member")
    refused(log, Leave(GROUP, EVE), "not_a_member")
    log.one(Join(GROUP, EVE, MemberRole.MEMBER, {}))
    assert (seat(log, EVE).from_seq, seat(log, EVE).to_seq) == (3, None)


def test_the_last_owner_leaves_and_the_longest_highest_inherits() -> None:
    log = opened()
    log.one(Join(GROUP, EVE, MemberRole.MODERATOR, {}))
    log.one(Leave(GROUP, ANN))
    assert (seat(log, EVE).role, seat(log, BOB).role) == (MemberRole.OWNER, MemberRole.MEMBER)
    log.one(Leave(GROUP, EVE))
    assert seat(log, BOB).role is MemberRole.OWNER
    log.one(Leave(GROUP, BOB))
    require_dense(log)


def test_one_of_two_owners_leaves_and_nobody_rises() -> None:
    log = opened()
    log.commit(SetSeat(GROUP, ANN, BOB, role=MemberRole.OWNER), Join(GROUP, EVE, MemberRole.ADMIN, {}))
    log.one(Leave(GROUP, ANN))
    assert (seat(log, BOB).role, seat(log, EVE).role) == (MemberRole.OWNER, MemberRole.ADMIN)


def test_one_acts_only_on_members_below_oneself() -> None:
    log = opened()
    log.commit(*(Join(GROUP, user, MemberRole.MODERATOR, {}) for user in (EVE, VIC)))
    for write in (
        Remove(GROUP, EVE, VIC),
        Remove(GROUP, EVE, ANN),
        SetSeat(GROUP, EVE, VIC, muted_until=FOREVER),
        SetSeat(GROUP, EVE, EVE, role=MemberRole.OWNER),
        SetSeat(GROUP, EVE, BOB, role=MemberRole.MODERATOR),
        SetSeat(GROUP, EVE, BOB, role=MemberRole.OWNER),
        Remove(GROUP, EVE, EVE),
    ):
        refused(log, write, "rank")
    refused(log, Remove(GROUP, BOB, EVE), "forbidden")
    log.one(SetSeat(GROUP, EVE, BOB, role=MemberRole.READ_ONLY))
    refused(log, say(GROUP, BOB, "1"), "forbidden")
    log.one(Remove(GROUP, EVE, BOB))
    assert log.events[-1].data == {"user": {"id": str(BOB)}, "how": "removed", "by": str(EVE)}


def test_a_ban_keeps_out_until_it_ends() -> None:
    log = ruled(join="open")
    log.one(Remove(GROUP, ANN, BOB, ban_until=log.now + 10))
    for write in (Join(GROUP, BOB, MemberRole.MEMBER, {}), Enter(GROUP, BOB)):
        refused(log, write, "banned")
    log.now += 20
    log.one(Enter(GROUP, BOB))
    assert seat(log, BOB).to_seq is None
    log.one(Remove(GROUP, ANN, EVE, ban_until=FOREVER))
    refused(log, Enter(GROUP, EVE), "banned")
    log.one(Unban(GROUP, ANN, EVE))
    log.one(Enter(GROUP, EVE))


def test_the_muted_read_and_do_not_speak() -> None:
    log = opened()
    log.one(SetSeat(GROUP, ANN, BOB, muted_until=log.now + 5))
    refused(log, say(GROUP, BOB, "1"), "muted")
    log.now += 10
    log.one(say(GROUP, BOB, "1"))
    log.one(SetSeat(GROUP, ANN, BOB, muted_until=FOREVER))
    log.one(SetSeat(GROUP, ANN, BOB, muted_until=0.0))
    log.one(say(GROUP, BOB, "2"))


def test_slow_mode_spaces_members_and_not_moderators() -> None:
    log = ruled(slow_s=10)
    log.one(say(GROUP, BOB, "1"))
    outcome = log.commit(say(GROUP, BOB, "2"))[0]
    assert isinstance(outcome, TooMany)
    assert outcome.code == "slow_mode"
    assert 0 < (outcome.retry_ms or 0) <= 10_000
    assert log.commit(say(GROUP, BOB, "1"))[0].duplicate  # type: ignore[union-attr]
    log.commit(say(GROUP, ANN, "1"), say(GROUP, ANN, "2"))
    log.now += 10
    log.one(say(GROUP, BOB, "2"))
    assert len(log.log(GROUP)) == 4


def test_where_slow_mode_is_off_a_send_writes_no_seat() -> None:
    log = opened()
    before = dict(log.members)
    log.one(say(GROUP, BOB, "1"))
    assert log.members == before


def test_a_link_ends_after_its_uses_its_time_or_its_maker_s_wish() -> None:
    log = opened()
    log.one(MakeInvite(GROUP, 1, ANN, "a", max_uses=1))
    log.one(Enter(GROUP, EVE, invite=1))
    log.one(Enter(GROUP, EVE, invite=1))
    refused(log, Enter(GROUP, VIC, invite=1), "invite_over")
    log.one(MakeInvite(GROUP, 2, ANN, "b", expires_at=log.now + 5))
    log.one(MakeInvite(GROUP, 3, ANN, "c"))
    log.one(RevokeInvite(GROUP, ANN, 3))
    log.now += 10
    for invite in (2, 3):
        refused(log, Enter(GROUP, VIC, invite=invite), "invite_over")
    with pytest.raises(NotFound):
        log.one(Enter(GROUP, VIC, invite=9))


def test_a_link_for_one_lets_one_in_when_two_use_it_at_once() -> None:
    log = opened()
    log.one(MakeInvite(GROUP, 1, ANN, "a", max_uses=1))
    outcomes = log.commit(Enter(GROUP, EVE, invite=1), Enter(GROUP, VIC, invite=1))
    assert isinstance(outcomes[0], Member)
    assert isinstance(outcomes[1], Forbidden)


def test_links_bring_in_nobody_who_moderates() -> None:
    log = opened()
    with pytest.raises(Malformed):
        log.one(MakeInvite(GROUP, 1, ANN, "a", role=MemberRole.ADMIN))
    refused(log, MakeInvite(GROUP, 1, BOB, "a"), "forbidden")


def test_who_asks_waits_until_a_moderator_decides() -> None:
    log = ruled(join="request", history="none")
    first = log.one(Enter(GROUP, EVE, note="please"))
    assert isinstance(first, JoinRequest)
    assert log.one(Enter(GROUP, EVE, note="again")) == first
    assert (GROUP, EVE) not in log.members
    assert "please" not in repr(log.events)
    refused(log, DecideRequest(GROUP, BOB, EVE, True), "forbidden")
    log.one(say(GROUP, ANN, "1"))
    log.one(DecideRequest(GROUP, ANN, EVE, True))
    assert seat(log, EVE).from_seq == 2
    refused(log, DecideRequest(GROUP, ANN, EVE, False), "already_decided")
    assert log.requests[(GROUP, EVE)].state is RequestState.ALLOWED


def test_uninvited_nobody_comes_in() -> None:
    log = opened()
    refused(log, Enter(GROUP, EVE), "invite_only")


def test_seats_of_support_and_direct_conversations_stay_as_they_are() -> None:
    log = opened()
    log.one(
        OpenConversation(
            DIRECT,
            WORKSPACE,
            ConversationKind.DIRECT,
            "",
            ((ANN, MemberRole.MEMBER), (BOB, MemberRole.MEMBER)),
        )
    )
    for place, user in ((SUPPORT, VIC), (DIRECT, ANN)):
        refused(log, Leave(place, user), "not_a_group")
        refused(log, Configure(place, user, title="x"), "not_a_group")


def test_an_agent_that_is_removed_is_not_roused_any_more() -> None:
    log = opened()
    log.one(Join(GROUP, BIRD, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, BOB, "1"))
    assert len(log.waiting(GROUP)) == 1
    log.one(Remove(GROUP, ANN, BIRD))
    assert log.conversations[GROUP].agents == ()


def test_a_block_silences_the_other_in_the_direct_conversation_only() -> None:
    log = opened()
    members = ((ANN, MemberRole.MEMBER), (BOB, MemberRole.MEMBER))
    log.one(OpenConversation(DIRECT, WORKSPACE, ConversationKind.DIRECT, "", members))
    log.one(SetBlock(ANN, WORKSPACE, SAVED, BOB))
    refused(log, say(DIRECT, BOB, "1"), "muted")
    log.one(say(DIRECT, ANN, "1"))
    log.one(say(GROUP, BOB, "1"))
    told = [each for each in log.events if each.kind is EventKind.MINE_CHANGED]
    assert [(each.conversation, each.data["what"]) for each in told] == [(SAVED, "block")]
    log.one(SetBlock(ANN, WORKSPACE, 0, BOB, on=False))
    log.one(say(DIRECT, BOB, "1"))


def test_a_direct_conversation_opened_after_a_block_begins_silent() -> None:
    log = opened()
    log.one(SetBlock(ANN, WORKSPACE, SAVED, BOB))
    members = ((ANN, MemberRole.MEMBER), (BOB, MemberRole.MEMBER))
    log.one(OpenConversation(DIRECT, WORKSPACE, ConversationKind.DIRECT, "", members))
    refused(log, say(DIRECT, BOB, "1"), "muted")


def test_each_user_has_one_conversation_of_its_own() -> None:
    log = opened()
    one, two = log.commit(OpenSaved(ANN, WORKSPACE, SAVED), OpenSaved(ANN, WORKSPACE, SAVED + 1))
    assert (one.conversation.id, one.new) == (SAVED, True)  # type: ignore[union-attr]
    assert (two.conversation.id, two.new) == (SAVED, False)  # type: ignore[union-attr]
    log.one(say(SAVED, ANN, "1"))
    refused(log, say(SAVED, BOB, "1"), "not_a_member")
    require_dense(log)


def test_deleting_for_oneself_never_falls_back() -> None:
    log = opened()
    log.commit(*(say(GROUP, ANN, str(place)) for place in range(5)))
    log.one(Hide(BOB, WORKSPACE, SAVED, GROUP, (2, 2, 9), 0))
    assert log.hidden == {(BOB, GROUP, 2)}
    log.one(Hide(BOB, WORKSPACE, SAVED, GROUP, (), 4))
    log.one(Hide(BOB, WORKSPACE, SAVED, GROUP, (), 3))
    log.one(Hide(BOB, WORKSPACE, SAVED, GROUP, (1,), 99))
    assert seat(log, BOB).deleted_to == 5
    assert seat(log, ANN).deleted_to == 0
    log.commit(Leave(GROUP, BOB), Join(GROUP, BOB, MemberRole.MEMBER, {}))
    assert seat(log, BOB).deleted_to == 5


def test_a_draft_s_words_are_in_no_event() -> None:
    log = opened()
    log.one(SetDraft(BOB, WORKSPACE, SAVED, GROUP, {"text": "unsent"}))
    assert log.drafts[(BOB, GROUP)].body == {"text": "unsent"}
    assert "unsent" not in repr(log.events)
    log.one(SetDraft(BOB, WORKSPACE, SAVED, GROUP))
    assert log.drafts[(BOB, GROUP)] is None


def test_messages_disappear_when_their_time_is_over() -> None:
    log = ruled(expire_s=10)
    log.one(say(GROUP, ANN, "1", "gone soon"))
    assert log.log(GROUP)[0].expires_at == log.now + 10
    log.one(Expire(GROUP, (1,)))
    assert log.log(GROUP)[0].body == {"text": "gone soon"}
    log.now += 20
    log.one(Expire(GROUP, (1, 7)))
    assert log.log(GROUP)[0].state is MessageState.RECALLED
    assert "gone soon" not in repr(log.messages)


def test_retention_needs_its_rule_and_never_falls_back() -> None:
    log = opened()
    log.commit(*(say(GROUP, ANN, str(place)) for place in range(5)))
    with pytest.raises(Forbidden):
        log.one(Retain(GROUP, 3))
    log.one(Configure(GROUP, ANN, policy=Policy(retain_days=1)))
    log.one(Retain(GROUP, 3))
    before = log.pos
    log.one(Retain(GROUP, 2))
    assert log.pos == before
    assert log.conversations[GROUP].retained_through == 3
    assert log.events[-1].data == {"retained_through": 3}


def test_only_present_members_are_called() -> None:
    log = opened()
    body = {"text": "hi", "mentions": [str(BOB), str(EVE), str(ANN), "all"]}
    log.one(Say(Draft(GROUP, ANN, "1", body)))
    assert log.mentions == {(BOB, GROUP, 1)}
    assert log.conversations[GROUP].all_seq == 1
    log.one(Say(Draft(GROUP, BOB, "2", body)))
    assert log.mentions == {(BOB, GROUP, 1), (ANN, GROUP, 2)}
    assert log.conversations[GROUP].all_seq == 1


def test_only_leaders_change_rules_and_nothing_changed_is_no_event() -> None:
    log = opened()
    refused(log, Configure(GROUP, BOB, title="mine"), "forbidden")
    log.one(Configure(GROUP, ANN, title="New"))
    before = log.pos
    log.one(Configure(GROUP, ANN, title="New", policy=Policy()))
    assert log.pos == before
    assert log.conversations[GROUP].title == "New"


@pytest.mark.parametrize(
    "rules",
    [{"history": "last:0"}, {"join": "never"}, {"slow_s": -1}, {"expire_s": 10**9}, {"pins": "guest"}],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(Policy(), **rules).checked()


USERS = st.sampled_from([ANN, BOB, EVE, VIC])
ROLES = st.sampled_from(list(MemberRole))
MOVES: Any = st.one_of(
    st.builds(Leave, st.just(GROUP), USERS),
    st.builds(Remove, st.just(GROUP), USERS, USERS, st.none() | st.just(FOREVER)),
    st.builds(Unban, st.just(GROUP), USERS, USERS),
    st.builds(SetSeat, st.just(GROUP), USERS, USERS, ROLES, st.none() | st.just(FOREVER) | st.just(0.0)),
    st.builds(Enter, st.just(GROUP), USERS, invite=st.none() | st.just(1)),
    st.builds(DecideRequest, st.just(GROUP), USERS, USERS, st.booleans()),
    st.builds(Join, st.just(GROUP), USERS, st.just(MemberRole.MEMBER), st.just({}), by=st.none() | USERS),
    st.builds(
        Configure,
        st.just(GROUP),
        USERS,
        policy=st.builds(Policy, join=st.sampled_from(["open", "request", "invite"])),
    ),
    st.builds(say, st.just(GROUP), USERS, st.uuids().map(str)),
)


@given(st.lists(st.lists(MOVES, min_size=1, max_size=4), max_size=15))
def test_whatever_moves_a_conversation_keeps_an_owner_and_events_tell_who_is_in(
    batches: list[list[Any]],
) -> None:
    log = opened()
    log.one(MakeInvite(GROUP, 1, ANN, "a", approval=True, max_uses=3))
    for batch in batches:
        log.commit(*batch)
    require_dense(log)
    present = {each.user: each.role for each in log.members.values() if _in(each)}
    assert not present or MemberRole.OWNER in present.values()
    told: dict[int, str] = {}
    for event in log.events:
        if event.conversation != GROUP:
            continue
        match event.kind:
            case EventKind.CONVERSATION_CHANGED:
                told.update({int(user): "" for user in event.data.get("members", ())})
            case EventKind.MEMBER_JOINED | EventKind.MEMBER_CHANGED:
                told[int(event.data["user"]["id"])] = event.data["role"]
            case EventKind.MEMBER_LEFT:
                told.pop(int(event.data["user"]["id"]))
            case _:
                pass
    assert told.keys() == present.keys()
    assert all(role in {"", present[user]} for user, role in told.items())
    assert log.invites[1].uses <= 3


def _in(member: Member) -> bool:
    return member.conversation == GROUP and member.to_seq is None


def test_a_conflict_of_decisions_is_told() -> None:
    log = ruled(join="request")
    log.one(Enter(GROUP, EVE))
    one, two = log.commit(DecideRequest(GROUP, ANN, EVE, True), DecideRequest(GROUP, ANN, EVE, False))
    assert isinstance(one, JoinRequest)
    assert isinstance(two, Conflict)
