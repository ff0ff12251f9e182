"""The rules of moderation in a commit: what is held, flagged, decided, appealed and reported, and what follows for senders."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from myna.errors import Conflict, NotFound
from myna.log import changes, mentions, seating, support
from myna.log.batch import Batch
from myna.log.filter_writes import (
    Audit,
    DecideAppeal,
    Follow,
    List,
    MakeAppeal,
    ModerationWrite,
    Report,
    SetFilter,
    Unlist,
)
from myna.log.plan import HeldDraft, Needs, digest_of
from myna.log.writes import DecideHeld, Hold, Say
from myna.model.conversation import Member
from myna.model.message import Ack, Draft, Message, MessageState
from myna.model.moderation import Action, Held, HeldState, Reason, Verdict

REPORTED = "reported"
"""The reason code of messages that a reader asks moderators to look at."""
ORDER = "order.waiting"
"""The reason code of messages that wait only because an earlier one of their sender does."""


def need(needs: Needs, write: ModerationWrite | DecideHeld) -> None:
    """The rows that a write looks at."""
    needs.audited.add(write.workspace)
    match write:
        case DecideHeld() | DecideAppeal() | MakeAppeal():
            needs.conversations.add(write.conversation)
            needs.tickets.add(write.conversation)
            needs.held.add(write.held)
        case Report():
            needs.conversations.add(write.conversation)
            needs.members.add((write.conversation, write.user))
            needs.messages.add((write.conversation, write.seq))
            needs.flagged.add((write.conversation, write.seq))
        case Follow():
            needs.conversations.add(write.conversation)
            needs.members.add((write.conversation, write.user))
        case SetFilter() | List() | Unlist() | Audit():
            pass


def need_aside(needs: Needs, write: Say | Hold) -> None:
    """What putting a message aside or up for review looks at beside what every message does."""
    draft = write.draft
    if isinstance(write, Hold) or write.flag is not None:
        needs.audited_places.add(draft.conversation)
    elif write.aside:
        needs.asides.add((draft.conversation, draft.sender))


def need_released(needs: Needs, held: Held) -> None:
    """What deciding a held message looks at; known once its row is loaded."""
    needs.members.add((held.conversation, held.sender))
    needs.waiting.add((held.conversation, held.sender))
    for user in mentions.users_of(held.body):
        needs.members.add((held.conversation, user))
    if held.seq is not None:
        needs.messages.add((held.conversation, held.seq))
        needs.pins.add(held.conversation)


def hold(batch: Batch, write: Hold) -> Ack:
    """Put a message aside, or store that it was refused, so that its sender can appeal."""
    draft = write.draft
    conversation = batch.conversation(draft.conversation)
    digest = digest_of(draft.body, draft.reply_to, draft.thread)
    seat = None if write.observer else batch.require_seat(draft.conversation, draft.sender)
    if (first := batch.duplicate(draft, digest)) is not None:
        return first
    draft = changes.placed(batch, draft)
    if seat is not None:
        seating.may_speak(batch, conversation, seat)
    refused = write.verdict.action is Action.BLOCK
    held = Held(
        write.id,
        conversation.workspace,
        draft.conversation,
        draft.sender,
        draft.client_id,
        draft.body,
        draft.reply_to,
        write.verdict,
        HeldState.BLOCKED if refused else HeldState.WAITING,
        batch.now,
        decided_at=batch.now if refused else None,
        thread=draft.thread,
    )
    batch.put_held(held, digest)
    if not refused:
        _count(batch, held, 1)
    audit(batch, held, None, "message.refused" if refused else "message.held", _why(held))
    return Ack(draft.conversation, draft.client_id, None, None, batch.now, held=write.id)


def flag(batch: Batch, write: Say, made: Message) -> int | None:
    """Put a message that was just stored up for review, if it is to be; under which id."""
    if write.flag is None:
        return None
    workspace = batch.conversation(made.conversation).workspace
    held = flagged(write.flag.id, workspace, made, write.flag.verdict, batch.now)
    batch.put_held(held, digest_of(made.body, made.reply_to, made.thread))
    audit(batch, held, None, "message.flagged", _why(held))
    return held.id


def behind(batch: Batch, write: Say, seat: Member | None) -> Hold | None:
    """What becomes of a message while an earlier one of its sender waits here: it waits, too, so that their order stays."""
    if not write.aside or seat is None or not seat.waiting:
        return None
    earlier = () if write.flag is None else write.flag.verdict.reasons
    score = 0.0 if write.flag is None else write.flag.verdict.score
    verdict = Verdict(Action.HOLD, (*earlier, Reason(ORDER, "an earlier message waits", 0.0)), score)
    return Hold(write.aside, write.draft, verdict, write.observer)


def decide(batch: Batch, write: DecideHeld) -> Held:
    """Let a held message into the log, keep it out, or take back a flagged one that was delivered.

    What waited only behind a held one follows in order, up to the next that waits for itself.
    """
    found = known(batch, write.held, write.workspace)
    before = found.held
    if before.state not in {HeldState.WAITING, HeldState.FLAGGED}:
        raise Conflict(f"This message was already {before.state}.", code="already_decided")
    seq = before.seq
    if before.state is HeldState.FLAGGED:
        if not write.allow:
            _take_back(batch, before, write.moderator)
    elif write.allow:
        seq = release(batch, found, write.turn_delay_s)
    after = replace(
        before,
        state=HeldState.ALLOWED if write.allow else HeldState.BLOCKED,
        decided_by=write.moderator,
        decided_at=batch.now,
        seq=seq,
    )
    batch.put_held(after, found.digest)
    action = "message.allowed" if write.allow else "message.blocked"
    audit(batch, after, write.moderator, action, {"seq": seq, "flagged": before.state is HeldState.FLAGGED})
    if before.state is HeldState.WAITING:
        _count(batch, before, -1)
        _let_follow(batch, before, write.turn_delay_s)
    return after


def _let_follow(batch: Batch, held: Held, turn_delay_s: float) -> None:
    waiting = [
        each
        for each in batch.state.held.values()
        if each.held.state is HeldState.WAITING
        and (each.held.conversation, each.held.sender) == (held.conversation, held.sender)
    ]
    for each in sorted(waiting, key=lambda one: one.held.id):
        reasons = tuple(reason for reason in each.held.verdict.reasons if reason.code != ORDER)
        if len(reasons) == len(each.held.verdict.reasons):
            return
        seq = release(batch, each, turn_delay_s)
        state = HeldState.FLAGGED if reasons else HeldState.ALLOWED
        after = replace(
            each.held,
            state=state,
            seq=seq,
            decided_at=None if reasons else batch.now,
            verdict=replace(each.held.verdict, action=Action.FLAG) if reasons else each.held.verdict,
        )
        batch.put_held(after, each.digest)
        _count(batch, each.held, -1)
        audit(batch, after, None, "message.followed", {"seq": seq})


def _count(batch: Batch, held: Held, change: int) -> None:
    """Keep the sender's seat informed of how many wait, so that the next message need not look for them."""
    seat = batch.state.members.get((held.conversation, held.sender))
    if seat is not None:
        batch.put_member(replace(seat, waiting=max(0, seat.waiting + change)))


