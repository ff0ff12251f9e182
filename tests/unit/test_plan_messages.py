"""The rules of a commit for messages, conversations, seats and review, as a pure function."""

import pytest

from myna.errors import Conflict, Forbidden, NotFound, Refused
from myna.log.plan import Opened
from myna.log.planner import needs_of
from myna.log.writes import Join, OpenConversation, Say
from myna.model.conversation import ConversationKind, Member, MemberRole
from myna.model.message import Draft, EventKind, MessageState
from myna.model.moderation import HeldState
from myna.model.ticket import Owner, TicketStatus
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    FINCH,
    GROUP,
    INBOX,
    OPA,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    WORKSPACE,
    acked,
    decide,
    held_of,
    hold,
    opened,
    require_dense,
    resolve,
    say,
)


def test_numbers_are_dense_over_batches_and_conversations() -> None:
    log = opened()
    log.commit(say(GROUP, ANN, "1"), say(SUPPORT, VIC, "1"), say(GROUP, BOB, "1"))
    log.commit(say(GROUP, ANN, "2"))
    require_dense(log)
    assert log.conversations[GROUP].seq == 3
    assert log.conversations[GROUP].last_pos == log.pos


def test_an_ack_names_the_place_of_the_message() -> None:
    log = opened()
    first, second = (acked(each) for each in log.commit(say(GROUP, ANN, "1"), say(GROUP, BOB, "1")))
    assert (first.seq, second.seq) == (1, 2)
    assert (first.rev, second.rev) == (2, 3)
    assert first.at == log.now
    assert not first.duplicate


def test_resending_a_draft_returns_the_first_message() -> None:
    log = opened()
    first = acked(log.one(say(GROUP, ANN, "1")))
    again = acked(log.one(say(GROUP, ANN, "1")))
    assert again.duplicate
    assert (again.seq, again.rev, again.at) == (first.seq, first.rev, first.at)
    assert log.texts(GROUP) == ["hello"]


def test_the_same_draft_twice_in_one_batch_is_one_message() -> None:
    log = opened()
    first, again = (acked(each) for each in log.commit(say(GROUP, ANN, "1"), say(GROUP, ANN, "1")))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.seq == again.seq
    require_dense(log)


def test_a_client_id_with_another_body_is_a_conflict() -> None:
    log = opened()
    log.one(say(GROUP, ANN, "1", "hello"))
    before = log.pos
    with pytest.raises(Conflict) as refused:
        log.one(say(GROUP, ANN, "1", "goodbye"))
    assert refused.value.code == "client_id_conflict"
    assert log.pos == before


def test_a_client_id_with_another_reply_is_a_conflict() -> None:
    log = opened()
    log.one(say(GROUP, ANN, "1"))
    other = Say(Draft(GROUP, ANN, "1", {"text": "hello"}, reply_to=1))
    with pytest.raises(Conflict):
        log.one(other)


def test_two_senders_may_use_the_same_client_id() -> None:
    log = opened()
    outcomes = log.commit(say(GROUP, ANN, "1", "from ann"), say(GROUP, BOB, "1", "from bob"))
    assert [acked(each).duplicate for each in outcomes] == [False, False]
    assert log.texts(GROUP) == ["from ann", "from bob"]


@pytest.mark.parametrize("sender", [EVE, OPA])
def test_only_members_speak(sender: int) -> None:
    log = opened()
    with pytest.raises(Forbidden) as refused:
        log.one(say(GROUP, sender, "1"))
    assert refused.value.code == "not_a_member"


def test_who_left_before_the_commit_is_refused() -> None:
    log = opened()
    log.members[(GROUP, BOB)] = Member(GROUP, BOB, MemberRole.MEMBER, to_seq=0)
    with pytest.raises(Forbidden):
        log.one(say(GROUP, BOB, "1"))
    with pytest.raises(Forbidden):
        log.one(hold(900, GROUP, BOB, "1"))
    assert not log.held


@pytest.mark.parametrize(
    "write",
    [
        say(999, ANN, "1"),
        hold(900, 999, ANN, "1"),
        Join(999, EVE, MemberRole.MEMBER, {}),
        resolve(999, OPA),
        resolve(GROUP, OPA),
        decide(999, GROUP, allow=True),
    ],
)
def test_what_does_not_exist_is_not_found(write: Say) -> None:
    log = opened()
    before = log.pos
    with pytest.raises(NotFound):
        log.one(write)
    assert log.pos == before


def test_a_refusal_in_a_batch_leaves_its_neighbours_alone() -> None:
    log = opened()
    outcomes = log.commit(say(GROUP, ANN, "1"), say(GROUP, EVE, "1"), say(GROUP, BOB, "1"))
    assert [acked(outcomes[0]).seq, acked(outcomes[2]).seq] == [1, 2]
    assert isinstance(outcomes[1], Forbidden)
    require_dense(log)


