"""What may be done to a message after it was sent: edit, recall, react, pin; and where a reply or thread may hang on."""

from dataclasses import replace

from myna.errors import Conflict, Forbidden, Malformed, NotFound
from myna.log import mentions
from myna.log.batch import Batch
from myna.log.plan import DedupKey, Done, Needs, digest_of
from myna.log.writes import Edit, Pin, React, Recall
from myna.model.conversation import Conversation, Member
from myna.model.message import Ack, Draft, EventKind, Message, MessageKind, MessageState
from myna.rights import Verb, rank, seat_may

MAX_EMOJIS = 20
"""Different reactions on one message."""
MAX_PINS = 100
"""Pins of one conversation."""

AnyChange = Edit | Recall | React | Pin
_VERBS = {Edit: Verb.EDIT, Recall: Verb.RECALL, React: Verb.REACT, Pin: Verb.PIN}


def need(needs: Needs, write: AnyChange) -> None:
    """The rows that a change looks at."""
    needs.conversations.add(write.conversation)
    needs.members.add((write.conversation, write.actor))
    needs.commands.add((write.conversation, write.actor, write.client_id))
    needs.messages.add((write.conversation, write.seq))
    if isinstance(write, React):
        needs.reactions.add((write.conversation, write.seq, write.emoji, write.actor))
    if isinstance(write, Pin):
        needs.pins.add(write.conversation)


def apply(batch: Batch, write: AnyChange) -> Ack:
    """The ack of a change, or of the same one that came before."""
    place = batch.conversation(write.conversation)
    seat = None if write.observer else batch.require_seat(write.conversation, write.actor)
    key: DedupKey = (write.conversation, write.actor, write.client_id)
    digest = _digest(write)
    if (first := batch.done_before(key, digest)) is not None:
        return first
    message = visible(batch, place, seat, write.seq)
    verb = _VERBS[type(write)]
    if seat is not None and not seat_may(place, seat.role, verb):
        raise Forbidden(f"Your role does not let you {verb} here.")
    match write:
        case Edit():
            rev = _edit(batch, place, message, write)
        case Recall():
            rev = _recall(batch, place, message, seat, write)
        case React():
            rev = _react(batch, message, write)
        case Pin():
            rev = _pin(batch, message, write)
    if rev is None:
        # Already as wanted: nothing changed, so there is nothing to tell.
        return Ack(write.conversation, write.client_id, write.seq, place.rev, batch.now, duplicate=True)
    return batch.finish_command(key, Done(digest, write.seq, rev, batch.now))


def placed(batch: Batch, draft: Draft) -> Draft:
    """The draft with its thread's first message; a reply to a reply hangs on the same thread.

    Raises:
        NotFound: what it answers does not exist; nothing was stored.
    """
    head = batch.conversation(draft.conversation).seq
    if draft.reply_to is not None and not 1 <= draft.reply_to <= head:
        raise NotFound(f"There is no message {draft.reply_to} to reply to.", code="no_such_message")
    if any(each not in batch.state.files for each in mentions.files_of(draft.body)):
        raise NotFound("One of the files is gone; upload it again.", code="no_such_file")
    if draft.thread is None:
        return draft
    root = batch.state.messages.get((draft.conversation, draft.thread))
    if root is None or root.kind is MessageKind.NOTICE:
        raise NotFound(f"There is no message {draft.thread} to begin a thread on.", code="no_such_message")
    return replace(draft, thread=root.thread) if root.thread is not None else draft


def visible(batch: Batch, place: Conversation, seat: Member | None, seq: int) -> Message:
    """A message that the actor can see and that is not gone."""
    found = batch.state.messages.get((place.id, seq))
    below = seat is not None and seq < max(seat.from_seq, seat.deleted_to + 1)
    if found is None or below or seq <= place.retained_through:
        raise NotFound(f"There is no message {seq} here that you can see.", code="no_such_message")
    if found.state is MessageState.RECALLED:
        raise Conflict("This message was recalled.", code="recalled")
    return found


def _edit(batch: Batch, place: Conversation, message: Message, write: Edit) -> int | None:
    if message.sender != write.actor or message.kind is not MessageKind.TEXT:
        raise Forbidden("Only its sender can edit a message.")
    if message.state is MessageState.STREAMING:
        raise Conflict("This message is still being written.", code="streaming")
    _in_time(batch, message, place.policy.edit_s, "edit")
    body = {**message.body, **write.body}
    if body == message.body:
        return None
    made = replace(message, body=body, edited_at=batch.now)
    event = batch.change(made, EventKind.MESSAGE_EDITED)
    assert event is not None
    batch.sheet.versions.append((message, event.rev, write.actor))
    return event.rev


