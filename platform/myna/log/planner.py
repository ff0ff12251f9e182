"""The rules of a commit: which rows a batch must see, and what each write does to them."""

from collections.abc import Sequence

from myna.errors import Conflict, MynaError
from myna.log import appeals, changes, mentions, moderation, past, personal, seating, seats, support
from myna.log.batch import Batch
from myna.log.filter_writes import Moderating
from myna.log.past_writes import Recount
from myna.log.personal_writes import Aged, Mine
from myna.log.plan import Committed, Needs, Opened, Outcome, State, digest_of
from myna.log.seat_writes import Seating
from myna.log.writes import (
    CloseTurn,
    DecideHeld,
    Edit,
    FinishStream,
    Hold,
    Interrupt,
    Join,
    MoveTicket,
    OpenConversation,
    Pin,
    React,
    Recall,
    Rouse,
    Say,
    Stop,
    Write,
)
from myna.model.conversation import Conversation, ConversationKind, Member
from myna.model.message import Ack, Draft, EventKind, Message
from myna.model.ticket import Owner, Ticket, TicketStatus


def needs_of(batch: Sequence[Write]) -> Needs:
    """The keys of all rows that planning the batch will look at. Turns and held drafts follow from the conversations."""
    needs = Needs()
    for write in batch:
        match write:
            case Say() | Hold():
                _need_draft(needs, write.draft)
                moderation.need_aside(needs, write)
            case Edit() | Recall() | React() | Pin():
                changes.need(needs, write)
            case Seating():
                seats.need(needs, write)
            case Mine() | Aged():
                personal.need(needs, write)
            case DecideHeld() | Moderating():
                moderation.need(needs, write)
            case OpenConversation():
                _need_known(needs, write)
            case Join():
                seats.need_join(needs, write)
            case Recount():
                past.need(needs, write)
            case FinishStream():
                needs.conversations.add(write.conversation)
                needs.streams.add((write.conversation, write.seq))
            case MoveTicket() | CloseTurn() | Interrupt() | Stop() | Rouse():
                _need_turns(needs, write)
    return needs


def _need_turns(needs: Needs, write: MoveTicket | CloseTurn | Interrupt | Stop | Rouse) -> None:
    needs.conversations.add(write.conversation)
    needs.tickets.add(write.conversation)
    needs.questions.add(write.conversation)
    if isinstance(write, CloseTurn) and write.thread is not None:
        needs.messages.add((write.conversation, write.thread))
    moved = write if isinstance(write, MoveTicket) else getattr(write, "move", None)
    if moved is not None:
        joining = (moved.owner_user, moved.agent)
        needs.members.update((write.conversation, user) for user in joining if user is not None)


def _need_known(needs: Needs, write: OpenConversation) -> None:
    if write.inbox is not None and write.visitor is not None:
        needs.support.add((write.inbox, write.visitor))
    if (pair := _pair(write)) is not None:
        needs.direct.add(pair)
        needs.blocks.update({pair, (pair[1], pair[0])})


def _need_draft(needs: Needs, draft: Draft) -> None:
    needs.conversations.add(draft.conversation)
    needs.tickets.add(draft.conversation)
    needs.members.add((draft.conversation, draft.sender))
    needs.drafts.add((draft.conversation, draft.sender, draft.client_id))
    for user in mentions.users_of(draft.body):
        needs.members.add((draft.conversation, user))
    needs.files.update(mentions.files_of(draft.body))
    if draft.thread is not None:
        needs.messages.add((draft.conversation, draft.thread))


def plan(batch: Sequence[Write], state: State, now: float) -> tuple[Committed, Batch]:
    """The outcome of each write in order, and the sheet to store. A refused write changes nothing."""
    planned = Batch(state, now)
    outcomes: list[Outcome] = []
    for write in batch:
        try:
            outcomes.append(_apply(planned, write))
        except MynaError as refused:
            outcomes.append(refused)
    return Committed(outcomes, planned.published), planned


def _apply(batch: Batch, write: Write) -> Outcome:
    """Each rule checks everything before it writes anything down, so a refusal leaves no trace."""
    match write:
        case Say():
            return _say(batch, write)
        case Hold():
            return moderation.hold(batch, write)
        case DecideHeld():
            return moderation.decide(batch, write)
        case Moderating():
            return appeals.apply(batch, write)
        case OpenConversation():
            return _open(batch, write)
        case Join():
            seating.join(batch, write)
            return None
        case Recount():
            return past.recount(batch, write)
        case Seating():
            return seats.apply(batch, write)
        case Mine() | Aged():
            return personal.apply(batch, write)
        case Edit() | Recall() | React() | Pin():
            return changes.apply(batch, write)
        case MoveTicket() | CloseTurn() | Interrupt() | Stop() | Rouse() | FinishStream():
            return _of_turns(batch, write)