def test_a_conversation_begins_with_its_members_in_one_event() -> None:
    log = opened()
    made = log.one(
        OpenConversation(
            200, WORKSPACE, ConversationKind.DIRECT, "", ((ANN, MemberRole.MEMBER), (BOB, MemberRole.MEMBER))
        )
    )
    assert isinstance(made, Opened)
    assert (made.conversation.seq, made.conversation.rev) == (0, 1)
    last = log.published[-1]
    assert last.event.kind is EventKind.CONVERSATION_CHANGED
    assert last.joined == (ANN, BOB)
    assert last.event.data["members"] == [str(ANN), str(BOB)]
    assert {user for place, user in log.members if place == 200} == {ANN, BOB}


@pytest.mark.parametrize(
    ("conversation", "owner"), [(SUPPORT, Owner.AGENT), (SUPPORT_WITHOUT_AGENT, Owner.QUEUE)]
)
def test_a_support_conversation_is_born_with_its_ticket(conversation: int, owner: Owner) -> None:
    ticket = opened().tickets[conversation]
    assert (ticket.owner, ticket.status, ticket.epoch) == (owner, TicketStatus.OPEN, 1)
    assert ticket.visitor == VIC


def test_a_conversation_can_be_opened_and_spoken_in_within_one_batch() -> None:
    log = opened()
    write = OpenConversation(200, WORKSPACE, ConversationKind.GROUP, "New", ((ANN, MemberRole.OWNER),))
    outcomes = log.commit(write, say(200, ANN, "1"))
    assert acked(outcomes[1]).seq == 1
    require_dense(log)


@pytest.mark.parametrize(("history", "floor"), [("all", 1), ("none", 3)])
def test_who_joins_sees_the_history_that_was_granted(history: str, floor: int) -> None:
    log = opened()
    log.commit(say(GROUP, ANN, "1"), say(GROUP, ANN, "2"))
    log.one(Join(GROUP, EVE, MemberRole.MEMBER, {"name": "Eve"}, history=history))
    assert log.members[(GROUP, EVE)].from_seq == floor
    assert log.published[-1].joined == (EVE,)
    assert acked(log.one(say(GROUP, EVE, "1"))).seq == 3


def test_joining_twice_changes_nothing() -> None:
    log = opened()
    log.one(Join(GROUP, EVE, MemberRole.MEMBER, {}, history="all"))
    before = log.pos
    log.one(Join(GROUP, EVE, MemberRole.OWNER, {}, history="none"))
    assert log.pos == before
    assert log.members[(GROUP, EVE)].role is MemberRole.MEMBER


def test_an_agent_that_joins_a_group_listens_from_then_on() -> None:
    log = opened()
    log.one(say(GROUP, ANN, "1"))
    assert not log.waiting(GROUP)
    log.one(Join(GROUP, FINCH, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, ANN, "2"))
    assert [turn.agent for turn in log.waiting(GROUP)] == [FINCH]


def test_a_held_message_stays_out_of_the_log() -> None:
    log = opened()
    before = log.pos
    ack = acked(log.one(hold(900, SUPPORT, VIC, "1")))
    assert (ack.held, ack.seq, ack.rev) == (900, None, None)
    assert log.pos == before
    assert not log.waiting(SUPPORT)


def test_resending_a_held_message_waits_for_the_same_decision() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    for again in (hold(901, SUPPORT, VIC, "1"), say(SUPPORT, VIC, "1")):
        ack = acked(log.one(again))
        assert (ack.held, ack.duplicate, ack.seq) == (900, True, None)
    assert list(log.held) == [900]
    assert log.texts(SUPPORT) == []


def test_resending_a_held_message_with_another_body_is_a_conflict() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1", "hello"))
    with pytest.raises(Conflict):
        log.one(say(SUPPORT, VIC, "1", "goodbye"))


def test_an_allowed_message_enters_the_log_and_rouses_the_agent() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    log.one(say(SUPPORT, VIC, "2", "second"))
    decided = held_of(log.one(decide(900, SUPPORT, allow=True)))
    assert (decided.state, decided.seq, decided.decided_by) == (HeldState.ALLOWED, 2, OPA)
    assert log.texts(SUPPORT) == ["second", "hello"]
    assert log.messages[(SUPPORT, 2)].sender == VIC
    assert [turn.trigger_seq for turn in log.waiting(SUPPORT)] == [2]
    again = acked(log.one(say(SUPPORT, VIC, "1")))
    assert (again.seq, again.duplicate, again.held) == (2, True, None)


def test_a_blocked_message_never_enters_the_log() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    decided = held_of(log.one(decide(900, SUPPORT, allow=False)))
    assert (decided.state, decided.seq) == (HeldState.BLOCKED, None)
    assert log.texts(SUPPORT) == []