def _recall(
    batch: Batch, place: Conversation, message: Message, seat: Member | None, write: Recall
) -> int | None:
    if message.state is MessageState.STREAMING or message.kind is not MessageKind.TEXT:
        raise Conflict("This message cannot be recalled.", code="not_recallable")
    if message.sender == write.actor:
        _in_time(batch, message, place.policy.recall_s, "recall")
    elif seat is not None:
        if not seat_may(place, seat.role, Verb.RECALL_OTHERS):
            raise Forbidden("Only its sender and moderators can recall a message.")
        theirs = batch.state.members.get((place.id, message.sender))
        if theirs is not None and rank(theirs.role) > rank(seat.role):
            raise Forbidden("You cannot recall a message of somebody above you.")
    return erase(batch, message, {"text": "", "recalled_by": str(write.actor)})


def erase(batch: Batch, message: Message, body: dict[str, str]) -> int:
    """Take a message's words, versions, reactions and pin away; the `rev` of the event that tells so."""
    key = (message.conversation, message.seq)
    made = replace(message, body=body, state=MessageState.RECALLED, reactions={}, edited_at=None)
    event = batch.change(made, EventKind.MESSAGE_RECALLED)
    assert event is not None
    batch.sheet.erased.append(key)
    batch.sheet.pins[key] = None
    batch.state.pins.get(message.conversation, set()).discard(message.seq)
    for reaction in [each for each in batch.sheet.reactions if each[:2] == key]:
        batch.sheet.reactions[reaction] = False
    batch.state.reactions = {each for each in batch.state.reactions if each[:2] != key}
    batch.sheet.versions = [
        each for each in batch.sheet.versions if (each[0].conversation, each[0].seq) != key
    ]
    return event.rev


def _react(batch: Batch, message: Message, write: React) -> int | None:
    key = (message.conversation, message.seq, write.emoji, write.actor)
    if (key in batch.state.reactions) == write.on:
        return None
    count = message.reactions.get(write.emoji, 0) + (1 if write.on else -1)
    if write.on and write.emoji not in message.reactions and len(message.reactions) >= MAX_EMOJIS:
        raise Malformed(
            f"A message takes at most {MAX_EMOJIS} different reactions.", code="too_many_reactions"
        )
    reactions = {**message.reactions, write.emoji: count}
    if count <= 0:
        del reactions[write.emoji]
    batch.change(replace(message, reactions=reactions), None)
    batch.sheet.reactions[key] = write.on
    if write.on:
        batch.state.reactions.add(key)
    else:
        batch.state.reactions.discard(key)
    data = {"user": str(write.actor), "emoji": write.emoji, "on": write.on, "count": max(0, count)}
    return batch.event(message.conversation, EventKind.REACTION_CHANGED, data, seq=message.seq).rev


def _pin(batch: Batch, message: Message, write: Pin) -> int | None:
    pins = batch.state.pins.setdefault(message.conversation, set())
    if (message.seq in pins) == write.on:
        return None
    if write.on and len(pins) >= MAX_PINS:
        raise Conflict(f"At most {MAX_PINS} messages are pinned; take one off first.", code="too_many_pins")
    if write.on:
        pins.add(message.seq)
    else:
        pins.discard(message.seq)
    batch.sheet.pins[(message.conversation, message.seq)] = write.actor if write.on else None
    data = {"user": str(write.actor), "on": write.on}
    return batch.event(message.conversation, EventKind.PIN_CHANGED, data, seq=message.seq).rev


def _in_time(batch: Batch, message: Message, limit_s: int, what: str) -> None:
    if limit_s and batch.now - message.created_at > limit_s:
        raise Forbidden(f"This message is too old to {what}; the limit here is {limit_s} s.", code="too_late")


def _digest(write: AnyChange) -> str:
    match write:
        case Edit():
            said: dict[str, object] = {"edit": write.body}
        case Recall():
            said = {"recall": True}
        case React():
            said = {"react": write.emoji, "on": write.on}
        case Pin():
            said = {"pin": write.on}
    return digest_of(said, write.seq)
