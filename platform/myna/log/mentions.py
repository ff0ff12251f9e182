"""What a message carries: files, and calls: a row for each mentioned member, one number on the conversation for everybody."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from myna.log.batch import Batch
from myna.model.conversation import Member
from myna.model.message import Message
from myna.rights import Verb, seat_may

ALL = "all"


def users_of(body: Mapping[str, Any]) -> Iterator[int]:
    """The users that a body mentions."""
    mentions = body.get("mentions")
    if mentions:
        for each in mentions:
            if each != ALL:
                yield int(each)


def files_of(body: Mapping[str, Any]) -> Iterator[int]:
    """The files that a body carries."""
    for each in body.get("files") or ():
        yield int(each["id"])


def note(batch: Batch, message: Message, seat: Member | None) -> None:
    """Write down files and who is called. Only present members are; everybody only by who has the right to."""
    for file in files_of(message.body):
        batch.sheet.uses.append((file, message.conversation, message.seq))
    mentions = message.body.get("mentions")
    if not mentions:
        return
    place = batch.conversation(message.conversation)
    for user in set(users_of(message.body)):
        theirs = batch.state.members.get((place.id, user))
        if theirs is not None and theirs.to_seq is None and user != message.sender:
            batch.sheet.mentions.append((user, place.id, message.seq))
    if ALL in mentions and seat is not None and seat_may(place, seat.role, Verb.MENTION_ALL):
        batch.state.conversations[place.id] = replace(place, all_seq=message.seq)
