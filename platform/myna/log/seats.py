"""The rules of seats: joining with a floor, leaving, roles, mutes, bans, links and requests."""

from dataclasses import replace

from myna.errors import Forbidden, NotFound
from myna.log.batch import Batch
from myna.log.entering import decide, enter, invite, invite_of
from myna.log.plan import Needs
from myna.log.seat_writes import (
    Configure,
    DecideRequest,
    Enter,
    Leave,
    MakeInvite,
    Remove,
    RevokeInvite,
    SeatWrite,
    SetSeat,
    Unban,
)
from myna.log.seating import GROUPS, acting, changed, outranks, present, put, seat_of
from myna.log.writes import Join
from myna.model.conversation import (
    Conversation,
    Invite,
    JoinRequest,
    Member,
    MemberRole,
)
from myna.model.message import EventKind
from myna.rights import Verb, rank
from myna.wire import optional_id


def need(needs: Needs, write: SeatWrite) -> None:
    """The rows that a write of seats looks at."""
    needs.conversations.add(write.conversation)
    for user in (getattr(write, "actor", None), getattr(write, "user", None)):
        if user is not None:
            needs.members.add((write.conversation, user))
    if isinstance(write, Leave | Remove | Enter | DecideRequest):
        needs.heirs[write.conversation] = needs.heirs.get(write.conversation, 1) + 1
    match write:
        case Enter():
            needs.requests.add((write.conversation, write.user))
            if write.invite is not None:
                needs.invites.add(write.invite)
        case RevokeInvite():
            needs.invites.add(write.invite)
        case DecideRequest():
            needs.requests.add((write.conversation, write.user))
        case _:
            pass


def need_join(needs: Needs, write: Join) -> None:
    """The rows that a join looks at."""
    needs.conversations.add(write.conversation)
    needs.members.add((write.conversation, write.user))
    needs.heirs.setdefault(write.conversation, 1)
    if write.by is not None:
        needs.members.add((write.conversation, write.by))


def apply(batch: Batch, write: SeatWrite) -> Member | Invite | JoinRequest | Conversation:
    """What the write made of the seat, link, request or conversation."""
    place = batch.conversation(write.conversation)
    if place.kind not in GROUPS:
        raise Forbidden("This is possible in groups and channels only.", code="not_a_group")
    match write:
        case Leave():
            return _leave(batch, write)
        case Enter():
            return enter(batch, place, write)
        case Remove():
            return _remove(batch, place, write)
        case Unban():
            acting(batch, place, write.actor, Verb.BAN)
            seat = seat_of(batch, write.conversation, write.user)
            return put(batch, replace(seat, banned_until=None))
        case SetSeat():
            return _set(batch, place, write)
        case Configure():
            return _configure(batch, place, write)
        case MakeInvite():
            return invite(batch, place, write)
        case RevokeInvite():
            acting(batch, place, write.actor, Verb.INVITE)
            found = invite_of(batch, place, write.invite)
            return batch.put_invite(replace(found, revoked_at=found.revoked_at or batch.now))
        case DecideRequest():
            return decide(batch, place, write)


def _leave(batch: Batch, write: Leave) -> Member:
    seat = batch.require_seat(write.conversation, write.user)
    gone = _away(batch, seat, "left", write.user)
    if seat.role is MemberRole.OWNER:
        others = present(batch, write.conversation)
        if others and others[0].role is not MemberRole.OWNER:
            changed(batch, replace(others[0], role=MemberRole.OWNER))
    return gone


def _remove(batch: Batch, place: Conversation, write: Remove) -> Member:
    verb = Verb.REMOVE if write.ban_until is None else Verb.BAN
    actor = acting(batch, place, write.actor, verb)
    seat = batch.state.members.get((place.id, write.user))
    if seat is None and write.ban_until is not None:
        # Somebody who was never here can be banned too.
        seat = Member(place.id, write.user, MemberRole.READ_ONLY, place.seq + 1, to_seq=place.seq)
    if seat is None or (seat.to_seq is not None and write.ban_until is None):
        raise NotFound(f"User {write.user} is no member here.", code="not_a_member")
    if seat.to_seq is None:
        outranks(actor, seat)
    banned = replace(seat, banned_until=write.ban_until)
    if seat.to_seq is not None:
        return put(batch, banned)
    return _away(batch, banned, "removed" if write.ban_until is None else "banned", write.actor)


def banned(batch: Batch, seat: Member, until: float) -> Member:
    """Take a seat away for a time, by nobody's hand but the server's."""
    return _away(batch, replace(seat, banned_until=until), "banned", None)


def _away(batch: Batch, seat: Member, how: str, actor: int | None) -> Member:
    place = batch.conversation(seat.conversation)
    gone = put(batch, replace(seat, to_seq=place.seq))
    if seat.user in place.agents:
        batch.drop_agent(place.id, seat.user)
    data = {"user": {"id": str(seat.user)}, "how": how, "by": optional_id(actor)}
    batch.event(place.id, EventKind.MEMBER_LEFT, data, left=(seat.user,))
    return gone


def _set(batch: Batch, place: Conversation, write: SetSeat) -> Member:
    actor = acting(batch, place, write.actor, Verb.SET_ROLE if write.role is not None else Verb.MUTE)
    seat = seat_of(batch, place.id, write.user)
    if seat.to_seq is not None:
        raise NotFound(f"User {write.user} is no member here.", code="not_a_member")
    outranks(actor, seat)
    made = seat
    if write.role is not None:
        owner = actor.role is MemberRole.OWNER
        if rank(write.role) > rank(actor.role) or (rank(write.role) == rank(actor.role) and not owner):
            raise Forbidden(f"You cannot make somebody {write.role.value}.", code="rank")
        made = replace(made, role=write.role)
    if write.muted_until is not None:
        made = replace(made, muted_until=write.muted_until if write.muted_until > batch.now else None)
    return seat if made == seat else changed(batch, made)


def _configure(batch: Batch, place: Conversation, write: Configure) -> Conversation:
    acting(batch, place, write.actor, Verb.CONFIGURE)
    title = place.title if write.title is None else write.title
    policy = place.policy if write.policy is None else write.policy
    if (title, policy) == (place.title, place.policy):
        return place
    batch.state.conversations[place.id] = replace(place, title=title, policy=policy)
    data = {"title": title, "policy": policy, "by": str(write.actor)}
    batch.event(place.id, EventKind.CONVERSATION_CHANGED, data)
    return batch.conversation(place.id)
