"""Conversations and heads as they go over the wire to one member."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from myna.model.conversation import Conversation, Member
from myna.model.message import Message
from myna.model.policy import Policy
from myna.model.ticket import Ticket
from myna.model.workspace import Inbox, User
from myna.rights import Seat
from myna.wire import member_object, message_object, optional_stamp, stamp, ticket_object


def head_object(conversation: Conversation, member: Member | None) -> dict[str, Any]:
    """How far a conversation has come, and how far a member has."""
    return {
        "conversation": str(conversation.id),
        "kind": conversation.kind,
        "rev": conversation.rev,
        "seq": conversation.seq,
        "read_seq": member.read_seq if member else 0,
        "from_seq": Seat(conversation, member, False).floor,
        "last_pos": conversation.last_pos,
    }


@lru_cache(512)
def _policy_fields(policy: Policy) -> Mapping[str, Any]:
    return asdict(policy)


def conversation_object(
    place: Conversation,
    people: Sequence[tuple[Member, User]],
    ticket: Ticket | None,
    inbox: Inbox | None,
    mine: Member | None,
    last: Message | None,
    unread: dict[int, int],
    calls: dict[int, int],
) -> dict[str, Any]:
    """A conversation as its member sees it: `people` come with it, `mine` is the seat of whom it is shown to.

    `unread` and `calls` (mentions) count by conversation. The last message is shown from the seat's floor on only.
    """
    visible = last is not None and (mine is None or last.seq >= max(mine.from_seq, mine.deleted_to + 1))
    return {
        "id": str(place.id),
        "kind": place.kind,
        "title": place.title,
        "seq": place.seq,
        "rev": place.rev,
        "pos": place.last_pos,
        "policy": dict(_policy_fields(place.policy)),
        "created_at": stamp(place.created_at),
        "changed_at": stamp(place.changed_at),
        "members": [member_object(member, user) for member, user in people],
        "ticket": None if ticket is None else ticket_object(ticket),
        "inbox": None if inbox is None else {"id": str(inbox.id), "key": inbox.key, "name": inbox.name},
        "me": {
            "role": mine.role if mine else None,
            "read_seq": mine.read_seq if mine else 0,
            "from_seq": mine.from_seq if mine else 1,
            "deleted_to": mine.deleted_to if mine else 0,
            "notify": mine.notify if mine else "all",
            "muted_until": optional_stamp(mine.muted_until) if mine else None,
            "unread": unread.get(place.id, 0),
            "mentions": calls.get(place.id, 0),
        },
        "last_message": message_object(last) if last is not None and visible else None,
    }