def known(batch: Batch, held: int, workspace: int) -> HeldDraft:
    """A held message of the workspace.

    Raises:
        NotFound: there is none.
    """
    found = batch.state.held.get(held)
    if found is None or found.held.workspace != workspace:
        raise NotFound(f"There is no held message {held}.")
    return found


def release(batch: Batch, found: HeldDraft, turn_delay_s: float) -> int:
    """Give a held message its seq; what follows from a message follows now."""
    held = found.held
    draft = Draft(
        held.conversation,
        held.sender,
        held.client_id,
        held.body,
        reply_to=held.reply_to,
        thread=held.thread,
    )
    support.reopen(batch, draft.conversation, draft.sender)
    made = batch.message(draft, MessageState.SENT, found.digest)
    support.after_message(batch, made, turn_delay_s, rouse=True)
    mentions.note(batch, made, batch.state.members.get((held.conversation, held.sender)))
    return made.seq


def _take_back(batch: Batch, held: Held, moderator: int) -> None:
    message = batch.state.messages.get((held.conversation, held.seq or 0))
    if message is not None and message.state is not MessageState.RECALLED:
        changes.erase(batch, message, {"text": "", "recalled_by": str(moderator)})


def flagged(held: int, workspace: int, message: Message, verdict: Verdict, now: float) -> Held:
    """A delivered message as it stands in review."""
    return Held(
        held,
        workspace,
        message.conversation,
        message.sender,
        message.client_id,
        message.body,
        message.reply_to,
        verdict,
        HeldState.FLAGGED,
        now,
        seq=message.seq,
        thread=message.thread,
    )


def _why(held: Held) -> dict[str, Any]:
    codes = [reason.code for reason in held.verdict.reasons]
    return {"reasons": codes, "score": round(held.verdict.score, 4), "seq": held.seq}


def audit(batch: Batch, held: Held, actor: int | None, action: str, data: Mapping[str, Any]) -> None:
    """Leave the line about a held message."""
    place = {"conversation": str(held.conversation), "sender": str(held.sender)}
    batch.audit(held.workspace, actor, action, f"held:{held.id}", place | dict(data))
