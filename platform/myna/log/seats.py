"""The rules of seats: joining with a floor, leaving, roles, mutes, bans, links and requests."""

from dataclasses import replace

from myna.errors import Conflict, Forbidden, Malformed, NotFound, TooMany
from myna.log.batch import Batch
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
from myna.log.writes import Join
from myna.model.conversation import (
    Conversation,
    ConversationKind,
    Invite,
    JoinRequest,
    Member,
    MemberRole,
    RequestState,
)
from myna.model.message import EventKind
from myna.model.policy import Policy
from myna.rights import Verb, rank, seat_may
from myna.wire import optional_id, optional_stamp

FOREVER = 253_402_300_799.0
"""The end of the year 9999, as a time that never comes: bans and mutes without an end."""
_GROUPS = frozenset({ConversationKind.GROUP, ConversationKind.CHANNEL})
MODERATOR_RANK = rank(MemberRole.MODERATOR)


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
    if place.kind not in _GROUPS:
        raise Forbidden("This is possible in groups and channels only.", code="not_a_group")
    match write:
        case Leave():
            return _leave(batch, write)
        case Enter():
            return _enter(batch, place, write)
        case Remove():
            return _remove(batch, place, write)
        case Unban():
            _actor(batch, place, write.actor, Verb.BAN)
            seat = _seat_of(batch, write.conversation, write.user)
            return _put(batch, replace(seat, banned_until=None))
        case SetSeat():
            return _set(batch, place, write)
        case Configure():
            return _configure(batch, place, write)
        case MakeInvite():
            return _invite(batch, place, write)
        case RevokeInvite():
            _actor(batch, place, write.actor, Verb.INVITE)
            found = _invite_of(batch, place, write.invite)
            return batch.put_invite(replace(found, revoked_at=found.revoked_at or batch.now))
        case DecideRequest():
            return _decide(batch, place, write)


def join(batch: Batch, write: Join, asked_at: int | None = None) -> None:
    """Give a seat; who is there already stays as it is. The floor is set here, in the transaction of the join.

    `asked_at` is the newest message when the user asked to come in.
    """
    place = batch.conversation(write.conversation)
    if write.by is not None:
        _actor(batch, place, write.by, Verb.INVITE)
    seat = batch.state.members.get((write.conversation, write.user))
    if seat is not None and seat.to_seq is None:
        return
    _not_banned(batch, seat)
    policy = place.policy if write.history is None else Policy(history=write.history)
    if asked_at is not None and seat is not None:
        # What was said before it left belongs to that stay: a wish from before then is none any more.
        asked_at = max(asked_at, seat.to_seq or 0)
    floor = policy.floor(place.seq, asked_at)
    kept = 0 if seat is None else seat.deleted_to
    # Whoever comes into an empty group owns it; without an owner nobody could ever change its rules.
    empty = place.kind in _GROUPS and not _present(batch, place.id)
    role = MemberRole.OWNER if empty else write.role
    made = Member(write.conversation, write.user, role, floor, deleted_to=kept)
    _put(batch, replace(made, read_seq=0 if seat is None else seat.read_seq))
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
        _put(batch, replace(seat, last_sent_at=batch.now))


def _leave(batch: Batch, write: Leave) -> Member:
    seat = batch.require_seat(write.conversation, write.user)
    gone = _away(batch, seat, "left", write.user)
    if seat.role is MemberRole.OWNER:
        others = _present(batch, write.conversation)
        if others and others[0].role is not MemberRole.OWNER:
            changed(batch, replace(others[0], role=MemberRole.OWNER))
    return gone


def _present(batch: Batch, conversation: int) -> list[Member]:
    """Present members as the batch has them so far, those that stand highest and longest first; all that count."""
    known = {each.user: each for each in batch.state.heirs.get(conversation, ())}
    mine = {user: seat for (place, user), seat in batch.state.members.items() if place == conversation}
    present = [each for each in (known | mine).values() if each.to_seq is None]
    return sorted(present, key=lambda each: (-rank(each.role), each.joined_at, each.user))


