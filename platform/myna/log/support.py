"""Ownership of support conversations and the agents' turns: one owner at any time, fenced by the ticket's epoch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from myna.errors import Conflict, NotFound, StaleTurn
from myna.ids import new_id
from myna.log.batch import Batch
from myna.log.plan import TurnDraft
from myna.log.writes import CloseTurn, Interrupt, MoveTicket, Rouse, Say, TurnGuard
from myna.model.conversation import ConversationKind, Member, MemberRole
from myna.model.message import Draft, Message, MessageKind, MessageState
from myna.model.ticket import Owner, Ticket, TicketStatus, TurnState
from myna.wire import ticket_object

QUEUED_NOTICE: Mapping[str, Any] = {"code": "handoff.queued", "text": "A person will answer here soon."}
MAX_ATTEMPTS = 3
"""How many workers may die on one turn before it is dropped and a person is asked for."""


def before_message(batch: Batch, write: Say) -> None:
    """What a person's message does to the ticket: an operator who speaks owns it; a customer who comes back reopens it."""
    sender = write.draft.sender
    reopen(batch, write.draft.conversation, sender)
    ticket = batch.state.tickets.get(write.draft.conversation)
    if ticket is None:
        return
    if write.operator and not (ticket.owner is Owner.OPERATOR and ticket.owner_user == sender):
        take = MoveTicket(
            write.draft.conversation,
            sender,
            Owner.OPERATOR,
            owner_user=sender,
            owner_data=write.sender_data,
            reason="operator_took_over",
            notice=claimed_notice(write.sender_data),
            partial=write.partial,
        )
        move(batch, take)


def reopen(batch: Batch, conversation: int, sender: int) -> None:
    """Open a resolved ticket for the customer who comes back; anybody else's words leave it as it is."""
    ticket = batch.state.tickets.get(conversation)
    if ticket is None or sender != ticket.visitor or ticket.status is not TicketStatus.RESOLVED:
        return
    owner = Owner.AGENT if ticket.agent else Owner.QUEUE
    _set(batch, ticket, owner=owner, owner_user=None, status=TicketStatus.OPEN, reason=None, summary=None)


def after_message(batch: Batch, message: Message, delay_s: float, *, rouse: bool) -> None:
    """Queue the turns that a new message asks for; a waiting turn takes the newer message along."""
    note_text(batch, message)
    conversation = batch.conversation(message.conversation)
    ticket = batch.state.tickets.get(message.conversation)
    if conversation.kind is ConversationKind.SUPPORT:
        if (
            ticket is None
            or ticket.agent is None
            or ticket.owner is not Owner.AGENT
            or ticket.status is not TicketStatus.OPEN
            or message.sender != ticket.visitor
        ):
            return
        _queue_turn(batch, message.conversation, ticket.agent, message.seq, ticket.epoch, delay_s)
        return
    for agent in conversation.agents:
        if rouse and agent != message.sender:
            _queue_turn(batch, message.conversation, agent, message.seq, 0, delay_s)


def note_text(batch: Batch, message: Message) -> None:
    """Remember who waits for whom: a customer's text asks, anybody else's answers; what was cut off does neither."""
    ticket = batch.state.tickets.get(message.conversation)
    if ticket is None or message.kind is not MessageKind.TEXT or message.state is not MessageState.SENT:
        return
    found = batch.state.asked if message.sender == ticket.visitor else batch.state.answered
    found[message.conversation] = message.seq


def may_call(text: str) -> bool:
    """Whether a bot's words can call an agent: only by a mention, or two of them would talk for ever."""
    return "@" in text or "＠" in text


def require_turn(batch: Batch, guard: TurnGuard, conversation: int) -> TurnDraft:
    """The turn, when it is still leased to this attempt and nobody took the conversation over.

    Raises:
        StaleTurn: it is not; nothing is stored.
    """
    turn = batch.state.turns.get(guard.turn)
    if turn is None or turn.state is not TurnState.LEASED or turn.attempt != guard.attempt:
        raise StaleTurn("The turn is leased to another worker or has ended.")
    ticket = batch.state.tickets.get(conversation)
    if ticket is not None and (
        ticket.epoch != guard.epoch
        or ticket.owner is not Owner.AGENT
        or ticket.status is not TicketStatus.OPEN
    ):
        raise StaleTurn("Somebody else answers this conversation now.")
    return turn


