"""The rules of moderation in a commit: what is held, flagged, decided, appealed and reported, and what follows for senders."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from myna.errors import Conflict, Forbidden, NotFound
from myna.log import changes, mentions, seats, support
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
from myna.model import (
    Ack,
    Action,
    Appeal,
    AppealState,
    Conversation,
    ConversationKind,
    Draft,
    EventKind,
    Held,
    HeldState,
    Member,
    Message,
    MessageKind,
    MessageState,
    Reason,
    Verdict,
)
from myna.rights import rank

REPORTED = "reported"
"""The reason code of messages that a reader asks moderators to look at."""
ORDER = "order.waiting"
"""The reason code of messages that wait only because an earlier one of their sender does."""
_GROUPS = frozenset({ConversationKind.GROUP, ConversationKind.CHANNEL})


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


def apply(batch: Batch, write: ModerationWrite) -> Held | None:
    """Do it, and leave its line in the audit log."""
    match write:
        case MakeAppeal():
            return _appeal(batch, write)
        case DecideAppeal():
            return _answer(batch, write)
        case Report():
            return _report(batch, write)
        case Follow():
            _follow(batch, write)
        case SetFilter():
            batch.sheet.filters[(write.workspace, write.kind, write.place)] = write.policy
            action = "policy.removed" if write.policy is None else "policy.set"
            wanted = {} if write.policy is None else {"policy": write.policy}
            batch.audit(write.workspace, write.actor, action, f"{write.kind}:{write.place}", wanted)
        case List(listing=listing) | Unlist(listing=listing):
            on = isinstance(write, List)
            batch.sheet.listings[listing.id] = (listing, on)
            actor = listing.by if isinstance(write, List) else write.actor
            data = {"kind": listing.kind, "value": listing.value, "decision": listing.decision}
            batch.audit(
                write.workspace,
                actor,
                "listing.added" if on else "listing.removed",
                f"listing:{listing.id}",
                data,
            )
        case Audit():
            batch.audit(write.workspace, write.actor, write.action, write.subject, write.data)
    return None


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
        seats.may_speak(batch, conversation, seat)
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
    _audit(batch, held, None, "message.refused" if refused else "message.held", _why(held))
    return Ack(draft.conversation, draft.client_id, None, None, batch.now, held=write.id)


def flag(batch: Batch, write: Say, made: Message) -> int | None:
    """Put a message that was just stored up for review, if it is to be; under which id."""
    if write.flag is None:
        return None
    workspace = batch.conversation(made.conversation).workspace
    held = _flagged(write.flag.id, workspace, made, write.flag.verdict, batch.now)
    batch.put_held(held, digest_of(made.body, made.reply_to, made.thread))
    _audit(batch, held, None, "message.flagged", _why(held))
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
    found = _known(batch, write.held, write.workspace)
    before = found.held
    if before.state not in {HeldState.WAITING, HeldState.FLAGGED}:
        raise Conflict(f"This message was already {before.state}.", code="already_decided")
    seq = before.seq
    if before.state is HeldState.FLAGGED:
        if not write.allow:
            _take_back(batch, before, write.moderator)
    elif write.allow:
        seq = _release(batch, found, write.turn_delay_s)
    after = replace(
        before,
        state=HeldState.ALLOWED if write.allow else HeldState.BLOCKED,
        decided_by=write.moderator,
        decided_at=batch.now,
        seq=seq,
    )
    batch.put_held(after, found.digest)
    action = "message.allowed" if write.allow else "message.blocked"
    _audit(batch, after, write.moderator, action, {"seq": seq, "flagged": before.state is HeldState.FLAGGED})
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
        seq = _release(batch, each, turn_delay_s)
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
        _audit(batch, after, None, "message.followed", {"seq": seq})


def _count(batch: Batch, held: Held, change: int) -> None:
    """Keep the sender's seat informed of how many wait, so that the next message need not look for them."""
    seat = batch.state.members.get((held.conversation, held.sender))
    if seat is not None:
        batch.put_member(replace(seat, waiting=max(0, seat.waiting + change)))


def _appeal(batch: Batch, write: MakeAppeal) -> Held:
    found = _known(batch, write.held, write.workspace)
    before = found.held
    if before.sender != write.user:
        raise NotFound(f"There is no held message {write.held}.")
    if before.state is not HeldState.BLOCKED:
        raise Conflict("Only a message that was blocked can be appealed.", code="not_blocked")
    if before.appeal is not None:
        raise Conflict("This message was appealed before.", code="already_appealed")
    after = replace(before, appeal=Appeal(write.text, batch.now))
    batch.put_held(after, found.digest)
    _audit(batch, after, write.user, "appeal.made", {})
    return after


