"""Ownership of support conversations and the agents' turns, as a pure function."""

import pytest

from myna.errors import Conflict, NotFound, StaleTurn
from myna.log.support import MAX_ATTEMPTS
from myna.log.writes import Join, MoveTicket
from myna.model.conversation import MemberRole
from myna.model.message import EventKind, MessageKind, MessageState
from myna.model.ticket import Owner, TicketStatus, TurnState
from support.planning import (
    ANN,
    BIRD,
    BOB,
    FINCH,
    GROUP,
    OPA,
    OTTO,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    PlanLog,
    acked,
    claim,
    close,
    guard,
    interrupt,
    opened,
    operator_says,
    release,
    require_dense,
    resolve,
    say,
    stream,
)

QUEUE = MoveTicket(SUPPORT, VIC, Owner.QUEUE, reason="asked_for_human", notice={"code": "handoff.queued"})


def asked() -> PlanLog:
    """A log in which the visitor has asked something."""
    log = opened()
    log.one(say(SUPPORT, VIC, "q1", "where is my order?", turn_delay_s=0.5))
    return log


def test_a_visitors_question_queues_a_turn_of_the_agent() -> None:
    log = asked()
    (turn,) = log.waiting(SUPPORT)
    assert (turn.agent, turn.trigger_seq, turn.epoch, turn.attempt) == (BIRD, 1, 1, 0)
    assert turn.due_at == log.now + 0.5


def test_a_second_question_joins_the_waiting_turn() -> None:
    log = asked()
    log.one(say(SUPPORT, VIC, "q2", "it is late", turn_delay_s=0.5))
    (turn,) = log.waiting(SUPPORT)
    assert turn.trigger_seq == 2
    assert turn.due_at == log.now + 0.5


def test_a_question_during_an_answer_gets_a_turn_of_its_own() -> None:
    log = asked()
    leased = log.lease(SUPPORT)
    log.one(say(SUPPORT, VIC, "q2"))
    (waiting,) = log.waiting(SUPPORT)
    assert waiting.id != leased.id
    assert leased.state is TurnState.LEASED


def test_a_resent_question_queues_nothing_new() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    log.one(say(SUPPORT, VIC, "q1", "where is my order?"))
    assert not log.waiting(SUPPORT)
    assert turn.trigger_seq == 1


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([QUEUE], id="in the queue"),
        pytest.param([claim(SUPPORT, OPA)], id="with an operator"),
    ],
)
def test_no_turn_is_queued_while_somebody_else_answers(before: list[MoveTicket]) -> None:
    log = opened()
    log.commit(*before)
    log.one(say(SUPPORT, VIC, "q1"))
    assert not log.waiting(SUPPORT)


def test_nobody_but_the_visitor_rouses_the_agent_of_a_support_conversation() -> None:
    log = opened()
    log.one(Join(SUPPORT, ANN, MemberRole.MEMBER, {}))
    log.one(say(SUPPORT, ANN, "1"))
    assert not log.waiting(SUPPORT)


def test_without_an_agent_a_question_waits_for_a_person() -> None:
    log = opened()
    log.one(say(SUPPORT_WITHOUT_AGENT, VIC, "q1"))
    assert not log.waiting(SUPPORT_WITHOUT_AGENT)
    with pytest.raises(Conflict) as refused:
        log.one(release(SUPPORT_WITHOUT_AGENT, OPA))
    assert refused.value.code == "no_agent"


def test_every_agent_of_a_group_looks_at_a_message_but_its_own() -> None:
    log = opened()
    for agent in (BIRD, FINCH):
        log.one(Join(GROUP, agent, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, ANN, "1"))
    assert {turn.agent for turn in log.waiting(GROUP)} == {BIRD, FINCH}
    log.turns.clear()
    log.one(say(GROUP, BIRD, "1"))
    assert {turn.agent for turn in log.waiting(GROUP)} == {FINCH}
    log.turns.clear()
    log.one(say(GROUP, ANN, "2", rouse=False))
    assert not log.waiting(GROUP)


