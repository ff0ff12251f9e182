"""The rules of a past that comes in from elsewhere."""

from dataclasses import replace

from myna.errors import MynaError, NotFound
from myna.log.batch import Batch
from myna.log.past_writes import Recount
from myna.log.plan import Needs, digest_of
from myna.model.conversation import Conversation, Member
from myna.model.message import Draft
from myna.model.ticket import Owner


def need(needs: Needs, write: Recount) -> None:
    """The rows that a past looks at."""
    needs.conversations.add(write.conversation)
    needs.tickets.add(write.conversation)
    needs.members.update((write.conversation, seat.user) for seat in write.seats)
    needs.drafts.update((write.conversation, said.sender, said.client_id) for said in write.remarks)


def recount(batch: Batch, write: Recount) -> Conversation:
    """Put the remarks that are new into the log, in the order given; the conversation after them.

    Raises:
        NotFound: it is no support conversation; nothing is stored.
    """
    place = batch.conversation(write.conversation)
    ticket = batch.state.tickets.get(write.conversation)
    if ticket is None:
        raise NotFound("This conversation has no ticket: it is not a support conversation.")
    fresh = [
        (draft, said.at, digest)
        for said in write.remarks
        if not _known(
            batch,
            draft := Draft(write.conversation, said.sender, said.client_id, {"text": said.text}),
            digest := digest_of(draft.body, None),
        )
    ]
    if not fresh:
        return place
    for seat in write.seats:
        if (write.conversation, seat.user) not in batch.state.members:
            batch.put_member(Member(write.conversation, seat.user, seat.role))
            batch.joined(write.conversation, seat.user, seat.role, seat.data)
    for draft, at, digest in fresh:
        batch.message(draft, digest=digest, at=min(at, batch.now))
    if place.seq == 0:
        # It is over there: whoever writes again opens it here, for the agent or the queue as with any other.
        batch.put_ticket(
            replace(
                ticket,
                owner=Owner.QUEUE,
                owner_user=None,
                epoch=ticket.epoch + 1,
                status=write.status,
                created_at=min(fresh[0][1], batch.now),
                changed_at=min(fresh[-1][1], batch.now),
            )
        )
        # Its place in lists is where it would be had it happened here.
        now = batch.conversation(write.conversation)
        batch.state.conversations[now.id] = replace(now, changed_at=min(fresh[-1][1], batch.now))
    return batch.conversation(write.conversation)


def _known(batch: Batch, draft: Draft, digest: str) -> bool:
    try:
        return batch.duplicate(draft, digest) is not None
    except MynaError:
        # It was changed where it came from, after it was brought here: what is in the log stays as it was said.
        return True