def _of_turns(
    batch: Batch, write: MoveTicket | CloseTurn | Interrupt | Stop | Rouse | FinishStream
) -> Outcome:
    match write:
        case MoveTicket():
            return support.move(batch, write)
        case CloseTurn():
            return support.close_turn(batch, write)
        case Stop():
            support.end_agent_speech(batch, write.conversation, write.partial)
            return None
        case Rouse():
            support.rouse(batch, write)
            return None
        case Interrupt():
            support.interrupt(batch, write)
            return None
        case FinishStream():
            return _finish_stream(batch, write)


def _say(batch: Batch, write: Say) -> Ack:
    draft = write.draft
    place = batch.conversation(draft.conversation)
    digest = digest_of(draft.body, draft.reply_to, draft.thread)
    seat = None
    if write.guard is None and not write.observer:
        seat = batch.require_seat(draft.conversation, draft.sender)
    if (first := batch.duplicate(draft, digest)) is not None:
        return first
    if (aside := moderation.behind(batch, write, seat)) is not None:
        return moderation.hold(batch, aside)
    draft = changes.placed(batch, draft)
    if seat is not None:
        seating.may_speak(batch, place, seat)
    if write.guard is not None:
        turn = support.require_turn(batch, write.guard, draft.conversation)
        made = batch.message(draft, write.state, digest)
        turn.seq = made.seq
        batch.put_turn(turn)
    else:
        support.before_message(batch, write)
        made = batch.message(draft, write.state, digest)
        support.after_message(batch, made, write.turn_delay_s, rouse=write.rouse)
    mentions.note(batch, made, seat)
    seen = batch.state.seen[(draft.conversation, draft.sender, draft.client_id)]
    flagged = moderation.flag(batch, write, made)
    return Ack(draft.conversation, draft.client_id, made.seq, seen.rev, batch.now, flagged=flagged)


def _finish_stream(batch: Batch, write: FinishStream) -> Message:
    """Only its own sender ends a stream; whoever ends it again, or ends another's, changes nothing."""
    streamed = batch.state.streaming.get((write.conversation, write.seq))
    if streamed is None or streamed.sender != write.sender:
        raise Conflict("This message is not being streamed by you.", code="no_stream")
    made = batch.finish(write.conversation, write.seq, write.body, write.state)
    support.note_text(batch, made)
    return made


def _pair(write: OpenConversation) -> tuple[int, int] | None:
    """The two users of a direct conversation, the smaller id first."""
    if write.kind is not ConversationKind.DIRECT:
        return None
    one, other = sorted(user for user, _ in write.members)
    return one, other


def _known(batch: Batch, write: OpenConversation) -> int | None:
    """Two requests at once (two tabs, a double click) must not open two conversations."""
    if write.inbox is not None and write.visitor is not None:
        return batch.state.support.setdefault((write.inbox, write.visitor), write.id)
    if (pair := _pair(write)) is not None:
        return batch.state.direct.setdefault(pair, write.id)
    return None


def _open(batch: Batch, write: OpenConversation) -> Opened:
    known = _known(batch, write)
    if known is not None and known in batch.state.conversations:
        return Opened(batch.conversation(known), new=False)
    made = Conversation(
        write.id,
        write.workspace,
        write.kind,
        write.title,
        seq=0,
        rev=0,
        last_pos=0,
        created_at=batch.now,
        changed_at=batch.now,
        inbox=write.inbox,
        agents=write.agents,
    )
    batch.state.conversations[made.id] = made
    batch.sheet.opened[made.id] = made
    pair = _pair(write)
    for user, role in write.members:
        # Who is blocked by the other of two may read and not write.
        other = 0 if pair is None else pair[0] + pair[1] - user
        muted_until = personal.FOREVER if (other, user) in batch.state.blocks else None
        batch.put_member(Member(made.id, user, role, muted_until=muted_until))
    users = tuple(user for user, _ in write.members)
    data = {"title": write.title, "kind": write.kind, "members": [str(user) for user in users]}
    batch.event(made.id, EventKind.CONVERSATION_CHANGED, data, joined=users)
    if write.inbox is not None and write.visitor is not None:
        agent = write.agents[0] if write.agents else None
        batch.put_ticket(
            Ticket(
                made.id,
                write.workspace,
                write.inbox,
                write.visitor,
                agent,
                Owner.AGENT if agent else Owner.QUEUE,
                None,
                1,
                TicketStatus.OPEN,
                None,
                None,
                batch.now,
                batch.now,
            )
        )
    return Opened(batch.conversation(made.id))