def test_an_agents_words_call_another_agent_only_by_a_mention() -> None:
    log = opened()
    for agent in (BIRD, FINCH):
        log.one(Join(GROUP, agent, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, ANN, "1"))
    log.one(close(log.lease(GROUP), {"text": "I can help."}))
    log.one(close(log.lease(GROUP), {"text": "@bird what do you say?"}))
    assert {turn.agent for turn in log.waiting(GROUP)} == {BIRD}


def test_a_visitor_who_comes_back_opens_the_matter_again() -> None:
    log = asked()
    log.one(resolve(SUPPORT, OPA))
    epoch = log.tickets[SUPPORT].epoch
    log.one(say(SUPPORT, VIC, "q2"))
    ticket = log.tickets[SUPPORT]
    assert (ticket.status, ticket.owner, ticket.owner_user) == (TicketStatus.OPEN, Owner.AGENT, None)
    assert (ticket.reason, ticket.summary, ticket.epoch) == (None, None, epoch + 1)
    assert [turn.epoch for turn in log.waiting(SUPPORT)] == [epoch + 1]


def test_a_visitor_who_comes_back_where_no_agent_is_waits_in_the_queue() -> None:
    log = opened()
    log.one(resolve(SUPPORT_WITHOUT_AGENT, OPA))
    log.one(say(SUPPORT_WITHOUT_AGENT, VIC, "q1"))
    ticket = log.tickets[SUPPORT_WITHOUT_AGENT]
    assert (ticket.status, ticket.owner) == (TicketStatus.OPEN, Owner.QUEUE)


def test_an_operator_who_speaks_takes_over() -> None:
    log = asked()
    ack = acked(log.one(operator_says(SUPPORT, OPA, "o1")))
    ticket = log.tickets[SUPPORT]
    assert (ticket.owner, ticket.owner_user, ticket.epoch) == (Owner.OPERATOR, OPA, 2)
    assert ticket.reason == "operator_took_over"
    assert log.texts(SUPPORT) == ["where is my order?", "handoff.claimed", "I look into it"]
    assert ack.seq == 3
    assert log.members[(SUPPORT, OPA)].role is MemberRole.MODERATOR
    assert not log.waiting(SUPPORT)
    joined = [each for each in log.published if each.event.kind is EventKind.MEMBER_JOINED]
    assert joined[-1].joined == (OPA,)
    require_dense(log)


def test_the_operator_who_owns_it_speaks_without_moving_it() -> None:
    log = asked()
    log.one(operator_says(SUPPORT, OPA, "o1"))
    log.one(operator_says(SUPPORT, OPA, "o2"))
    assert log.tickets[SUPPORT].epoch == 2
    assert log.texts(SUPPORT).count("handoff.claimed") == 1


def test_a_second_operator_who_speaks_takes_over_from_the_first() -> None:
    log = asked()
    log.one(operator_says(SUPPORT, OPA, "o1"))
    log.one(operator_says(SUPPORT, OTTO, "o1"))
    ticket = log.tickets[SUPPORT]
    assert (ticket.owner_user, ticket.epoch) == (OTTO, 3)
    assert {OPA, OTTO} <= {user for place, user in log.members if place == SUPPORT}


def test_an_operator_who_speaks_opens_a_resolved_matter() -> None:
    log = asked()
    log.one(resolve(SUPPORT, OPA))
    log.one(operator_says(SUPPORT, OPA, "o1"))
    ticket = log.tickets[SUPPORT]
    assert (ticket.status, ticket.owner, ticket.owner_user) == (TicketStatus.OPEN, Owner.OPERATOR, OPA)


def test_resending_an_operators_message_takes_nothing_over() -> None:
    log = asked()
    log.one(operator_says(SUPPORT, OPA, "o1"))
    log.one(release(SUPPORT, OPA))
    epoch = log.tickets[SUPPORT].epoch
    assert acked(log.one(operator_says(SUPPORT, OPA, "o1"))).duplicate
    assert (log.tickets[SUPPORT].epoch, log.tickets[SUPPORT].owner) == (epoch, Owner.AGENT)