def require_move(batch: Batch, write: MoveTicket) -> Ticket:
    """The ticket, when it may be moved like this.

    Raises:
        NotFound, Conflict: it may not; nothing is stored.
    """
    ticket = batch.state.tickets.get(write.conversation)
    if ticket is None:
        raise NotFound("This conversation has no ticket: it is not a support conversation.")
    if write.expected_epoch is not None and ticket.epoch != write.expected_epoch:
        raise Conflict(
            "Somebody else moved this conversation meanwhile; look again and repeat.",
            code="epoch_moved",
            extra={"ticket": ticket_object(ticket)},
        )
    if write.owner is Owner.AGENT and ticket.agent is None:
        raise Conflict("This inbox has no agent to give the conversation to.", code="no_agent")
    return ticket


def move(batch: Batch, write: MoveTicket) -> Ticket:
    """Change the owner: epoch, notice, seat, and the end of whatever the agent was saying. Raises as `require_move` does."""
    ticket = require_move(batch, write)
    same = (ticket.owner, ticket.owner_user, ticket.status) == (write.owner, write.owner_user, write.status)
    agent = write.agent or ticket.agent
    if same and write.owner is not Owner.AGENT:
        return ticket
    end_agent_speech(batch, write.conversation, write.partial)
    if write.owner is Owner.OPERATOR and write.owner_user is not None:
        _seat_operator(batch, write.conversation, write.owner_user, write.owner_data)
    moved = _set(
        batch,
        ticket,
        owner=write.owner,
        owner_user=write.owner_user,
        status=write.status,
        reason=write.reason,
        summary=write.summary or ticket.summary,
        agent=agent,
    )
    if write.agent is not None:
        _seat_agent(batch, write.conversation, write.agent, write.agent_data)
    if write.notice is not None:
        batch.notice(write.conversation, write.actor, write.notice)
    asked = batch.state.asked.get(write.conversation, 0)
    waits = asked > batch.state.answered.get(write.conversation, 0)
    if write.owner is Owner.AGENT and write.status is TicketStatus.OPEN and waits and moved.agent is not None:
        _queue_turn(batch, write.conversation, moved.agent, asked, moved.epoch, write.turn_delay_s)
    return moved


def close_turn(batch: Batch, write: CloseTurn) -> Message | None:
    """End a turn with what the agent says and does, if it may still say it."""
    turn = require_turn(batch, write.guard, write.conversation)
    if write.move is not None:
        require_move(batch, write.move)
    said: Message | None = None
    if write.body is not None and write.seq is not None:
        said = batch.finish(write.conversation, write.seq, write.body, MessageState.SENT)
    elif write.body is not None:
        client_id = turn_client_id(turn.id, turn.attempt)
        draft = Draft(write.conversation, write.agent, client_id, write.body, thread=write.thread)
        said = batch.message(draft)
    else:
        _end_stream(batch, turn, write.partial)
    turn.state = TurnState.DONE
    turn.decision = write.decision
    turn.seq = said.seq if said else write.seq
    batch.put_turn(turn)
    if said is not None:
        # What the customer wrote while the agent was answering is still to be answered.
        batch.state.answered[write.conversation] = turn.trigger_seq
    if write.move is not None:
        move(batch, write.move)
    if said is not None and batch.conversation(write.conversation).kind is not ConversationKind.SUPPORT:
        after_message(batch, said, write.turn_delay_s, rouse=may_call(str(said.body.get("text", ""))))
    return said


def interrupt(batch: Batch, write: Interrupt) -> None:
    """End the stream of a dead worker and queue the turn again; after too many deaths ask for a person."""
    turn = batch.state.turns.get(write.turn)
    if turn is None or turn.state is not TurnState.LEASED or turn.due_at > batch.now:
        return
    _end_stream(batch, turn, write.partial)
    turn.seq = None
    ticket = batch.state.tickets.get(write.conversation)
    stale = ticket is not None and (ticket.epoch != turn.epoch or ticket.owner is not Owner.AGENT)
    exhausted = turn.attempt >= MAX_ATTEMPTS
    newer = _waiting(batch, turn.conversation, turn.agent, turn.epoch) is not None
    turn.state = TurnState.DROPPED if stale or exhausted or newer else TurnState.QUEUED
    turn.due_at = batch.now
    batch.put_turn(turn)
    if exhausted and not stale and ticket is not None:
        failed = MoveTicket(
            write.conversation,
            turn.agent,
            Owner.QUEUE,
            reason="agent_failed",
            notice=QUEUED_NOTICE,
        )
        move(batch, failed)