def _remove(batch: Batch, place: Conversation, write: Remove) -> Member:
    verb = Verb.REMOVE if write.ban_until is None else Verb.BAN
    actor = _actor(batch, place, write.actor, verb)
    seat = batch.state.members.get((place.id, write.user))
    if seat is None and write.ban_until is not None:
        # Somebody who was never here can be banned too.
        seat = Member(place.id, write.user, MemberRole.READ_ONLY, place.seq + 1, to_seq=place.seq)
    if seat is None or (seat.to_seq is not None and write.ban_until is None):
        raise NotFound(f"User {write.user} is no member here.", code="not_a_member")
    if seat.to_seq is None:
        _outranks(actor, seat)
    banned = replace(seat, banned_until=write.ban_until)
    if seat.to_seq is not None:
        return _put(batch, banned)
    return _away(batch, banned, "removed" if write.ban_until is None else "banned", write.actor)


def banned(batch: Batch, seat: Member, until: float) -> Member:
    """Take a seat away for a time, by nobody's hand but the server's."""
    return _away(batch, replace(seat, banned_until=until), "banned", None)


def _away(batch: Batch, seat: Member, how: str, actor: int | None) -> Member:
    place = batch.conversation(seat.conversation)
    gone = _put(batch, replace(seat, to_seq=place.seq))
    if seat.user in place.agents:
        batch.drop_agent(place.id, seat.user)
    data = {"user": {"id": str(seat.user)}, "how": how, "by": optional_id(actor)}
    batch.event(place.id, EventKind.MEMBER_LEFT, data, left=(seat.user,))
    return gone


def _set(batch: Batch, place: Conversation, write: SetSeat) -> Member:
    actor = _actor(batch, place, write.actor, Verb.SET_ROLE if write.role is not None else Verb.MUTE)
    seat = _seat_of(batch, place.id, write.user)
    if seat.to_seq is not None:
        raise NotFound(f"User {write.user} is no member here.", code="not_a_member")
    _outranks(actor, seat)
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
    _actor(batch, place, write.actor, Verb.CONFIGURE)
    title = place.title if write.title is None else write.title
    policy = place.policy if write.policy is None else write.policy
    if (title, policy) == (place.title, place.policy):
        return place
    batch.state.conversations[place.id] = replace(place, title=title, policy=policy)
    data = {"title": title, "policy": policy, "by": str(write.actor)}
    batch.event(place.id, EventKind.CONVERSATION_CHANGED, data)
    return batch.conversation(place.id)


def _invite(batch: Batch, place: Conversation, write: MakeInvite) -> Invite:
    actor = _actor(batch, place, write.actor, Verb.INVITE)
    if rank(write.role) >= MODERATOR_RANK or rank(write.role) > rank(actor.role):
        raise Malformed("A link brings in members, guests or readers; raise them afterwards.", code="rank")
    return batch.put_invite(
        Invite(
            write.id,
            place.workspace,
            place.id,
            write.code,
            write.role,
            write.actor,
            batch.now,
            write.expires_at,
            write.max_uses,
            0,
            write.approval,
            None,
        )
    )


def _enter(batch: Batch, place: Conversation, write: Enter) -> Member | JoinRequest:
    seat = batch.state.members.get((place.id, write.user))
    if seat is not None and seat.to_seq is None:
        return seat
    _not_banned(batch, seat)
    invite = None if write.invite is None else _usable(batch, place, write.invite)
    if invite is None and place.policy.join == "invite":
        raise Forbidden("Only who is invited comes in here.", code="invite_only")
    approval = invite.approval if invite is not None else place.policy.join == "request"
    if approval:
        return _request(batch, place, write, invite)
    return _let_in(batch, place, write, invite)