def test_of_two_operators_who_claim_at_once_one_wins() -> None:
    log = asked()
    outcomes = log.commit(claim(SUPPORT, OPA, epoch=1), claim(SUPPORT, OTTO, epoch=1))
    assert log.tickets[SUPPORT].owner_user == OPA
    lost = outcomes[1]
    assert isinstance(lost, Conflict)
    assert lost.code == "epoch_moved"
    assert lost.extra["ticket"]["owner_user"] == str(OPA)
    assert lost.extra["ticket"]["epoch"] == 2
    require_dense(log)


def test_claiming_what_one_has_changes_nothing() -> None:
    log = asked()
    log.one(claim(SUPPORT, OPA))
    before = log.pos
    assert log.one(claim(SUPPORT, OPA)) == log.tickets[SUPPORT]
    assert log.pos == before


def test_a_move_drops_waiting_and_running_turns() -> None:
    log = asked()
    running = log.lease(SUPPORT)
    log.one(say(SUPPORT, VIC, "q2"))
    log.one(claim(SUPPORT, OPA))
    assert {turn.state for turn in log.turns.values()} == {TurnState.DROPPED}
    with pytest.raises(StaleTurn):
        log.one(close(running, {"text": "late"}))
    assert "late" not in log.texts(SUPPORT)


def test_a_move_ends_what_the_agent_was_saying_where_it_is() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    seq = acked(log.one(stream(turn))).seq
    assert seq == 2
    log.one(claim(SUPPORT, OPA, partial="Your order is"))
    message = log.messages[(SUPPORT, seq)]
    assert (message.state, message.body["text"]) == (MessageState.INTERRUPTED, "Your order is")
    finished = [each for each in log.events if each.kind is EventKind.MESSAGE_FINISHED]
    assert [each.seq for each in finished] == [seq]
    with pytest.raises(StaleTurn):
        log.one(close(turn, {"text": "Your order is on its way"}, seq=seq))
    require_dense(log)


def test_the_words_of_an_operator_end_the_stream_with_what_was_said() -> None:
    log = asked()
    seq = acked(log.one(stream(log.lease(SUPPORT)))).seq
    assert seq is not None
    said = operator_says(SUPPORT, OPA, "o1")
    log.one(type(said)(said.draft, observer=True, operator=True, partial="Your order"))
    message = log.messages[(SUPPORT, seq)]
    assert (message.state, message.body["text"]) == (MessageState.INTERRUPTED, "Your order")


def test_giving_it_back_lets_the_agent_answer_what_was_asked_last() -> None:
    log = asked()
    log.one(claim(SUPPORT, OPA))
    log.one(say(SUPPORT, VIC, "q2"))
    log.one(release(SUPPORT, OPA))
    (turn,) = log.waiting(SUPPORT)
    assert (turn.agent, turn.epoch) == (BIRD, 3)
    assert log.messages[(SUPPORT, turn.trigger_seq)].client_id == "q2", (
        "the question, not the notice after it"
    )
    assert log.tickets[SUPPORT].owner is Owner.AGENT
    assert log.tickets[SUPPORT].owner_user is None


def test_giving_it_back_after_an_answer_leaves_the_agent_silent() -> None:
    log = asked()
    log.one(operator_says(SUPPORT, OPA, "o1"))
    log.one(release(SUPPORT, OPA))
    assert not log.waiting(SUPPORT)


@pytest.mark.parametrize("at_once", [True, False])
def test_giving_it_back_after_a_cut_off_answer_lets_the_agent_answer_again(*, at_once: bool) -> None:
    log = asked()
    log.one(stream(log.lease(SUPPORT)))
    moves = [claim(SUPPORT, OPA, partial="Your"), release(SUPPORT, OPA)]
    if at_once:
        log.commit(*moves)
    else:
        for each in moves:
            log.one(each)
    (turn,) = log.waiting(SUPPORT)
    assert (turn.trigger_seq, turn.epoch) == (1, 3)


def test_giving_it_to_the_agent_in_mid_answer_starts_the_answer_again() -> None:
    log = asked()
    log.one(stream(log.lease(SUPPORT)))
    log.one(release(SUPPORT, OPA))
    (turn,) = log.waiting(SUPPORT)
    assert (turn.trigger_seq, turn.epoch) == (1, 2)