@pytest.mark.parametrize("again", [say(SUPPORT, VIC, "1"), hold(901, SUPPORT, VIC, "1")])
def test_resending_a_blocked_message_is_refused(again: Say) -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    log.one(decide(900, SUPPORT, allow=False))
    with pytest.raises(Refused):
        log.one(again)
    assert log.texts(SUPPORT) == []
    assert list(log.held) == [900]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_a_message_is_decided_once(first: bool, second: bool) -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    log.one(decide(900, SUPPORT, allow=first))
    before = log.pos
    with pytest.raises(Conflict) as refused:
        log.one(decide(900, SUPPORT, allow=second))
    assert refused.value.code == "already_decided"
    assert log.pos == before


def test_two_decisions_in_one_batch_count_once() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    outcomes = log.commit(decide(900, SUPPORT, allow=True), decide(900, SUPPORT, allow=False))
    assert held_of(outcomes[0]).state is HeldState.ALLOWED
    assert isinstance(outcomes[1], Conflict)
    assert log.texts(SUPPORT) == ["hello"]


def test_another_workspace_cannot_decide() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    with pytest.raises(NotFound):
        log.one(decide(900, SUPPORT, allow=True, workspace=WORKSPACE + 1))
    assert log.held[900].held.state is HeldState.WAITING


def test_an_allowed_message_of_the_visitor_opens_a_resolved_ticket_again() -> None:
    log = opened()
    log.one(hold(900, SUPPORT, VIC, "1"))
    log.one(resolve(SUPPORT, OPA))
    log.one(decide(900, SUPPORT, allow=True))
    assert log.tickets[SUPPORT].status is TicketStatus.OPEN
    assert log.tickets[SUPPORT].owner is Owner.AGENT
    assert len(log.waiting(SUPPORT)) == 1


def test_events_tell_the_hub_where_they_belong() -> None:
    log = opened()
    log.commit(say(GROUP, ANN, "1"), say(SUPPORT, VIC, "1"))
    group, support = log.published[-2:]
    assert (group.event.conversation, group.support, group.workspace) == (GROUP, False, WORKSPACE)
    assert (support.event.conversation, support.support) == (SUPPORT, True)


def test_a_message_event_is_the_message_as_readers_get_it() -> None:
    log = opened()
    log.one(say(GROUP, ANN, "1", "hi"))
    event = log.events[-1]
    assert event.kind is EventKind.MESSAGE_CREATED
    assert event.data["body"] == {"text": "hi"}
    assert event.data["state"] == MessageState.SENT
    assert event.data["sender"] == str(ANN)
    assert event.seq == event.data["seq"] == 1


def test_a_batch_needs_the_rows_that_its_writes_look_at() -> None:
    needs = needs_of(
        [
            say(GROUP, ANN, "1"),
            decide(900, SUPPORT, allow=True),
            resolve(SUPPORT, OPA),
            Join(GROUP, EVE, MemberRole.MEMBER, {}),
            OpenConversation(1, WORKSPACE, ConversationKind.GROUP, "x", (), inbox=INBOX),
        ]
    )
    assert needs.conversations == {GROUP, SUPPORT}
    assert needs.members == {(GROUP, ANN), (GROUP, EVE)}
    assert needs.drafts == {(GROUP, ANN, "1")}
    assert needs.held == {900}
    assert needs.questions == {SUPPORT}
    assert BIRD not in needs.conversations


def test_a_visitor_has_one_conversation_in_an_inbox() -> None:
    log = opened()
    again = OpenConversation(
        300, WORKSPACE, ConversationKind.SUPPORT, "Vic", ((VIC, MemberRole.GUEST),), inbox=INBOX, visitor=VIC
    )
    before = log.pos
    made = log.one(again)
    assert isinstance(made, Opened)
    assert (made.conversation.id, made.new) == (SUPPORT, False)
    assert log.pos == before


def test_two_users_have_one_direct_conversation_whoever_opens_it() -> None:
    log = opened()

    def direct(place: int, one: int, other: int) -> OpenConversation:
        members = ((one, MemberRole.MEMBER), (other, MemberRole.MEMBER))
        return OpenConversation(place, WORKSPACE, ConversationKind.DIRECT, "", members)

    outcomes = log.commit(direct(300, ANN, BOB), direct(301, BOB, ANN), direct(302, ANN, EVE))
    assert [(each.conversation.id, each.new) for each in outcomes if isinstance(each, Opened)] == [
        (300, True),
        (300, False),
        (302, True),
    ]
    assert 301 not in log.conversations
    made = log.one(direct(303, BOB, ANN))
    assert (made.conversation.id, made.new) == (300, False)
