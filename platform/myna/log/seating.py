"""What every rule of seats uses: sitting down, what changed, and who may do it to whom."""

from dataclasses import replace

from myna.errors import Forbidden, NotFound, TooMany
from myna.log.batch import Batch
from myna.log.writes import Join
from myna.model.conversation import (
    Conversation,
    ConversationKind,
    Member,
    MemberRole,
)
from myna.model.message import EventKind
from myna.model.policy import Policy
from myna.rights import Verb, rank, seat_may
from myna.wire import optional_stamp

FOREVER = 253_402_300_799.0
"""The end of the year 9999, as a time that never comes: bans and mutes without an end."""
GROUPS = frozenset({ConversationKind.GROUP, ConversationKind.CHANNEL})
MODERATOR_RANK = rank(MemberRole.MODERATOR)


def join(batch: Batch, write: Join, asked_at: int | None = None) -> None:
    """Give a seat; who is there already stays as it is. The floor is set here, in the transaction of the join.

    `asked_at` is the newest message when the user asked to come in.
    """
    place = batch.conversation(write.conversation)
    if write.by is not None:
        acting(batch, place, write.by, Verb.INVITE)
    seat = batch.state.members.get((write.conversation, write.user))
    if seat is not None and seat.to_seq is None:
        return
    not_banned(batch, seat)
    policy = place.policy if write.history is None else Policy(history=write.history)
    if asked_at is not None and seat is not None:
        # What was said before it left belongs to that stay: a wish from before then is none any more.
        asked_at = max(asked_at, seat.to_seq or 0)
    floor = policy.floor(place.seq, asked_at)
    kept = 0 if seat is None else seat.deleted_to
    # Whoever comes into an empty group owns it; without an owner nobody could ever change its rules.
    empty = place.kind in GROUPS and not present(batch, place.id)
    role = MemberRole.OWNER if empty else write.role
    made = Member(write.conversation, write.user, role, floor, deleted_to=kept)
    put(batch, replace(made, read_seq=0 if seat is None else seat.read_seq))
    if write.agent and write.user not in place.agents:
        batch.add_agent(write.conversation, write.user)
    batch.joined(write.conversation, write.user, role, write.user_data)


def may_speak(batch: Batch, place: Conversation, seat: Member) -> None:
    """Let a member speak, and keep when it did where slow mode is on.

    Raises:
        Forbidden: its role only reads here, or it is muted.
        TooMany: slow mode; `retry_ms` says how long to wait. Nothing was stored.
    """
    if not seat_may(place, seat.role, Verb.SEND):
        raise Forbidden("You may not send here.")
    if seat.muted_until is not None and seat.muted_until > batch.now:
        raise Forbidden("You may not write here at the moment.", code="muted")
    slow_s = place.policy.slow_s
    if slow_s and rank(seat.role) < MODERATOR_RANK:
        wait_s = 0.0 if seat.last_sent_at is None else seat.last_sent_at + slow_s - batch.now
        if wait_s > 0:
            raise TooMany(
                f"Slow mode: one message every {slow_s} s.", code="slow_mode", retry_ms=int(wait_s * 1000) + 1
            )
        put(batch, replace(seat, last_sent_at=batch.now))


def present(batch: Batch, conversation: int) -> list[Member]:
    """Present members as the batch has them so far, those that stand highest and longest first; all that count."""
    known = {each.user: each for each in batch.state.heirs.get(conversation, ())}
    mine = {user: seat for (place, user), seat in batch.state.members.items() if place == conversation}
    present = [each for each in (known | mine).values() if each.to_seq is None]
    return sorted(present, key=lambda each: (-rank(each.role), each.joined_at, each.user))


def acting(batch: Batch, place: Conversation, actor: int, verb: Verb) -> Member:
    """The seat of who acts; Forbidden when its role does not let it."""
    seat = batch.require_seat(place.id, actor)
    if not seat_may(place, seat.role, verb):
        raise Forbidden(f"Your role does not let you {verb.value.replace('_', ' ')} here.")
    return seat


def outranks(actor: Member, seat: Member) -> None:
    """Forbidden unless the one stands above the other."""
    if actor.user == seat.user:
        raise Forbidden("You cannot do this to yourself; leave instead.", code="rank")
    if rank(actor.role) <= rank(seat.role):
        raise Forbidden("You can act only on members below your role.", code="rank")


def not_banned(batch: Batch, seat: Member | None) -> None:
    """Forbidden as long as a ban lasts."""
    if seat is not None and seat.banned_until is not None and seat.banned_until > batch.now:
        raise Forbidden("You may not come in here.", code="banned")


def seat_of(batch: Batch, conversation: int, user: int) -> Member:
    """A seat that is or was there; NotFound when there was none."""
    seat = batch.state.members.get((conversation, user))
    if seat is None:
        raise NotFound(f"User {user} is no member here.", code="not_a_member")
    return seat


def put(batch: Batch, seat: Member) -> Member:
    """Write a seat down, for this batch and for the database."""
    batch.put_member(seat)
    return batch.state.members[(seat.conversation, seat.user)]


def changed(batch: Batch, seat: Member) -> Member:
    """Write a seat down and tell its conversation."""
    made = put(batch, seat)
    data = {
        "user": {"id": str(seat.user)},
        "role": seat.role,
        "muted_until": optional_stamp(seat.muted_until),
    }
    batch.event(seat.conversation, EventKind.MEMBER_CHANGED, data)
    return made