@pytest.mark.parametrize("streamed", [True, False])
def test_giving_it_back_lets_the_agent_answer_what_was_asked_during_its_answer(*, streamed: bool) -> None:
    log = asked()
    first = log.lease(SUPPORT)
    seq = acked(log.one(stream(first))).seq if streamed else None
    asked_again = acked(log.one(say(SUPPORT, VIC, "q2"))).seq
    log.commit(close(first, {"text": "an answer to q1"}, seq=seq), claim(SUPPORT, OPA))
    log.one(release(SUPPORT, OPA))
    (turn,) = log.waiting(SUPPORT)
    assert turn.trigger_seq == asked_again


def test_giving_it_back_after_the_agents_answer_leaves_it_silent() -> None:
    log = asked()
    log.commit(close(log.lease(SUPPORT), {"text": "an answer"}), claim(SUPPORT, OPA), release(SUPPORT, OPA))
    assert not log.waiting(SUPPORT)


def test_a_streamed_answer_is_one_message_with_two_events() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    seq = acked(log.one(stream(turn))).seq
    assert seq is not None
    assert log.messages[(SUPPORT, seq)].state is MessageState.STREAMING
    said = log.one(close(turn, {"text": "On its way."}, seq=seq))
    assert said == log.messages[(SUPPORT, seq)]
    assert (said.state, said.body["text"], said.seq) == (MessageState.SENT, "On its way.", 2)
    assert log.turns[turn.id].state is TurnState.DONE
    assert log.turns[turn.id].seq == seq
    kinds = [each.kind for each in log.events if each.seq == seq and each.conversation == SUPPORT]
    assert kinds == [EventKind.MESSAGE_CREATED, EventKind.MESSAGE_FINISHED]


def test_opening_the_stream_twice_gives_the_same_message() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    first, again = acked(log.one(stream(turn))), acked(log.one(stream(turn)))
    assert (again.seq, again.duplicate) == (first.seq, True)


def test_an_answer_without_a_stream_is_one_message() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    said = log.one(close(turn, {"text": "On its way."}))
    assert (said.seq, said.sender, said.kind) == (2, BIRD, MessageKind.TEXT)
    assert not log.waiting(SUPPORT)


def test_a_silent_turn_says_nothing() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    assert log.one(close(turn, None)) is None
    assert log.turns[turn.id].state is TurnState.DONE
    assert log.texts(SUPPORT) == ["where is my order?"]


def test_a_turn_that_ends_in_silence_ends_its_stream() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    seq = acked(log.one(stream(turn))).seq
    assert seq is not None
    log.one(close(turn, None, seq=seq, partial="Your or"))
    message = log.messages[(SUPPORT, seq)]
    assert (message.state, message.body["text"]) == (MessageState.INTERRUPTED, "Your or")


def test_an_answer_and_its_handoff_are_one_transaction() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    moved = MoveTicket(SUPPORT, BIRD, Owner.QUEUE, reason="low_confidence", notice={"code": "handoff.queued"})
    log.one(close(turn, {"text": "I ask a colleague."}, move=moved))
    assert log.texts(SUPPORT) == ["where is my order?", "I ask a colleague.", "handoff.queued"]
    assert (log.tickets[SUPPORT].owner, log.tickets[SUPPORT].reason) == (Owner.QUEUE, "low_confidence")
    assert log.turns[turn.id].state is TurnState.DONE


@pytest.mark.parametrize(
    ("move", "error"),
    [
        (MoveTicket(SUPPORT, BIRD, Owner.QUEUE, expected_epoch=99), Conflict),
        (MoveTicket(SUPPORT_WITHOUT_AGENT + 7, BIRD, Owner.QUEUE), NotFound),
    ],
)
def test_an_answer_whose_handoff_is_refused_is_not_said(move: MoveTicket, error: type[Exception]) -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    before = log.pos
    with pytest.raises(error):
        log.one(close(turn, {"text": "I ask a colleague."}, move=move))
    assert log.pos == before
    assert log.turns[turn.id].state is TurnState.LEASED


def test_a_lost_lease_ends_a_worker() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    mine = guard(turn)
    turn.attempt += 1
    late = close(turn, {"text": "late"})
    with pytest.raises(StaleTurn):
        log.one(type(late)(mine, SUPPORT, BIRD, late.decision, {"text": "late"}))
    turn.state = TurnState.QUEUED
    with pytest.raises(StaleTurn):
        log.one(stream(turn))