def _answer(batch: Batch, write: DecideAppeal) -> Held:
    found = _known(batch, write.held, write.workspace)
    before = found.held
    if before.appeal is None or before.appeal.state is not AppealState.WAITING:
        raise Conflict("There is no appeal that waits for an answer.", code="already_decided")
    appeal = replace(
        before.appeal,
        state=AppealState.GRANTED if write.grant else AppealState.REJECTED,
        answer=write.answer,
        answered_by=write.moderator,
        answered_at=batch.now,
    )
    after = replace(before, appeal=appeal)
    if write.grant:
        seq = before.seq
        if seq is None:
            seq = _release(batch, found, write.turn_delay_s)
        else:
            _put_back(batch, before)
        after = replace(
            after, state=HeldState.ALLOWED, seq=seq, decided_by=write.moderator, decided_at=batch.now
        )
    batch.put_held(after, found.digest)
    action = "appeal.granted" if write.grant else "appeal.rejected"
    _audit(batch, after, write.moderator, action, {"seq": after.seq})
    return after


def _report(batch: Batch, write: Report) -> Held:
    seat = None if write.observer else batch.require_seat(write.conversation, write.user)
    message = changes.visible(batch, batch.conversation(write.conversation), seat, write.seq)
    if message.kind is not MessageKind.TEXT:
        raise Conflict("Only what somebody wrote can be reported.", code="not_reportable")
    if message.sender == write.user:
        raise Conflict("This is your own message; recall it instead.", code="not_reportable")
    known = batch.state.flagged.get((write.conversation, write.seq))
    reason = Reason(REPORTED, write.text, 0.5)
    if known is None:
        verdict = Verdict(Action.FLAG, (reason,), 0.5)
        held = _flagged(write.id, write.workspace, message, verdict, batch.now)
        batch.put_held(held, digest_of(message.body, message.reply_to, message.thread))
        batch.state.flagged[(write.conversation, write.seq)] = held.id
    else:
        held = batch.state.held[known].held
    _audit(batch, held, write.user, "message.reported", {"note": write.text})
    return held


def _follow(batch: Batch, write: Follow) -> None:
    """Never against moderators and above, nor against who is not there."""
    place = batch.conversation(write.conversation)
    seat = batch.state.members.get((write.conversation, write.user))
    if seat is None or seat.to_seq is not None or rank(seat.role) >= seats.MODERATOR_RANK:
        raise Forbidden("Nothing follows for moderators, or for who is not here.", code="rank")
    match write.do:
        case "mute":
            _mute(batch, seat, write.until)
        case "ban" if place.kind in _GROUPS:
            seats.banned(batch, seat, write.until)
        case "ban":
            # Two, or a customer and the desk: there is no seat to take, so who is banned is silent.
            _mute(batch, seat, write.until)
        case "slow":
            _slow(batch, place, write.slow_s)
        case _:
            pass
    data = {"because": write.because, "until": write.until if write.do in {"mute", "ban"} else None}
    batch.audit(
        write.workspace,
        None,
        f"sender.{write.do}",
        f"user:{write.user}",
        data | {"conversation": str(place.id)},
    )


def _mute(batch: Batch, seat: Member, until: float) -> None:
    if seat.muted_until is None or seat.muted_until < until:
        seats.changed(batch, replace(seat, muted_until=until))


def _slow(batch: Batch, place: Conversation, slow_s: int) -> None:
    if place.policy.slow_s >= slow_s:
        return
    policy = replace(place.policy, slow_s=slow_s)
    batch.state.conversations[place.id] = replace(place, policy=policy)
    data = {"title": place.title, "policy": policy, "by": None}
    batch.event(place.id, EventKind.CONVERSATION_CHANGED, data)


def _known(batch: Batch, held: int, workspace: int) -> HeldDraft:
    found = batch.state.held.get(held)
    if found is None or found.held.workspace != workspace:
        raise NotFound(f"There is no held message {held}.")
    return found


def _release(batch: Batch, found: HeldDraft, turn_delay_s: float) -> int:
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


def _put_back(batch: Batch, held: Held) -> None:
    """A delivered message that was taken back says again what it said, under its old seq."""
    message = batch.state.messages.get((held.conversation, held.seq or 0))
    if message is not None and message.state is MessageState.RECALLED:
        again = replace(message, body=held.body, state=MessageState.SENT)
        batch.change(again, EventKind.MESSAGE_EDITED)


def _flagged(held: int, workspace: int, message: Message, verdict: Verdict, now: float) -> Held:
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


def _audit(batch: Batch, held: Held, actor: int | None, action: str, data: Mapping[str, Any]) -> None:
    place = {"conversation": str(held.conversation), "sender": str(held.sender)}
    batch.audit(held.workspace, actor, action, f"held:{held.id}", place | dict(data))
