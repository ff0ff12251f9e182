"""The rules of what belongs to one user, and of messages whose time is over."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from myna.errors import Conflict, Forbidden, NotFound
from myna.log.batch import Batch
from myna.log.changes import erase
from myna.log.personal_writes import (
    EndScheduled,
    Expire,
    Hide,
    Mine,
    OpenSaved,
    PersonalWrite,
    Retain,
    Schedule,
    SetBlock,
    SetDraft,
    SetNotify,
)
from myna.log.plan import Needs, Opened
from myna.model.conversation import Conversation, ConversationKind, Member, MemberRole
from myna.model.message import EventKind, MessageState, SavedDraft, Scheduled, ScheduledState

FOREVER = 253_402_300_799.0
"""The end of the year 9999, as a time that never comes."""


def need(needs: Needs, write: PersonalWrite) -> None:
    """The rows that a write looks at."""
    if isinstance(write, Mine):
        needs.saved.add(write.user)
    place: int = getattr(write, "conversation", 0)
    if place:
        needs.conversations.add(place)
        if isinstance(write, Mine):
            needs.members.add((place, write.user))
    match write:
        case SetBlock():
            needs.direct.add((min(write.user, write.other), max(write.user, write.other)))
            needs.blocks.add((write.user, write.other))
        case Schedule(message=Scheduled() as message):
            needs.scheduled.add(message.id)
            needs.conversations.add(message.conversation)
            needs.members.add((message.conversation, message.user))
        case EndScheduled():
            needs.scheduled.add(write.id)
        case Expire():
            needs.messages.update((write.conversation, seq) for seq in write.seqs)
        case _:
            pass


def apply(batch: Batch, write: PersonalWrite) -> Opened | Member | Conversation | Scheduled | None:
    """Do it, and tell the user's devices."""
    match write:
        case OpenSaved():
            new = write.user not in batch.state.saved
            return Opened(_own(batch, write), new)
        case Hide():
            return _hide(batch, write)
        case SetNotify():
            seat = replace(batch.require_seat(write.conversation, write.user), notify=write.notify)
            batch.put_member(seat)
            _tell(batch, write, "notify", {"conversation": str(write.conversation), "notify": write.notify})
            return seat
        case SetDraft():
            _draft(batch, write)
            return None
        case SetBlock():
            _block(batch, write)
            return None
        case Schedule():
            return _schedule(batch, write)
        case EndScheduled():
            return _end(batch, write)
        case Expire():
            _expire(batch, write)
            return None
        case Retain():
            return _retain(batch, write)


def _own(batch: Batch, write: Mine) -> Conversation:
    known = batch.state.saved.get(write.user)
    if known is not None:
        return batch.conversation(known)
    made = Conversation(
        write.saved,
        write.workspace,
        ConversationKind.SAVED,
        "",
        seq=0,
        rev=0,
        last_pos=0,
        created_at=batch.now,
        changed_at=batch.now,
    )
    batch.state.saved[write.user] = made.id
    batch.state.conversations[made.id] = made
    batch.sheet.opened[made.id] = made
    batch.put_member(Member(made.id, write.user, MemberRole.OWNER))
    data = {"title": "", "kind": made.kind, "members": [str(write.user)]}
    batch.event(made.id, EventKind.CONVERSATION_CHANGED, data, joined=(write.user,))
    return batch.conversation(made.id)


def _tell(batch: Batch, write: Mine, what: str, data: Mapping[str, Any]) -> None:
    batch.event(_own(batch, write).id, EventKind.MINE_CHANGED, {"what": what, **data})


def _hide(batch: Batch, write: Hide) -> Member:
    seat = batch.require_seat(write.conversation, write.user)
    head = batch.conversation(write.conversation).seq
    up_to = max(seat.deleted_to, min(write.up_to, head))
    floor = max(seat.from_seq, up_to + 1)
    seqs = sorted({seq for seq in write.seqs if floor <= seq <= head})
    if up_to != seat.deleted_to:
        seat = replace(seat, deleted_to=up_to)
        batch.put_member(seat)
    elif not seqs:
        return seat
    batch.sheet.hidden.extend((write.user, write.conversation, seq) for seq in seqs)
    data = {"conversation": str(write.conversation), "seqs": seqs, "deleted_to": up_to}
    _tell(batch, write, "hidden", data)
    return seat