def test_a_turn_belongs_to_its_own_conversation() -> None:
    log = asked()
    log.one(Join(GROUP, BIRD, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, ANN, "1"))
    turn = log.lease(GROUP)
    late = close(turn, {"text": "misplaced"})
    outcomes = log.commit(
        say(GROUP, BOB, "2"), type(late)(guard(turn), SUPPORT, BIRD, late.decision, {"text": "misplaced"})
    )
    assert isinstance(outcomes[1], StaleTurn)


def test_an_ended_turn_cannot_end_again() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    log.one(close(turn, {"text": "one"}))
    turn.state = TurnState.LEASED
    log.turns[turn.id].state = TurnState.DONE
    with pytest.raises(StaleTurn):
        log.one(close(turn, {"text": "two"}))


def test_a_dead_workers_turn_is_queued_again_and_its_stream_ends() -> None:
    log = asked()
    turn = log.lease(SUPPORT, lease_s=0.0)
    seq = acked(log.one(stream(turn))).seq
    assert seq is not None
    log.one(interrupt(turn, "Your or"))
    message = log.messages[(SUPPORT, seq)]
    assert (message.state, message.body["text"]) == (MessageState.INTERRUPTED, "Your or")
    (waiting,) = log.waiting(SUPPORT)
    assert (waiting.id, waiting.attempt, waiting.seq) == (turn.id, 1, None)
    log.lease(SUPPORT)
    assert acked(log.one(stream(log.turns[turn.id]))).seq == seq + 1


def test_a_renewed_lease_is_not_interrupted() -> None:
    log = asked()
    turn = log.lease(SUPPORT, lease_s=60.0)
    log.one(interrupt(turn))
    assert log.turns[turn.id].state is TurnState.LEASED


def test_a_dead_workers_turn_gives_way_to_a_newer_one() -> None:
    log = asked()
    turn = log.lease(SUPPORT, lease_s=0.0)
    log.one(say(SUPPORT, VIC, "q2"))
    log.one(interrupt(turn))
    (waiting,) = log.waiting(SUPPORT)
    assert waiting.trigger_seq == 2


def test_after_too_many_deaths_a_person_is_asked_for() -> None:
    log = asked()
    for _ in range(MAX_ATTEMPTS):
        turn = log.lease(SUPPORT, lease_s=0.0)
        log.one(interrupt(turn))
    assert log.turns[turn.id].state is TurnState.DROPPED
    ticket = log.tickets[SUPPORT]
    assert (ticket.owner, ticket.reason) == (Owner.QUEUE, "agent_failed")
    assert log.texts(SUPPORT)[-1] == "handoff.queued"
    assert log.log(SUPPORT)[-1].body["text"]


def test_after_too_many_deaths_in_a_group_the_turn_is_dropped() -> None:
    log = opened()
    log.one(Join(GROUP, BIRD, MemberRole.MEMBER, {}, agent=True))
    log.one(say(GROUP, ANN, "1"))
    for _ in range(MAX_ATTEMPTS):
        turn = log.lease(GROUP, lease_s=0.0)
        log.one(interrupt(turn))
    assert log.turns[turn.id].state is TurnState.DROPPED
    assert not log.waiting(GROUP)


def test_interrupting_what_already_ended_changes_nothing() -> None:
    log = asked()
    turn = log.lease(SUPPORT)
    log.one(close(turn, {"text": "done"}))
    before = log.pos
    log.one(interrupt(turn))
    assert log.pos == before
    assert log.turns[turn.id].state is TurnState.DONE


def test_a_resolved_matter_drops_the_turn_and_keeps_a_summary() -> None:
    log = asked()
    log.one(MoveTicket(SUPPORT, BIRD, Owner.QUEUE, summary="wants a refund"))
    log.one(resolve(SUPPORT, OPA))
    assert log.tickets[SUPPORT].summary == "wants a refund"
    assert log.tickets[SUPPORT].status is TicketStatus.RESOLVED
    assert not log.waiting(SUPPORT)
