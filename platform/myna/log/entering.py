"""The rules of coming in by oneself: links, requests, and what is decided about them."""

from dataclasses import replace

from myna.errors import Conflict, Forbidden, Malformed, NotFound
from myna.log.batch import Batch
from myna.log.seat_writes import (
    DecideRequest,
    Enter,
    MakeInvite,
)
from myna.log.seating import MODERATOR_RANK, acting, join, not_banned, seat_of
from myna.log.writes import Join
from myna.model.conversation import (
    Conversation,
    Invite,
    JoinRequest,
    Member,
    MemberRole,
    RequestState,
)
from myna.model.message import EventKind
from myna.rights import Verb, rank


def invite(batch: Batch, place: Conversation, write: MakeInvite) -> Invite:
    """A new link, by who may invite; it raises nobody above the one who made it."""
    actor = acting(batch, place, write.actor, Verb.INVITE)
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


def enter(batch: Batch, place: Conversation, write: Enter) -> Member | JoinRequest:
    """A seat by a link or an open door, or a request where somebody must agree."""
    seat = batch.state.members.get((place.id, write.user))
    if seat is not None and seat.to_seq is None:
        return seat
    not_banned(batch, seat)
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
    return seat_of(batch, place.id, write.user)


def decide(batch: Batch, place: Conversation, write: DecideRequest) -> JoinRequest:
    """What was decided of a request; who was let in sits down with it."""
    acting(batch, place, write.actor, Verb.ADMIT)
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
    found = invite_of(batch, place, invite)
    used_up = found.max_uses is not None and found.uses >= found.max_uses
    late = found.expires_at is not None and found.expires_at <= batch.now
    if found.revoked_at is not None or used_up or late:
        raise Forbidden("This link is not valid any more; ask for a new one.", code="invite_over")
    return found


def invite_of(batch: Batch, place: Conversation, invite: int) -> Invite:
    """A link of this conversation; NotFound for any other."""
    found = batch.state.invites.get(invite)
    if found is None or found.conversation != place.id:
        raise NotFound("There is no such link.")
    return found