def _draft(batch: Batch, write: SetDraft) -> None:
    batch.require_seat(write.conversation, write.user)
    kept = None
    if write.body is not None:
        kept = SavedDraft(write.user, write.conversation, write.body, write.reply_to, write.thread, batch.now)
    batch.sheet.drafts[(write.user, write.conversation)] = kept
    # The words are not in the event: an event is kept, a draft is not.
    _tell(batch, write, "draft", {"conversation": str(write.conversation), "kept": kept is not None})


def _block(batch: Batch, write: SetBlock) -> None:
    if ((write.user, write.other) in batch.state.blocks) == write.on:
        return
    if write.on:
        batch.state.blocks.add((write.user, write.other))
    else:
        batch.state.blocks.discard((write.user, write.other))
    batch.sheet.blocks[(write.user, write.other)] = write.on
    pair = (min(write.user, write.other), max(write.user, write.other))
    place = batch.state.direct.get(pair)
    seat = None if place is None else batch.state.members.get((place, write.other))
    if seat is not None:
        # The seat is read by every send anyway, so a block costs nothing there. No event: nobody is told who blocks whom.
        batch.put_member(replace(seat, muted_until=FOREVER if write.on else None))
    _tell(batch, write, "block", {"user": str(write.other), "on": write.on})


def _schedule(batch: Batch, write: Schedule) -> Scheduled:
    message = write.message
    assert message is not None
    batch.require_seat(message.conversation, message.user)
    before = batch.state.scheduled.get(message.id)
    if before is not None and (before.user != message.user or before.state is not ScheduledState.WAITING):
        raise Conflict("This message does not wait any more.", code="already_sent")
    return _put(batch, write, message)


def _end(batch: Batch, write: EndScheduled) -> Scheduled:
    before = batch.state.scheduled.get(write.id)
    if before is None or before.user != write.user:
        raise NotFound(f"There is no message {write.id} for later.")
    if before.state is not ScheduledState.WAITING and write.state is not None:
        return before
    if before.state is ScheduledState.SENT:
        raise Conflict("This message was sent already; recall it instead.", code="already_sent")
    if write.state is None:
        return _put(batch, write, replace(before, state=ScheduledState.FAILED, error="given_up"))
    return _put(batch, write, replace(before, state=write.state, error=write.error))


def _put(batch: Batch, write: Mine, message: Scheduled) -> Scheduled:
    batch.state.scheduled[message.id] = batch.sheet.scheduled[message.id] = message
    _tell(batch, write, "scheduled", {"id": str(message.id), "state": message.state, "error": message.error})
    return message


def _expire(batch: Batch, write: Expire) -> None:
    for seq in write.seqs:
        message = batch.state.messages.get((write.conversation, seq))
        if message is None or message.state in {MessageState.RECALLED, MessageState.STREAMING}:
            continue
        if write.erased:
            erase(batch, message, {"text": "", "erased": "1"})
        elif message.expires_at is not None and message.expires_at <= batch.now:
            erase(batch, message, {"text": "", "expired": "1"})


def _retain(batch: Batch, write: Retain) -> Conversation:
    place = batch.conversation(write.conversation)
    if not place.policy.retain_days and not write.ruled:
        raise Forbidden("This conversation keeps its messages.")
    through = min(write.through, place.seq)
    if through <= place.retained_through:
        return place
    batch.state.conversations[place.id] = replace(place, retained_through=through)
    batch.sheet.retained.append((place.id, through))
    batch.event(place.id, EventKind.CONVERSATION_CHANGED, {"retained_through": through})
    return batch.conversation(place.id)