def _request(batch: Batch, place: Conversation, write: Enter, invite: Invite | None) -> JoinRequest:
    waiting = batch.state.requests.get((place.id, write.user))
    if waiting is not None and waiting.state is RequestState.WAITING:
        return waiting
    by_link = None if invite is None else invite.id
    role = MemberRole.MEMBER if invite is None else invite.role
    made = batch.put_request(
        JoinRequest(
            place.id, write.user, by_link, role, write.note, RequestState.WAITING, batch.now, seq=place.seq
        )
    )
    if invite is not None:
        batch.put_invite(replace(invite, uses=invite.uses + 1))
    # Who asks is shown to moderators only, by the list of requests; the event tells them to look.
    batch.event(place.id, EventKind.REQUEST_CHANGED, {"state": made.state})
    return made


def _let_in(batch: Batch, place: Conversation, write: Enter, invite: Invite | None) -> Member:
    if invite is not None:
        batch.put_invite(replace(invite, uses=invite.uses + 1))
    role = MemberRole.MEMBER if invite is None else invite.role
    join(batch, Join(place.id, write.user, role, write.user_data))
    return _seat_of(batch, place.id, write.user)


def _decide(batch: Batch, place: Conversation, write: DecideRequest) -> JoinRequest:
    _actor(batch, place, write.actor, Verb.ADMIT)
    found = batch.state.requests.get((place.id, write.user))
    if found is None:
        raise NotFound(f"User {write.user} did not ask to come in.")
    if found.state is not RequestState.WAITING:
        raise Conflict(f"This request was already {found.state.value}.", code="already_decided")
    if write.allow:
        join(batch, Join(place.id, write.user, found.role, write.user_data), found.seq)
    made = batch.put_request(
        replace(
            found,
            state=RequestState.ALLOWED if write.allow else RequestState.REFUSED,
            decided_by=write.actor,
            decided_at=batch.now,
        )
    )
    batch.event(place.id, EventKind.REQUEST_CHANGED, {"state": made.state})
    return made


def _usable(batch: Batch, place: Conversation, invite: int) -> Invite:
    found = _invite_of(batch, place, invite)
    used_up = found.max_uses is not None and found.uses >= found.max_uses
    late = found.expires_at is not None and found.expires_at <= batch.now
    if found.revoked_at is not None or used_up or late:
        raise Forbidden("This link is not valid any more; ask for a new one.", code="invite_over")
    return found


def _invite_of(batch: Batch, place: Conversation, invite: int) -> Invite:
    found = batch.state.invites.get(invite)
    if found is None or found.conversation != place.id:
        raise NotFound("There is no such link.")
    return found


def _actor(batch: Batch, place: Conversation, actor: int, verb: Verb) -> Member:
    seat = batch.require_seat(place.id, actor)
    if not seat_may(place, seat.role, verb):
        raise Forbidden(f"Your role does not let you {verb.value.replace('_', ' ')} here.")
    return seat


def _outranks(actor: Member, seat: Member) -> None:
    if actor.user == seat.user:
        raise Forbidden("You cannot do this to yourself; leave instead.", code="rank")
    if rank(actor.role) <= rank(seat.role):
        raise Forbidden("You can act only on members below your role.", code="rank")


def _not_banned(batch: Batch, seat: Member | None) -> None:
    if seat is not None and seat.banned_until is not None and seat.banned_until > batch.now:
        raise Forbidden("You may not come in here.", code="banned")


def _seat_of(batch: Batch, conversation: int, user: int) -> Member:
    seat = batch.state.members.get((conversation, user))
    if seat is None:
        raise NotFound(f"User {user} is no member here.", code="not_a_member")
    return seat


def _put(batch: Batch, seat: Member) -> Member:
    batch.put_member(seat)
    return batch.state.members[(seat.conversation, seat.user)]


def changed(batch: Batch, seat: Member) -> Member:
    """Write a seat down and tell its conversation."""
    made = _put(batch, seat)
    data = {
        "user": {"id": str(seat.user)},
        "role": seat.role,
        "muted_until": optional_stamp(seat.muted_until),
    }
    batch.event(seat.conversation, EventKind.MEMBER_CHANGED, data)
    return made