def rouse(batch: Batch, write: Rouse) -> None:
    """Queue a turn of the agent that owns the conversation; what was asked last decides what it is about."""
    ticket = batch.state.tickets.get(write.conversation)
    asked = batch.state.asked.get(write.conversation, 0)
    if (
        ticket is not None
        and ticket.agent is not None
        and ticket.owner is Owner.AGENT
        and ticket.status is TicketStatus.OPEN
        and asked
    ):
        _queue_turn(batch, write.conversation, ticket.agent, asked, ticket.epoch, 0.0)


def claimed_notice(operator: Mapping[str, Any]) -> dict[str, Any]:
    """The notice that a person answers from now on."""
    name = str(operator.get("name", ""))
    return {"code": "handoff.claimed", "text": f"{name or 'A colleague'} has joined.", "data": {"name": name}}


def turn_client_id(turn: int, attempt: int) -> str:
    """The client_id of a turn's answer: two workers on one attempt make one message."""
    return f"turn:{turn}:{attempt}"


def _set(batch: Batch, ticket: Ticket, **changes: Any) -> Ticket:
    return batch.put_ticket(replace(ticket, epoch=ticket.epoch + 1, changed_at=batch.now, **changes))


def _seat_agent(batch: Batch, conversation: int, agent: int, data: Mapping[str, Any]) -> None:
    seat = batch.state.members.get((conversation, agent))
    if seat is None or seat.to_seq is not None:
        batch.put_member(Member(conversation, agent, MemberRole.MEMBER))
        batch.joined(conversation, agent, MemberRole.MEMBER, data)


def _seat_operator(batch: Batch, conversation: int, user: int, data: Mapping[str, Any]) -> None:
    seat = batch.state.members.get((conversation, user))
    if seat is None or seat.to_seq is not None:
        batch.put_member(Member(conversation, user, MemberRole.MODERATOR))
        batch.joined(conversation, user, MemberRole.MODERATOR, data)


def end_agent_speech(batch: Batch, conversation: int, partial: str) -> None:
    """Drop the turns that wait or run; a text that was being streamed ends where it is."""
    for turn in list(batch.state.turns.values()):
        if turn.conversation != conversation or turn.state not in {TurnState.QUEUED, TurnState.LEASED}:
            continue
        _end_stream(batch, turn, partial)
        turn.state = TurnState.DROPPED
        batch.put_turn(turn)


def _end_stream(batch: Batch, turn: TurnDraft, partial: str) -> None:
    if turn.seq is not None and (turn.conversation, turn.seq) in batch.state.streaming:
        body: Mapping[str, Any] = {"text": partial}
        batch.finish(turn.conversation, turn.seq, body, MessageState.INTERRUPTED)


def _waiting(batch: Batch, conversation: int, agent: int, epoch: int) -> TurnDraft | None:
    for turn in batch.state.turns.values():
        mine = turn.conversation == conversation and turn.agent == agent and turn.epoch == epoch
        if mine and turn.state is TurnState.QUEUED:
            return turn
    return None


def _queue_turn(batch: Batch, conversation: int, agent: int, seq: int, epoch: int, delay_s: float) -> None:
    turn = _waiting(batch, conversation, agent, epoch)
    if turn is not None:
        turn.trigger_seq = seq
        turn.due_at = batch.now + delay_s
        batch.put_turn(turn)
        return
    workspace = batch.conversation(conversation).workspace
    due_at = batch.now + delay_s
    batch.put_turn(
        TurnDraft(
            new_id(),
            workspace,
            conversation,
            agent,
            seq,
            epoch,
            0,
            TurnState.QUEUED,
            due_at,
            None,
            None,
            batch.now,
        )
    )
