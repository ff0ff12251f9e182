"""The rules of what is said about decisions, and what follows: appeals, reports, consequences, policies, lists."""

from dataclasses import replace

from myna.errors import Conflict, Forbidden, NotFound
from myna.log import changes, seating, seats
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
from myna.log.moderation import REPORTED, audit, flagged, known, release
from myna.log.plan import digest_of
from myna.model.conversation import Conversation, ConversationKind, Member
from myna.model.message import EventKind, MessageKind, MessageState
from myna.model.moderation import Action, Appeal, AppealState, Held, HeldState, Reason, Verdict
from myna.rights import rank

_GROUPS = frozenset({ConversationKind.GROUP, ConversationKind.CHANNEL})


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


def _appeal(batch: Batch, write: MakeAppeal) -> Held:
    found = known(batch, write.held, write.workspace)
    before = found.held
    if before.sender != write.user:
        raise NotFound(f"There is no held message {write.held}.")
    if before.state is not HeldState.BLOCKED:
        raise Conflict("Only a message that was blocked can be appealed.", code="not_blocked")
    if before.appeal is not None:
        raise Conflict("This message was appealed before.", code="already_appealed")
    after = replace(before, appeal=Appeal(write.text, batch.now))
    batch.put_held(after, found.digest)
    audit(batch, after, write.user, "appeal.made", {})
    return after


def _answer(batch: Batch, write: DecideAppeal) -> Held:
    found = known(batch, write.held, write.workspace)
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
            seq = release(batch, found, write.turn_delay_s)
        else:
            _put_back(batch, before)
        after = replace(
            after, state=HeldState.ALLOWED, seq=seq, decided_by=write.moderator, decided_at=batch.now
        )
    batch.put_held(after, found.digest)
    action = "appeal.granted" if write.grant else "appeal.rejected"
    audit(batch, after, write.moderator, action, {"seq": after.seq})
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
        held = flagged(write.id, write.workspace, message, verdict, batch.now)
        batch.put_held(held, digest_of(message.body, message.reply_to, message.thread))
        batch.state.flagged[(write.conversation, write.seq)] = held.id
    else:
        held = batch.state.held[known].held
    audit(batch, held, write.user, "message.reported", {"note": write.text})
    return held


def _follow(batch: Batch, write: Follow) -> None:
    """Never against moderators and above, nor against who is not there."""
    place = batch.conversation(write.conversation)
    seat = batch.state.members.get((write.conversation, write.user))
    if seat is None or seat.to_seq is not None or rank(seat.role) >= seating.MODERATOR_RANK:
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
        seating.changed(batch, replace(seat, muted_until=until))


def _slow(batch: Batch, place: Conversation, slow_s: int) -> None:
    if place.policy.slow_s >= slow_s:
        return
    policy = replace(place.policy, slow_s=slow_s)
    batch.state.conversations[place.id] = replace(place, policy=policy)
    data = {"title": place.title, "policy": policy, "by": None}
    batch.event(place.id, EventKind.CONVERSATION_CHANGED, data)


def _put_back(batch: Batch, held: Held) -> None:
    """A delivered message that was taken back says again what it said, under its old seq."""
    message = batch.state.messages.get((held.conversation, held.seq or 0))
    if message is not None and message.state is MessageState.RECALLED:
        again = replace(message, body=held.body, state=MessageState.SENT)
        batch.change(again, EventKind.MESSAGE_EDITED)
