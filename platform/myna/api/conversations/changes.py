"""Edits, recalls, reactions and pins over HTTP."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel

from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker, Core
from myna.wire import ack_object

router = APIRouter(prefix="/v1/conversations/{conversation}", tags=["messages"])

SeqPath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The message's seq.")]
EmojiPath = Annotated[str, Path(min_length=1, max_length=64, examples=["👍"])]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=64,
        description="The change's client_id. Without one each call is a change of its own.",
    ),
]


class Text(BaseModel):
    """Words."""

    text: str


class NewWords(BaseModel):
    """What a message says from now on."""

    body: Text


@router.patch("/messages/{seq}", summary="Edit a message")
async def edit(
    conversation: ConversationPath, seq: SeqPath, asked: NewWords, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Other words for an own message; what it said before stays among its versions."""
    ack = await core.amender.edit(asker, conversation, _id(key), seq, asked.body.model_dump())
    return ack_object(ack)


@router.delete("/messages/{seq}", summary="Recall a message")
async def recall(
    conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Take a message back for everybody: an own one, or any as a moderator. Its words and versions are erased."""
    return ack_object(await core.amender.recall(asker, conversation, _id(key), seq))


@router.get("/messages/{seq}/versions", summary="What a message said before")
async def versions(conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The bodies before each edit, oldest first; empty after a recall."""
    return {"versions": await core.amender.versions(asker, conversation, seq)}


@router.get("/messages/{seq}/reactions", summary="Who reacted")
async def reactions(conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Users with their reactions, oldest first; at most 200."""
    return {"reactions": await core.amender.reactions(asker, conversation, seq)}


@router.put("/messages/{seq}/reactions/{emoji}", summary="React to a message")
async def react(
    conversation: ConversationPath, seq: SeqPath, emoji: EmojiPath, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Put a reaction on a message; repeating it changes nothing."""
    return ack_object(await core.amender.react(asker, conversation, _id(key), seq, emoji, True))


@router.delete("/messages/{seq}/reactions/{emoji}", summary="Take a reaction off")
async def unreact(
    conversation: ConversationPath, seq: SeqPath, emoji: EmojiPath, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Take an own reaction off a message; repeating it changes nothing."""
    return ack_object(await core.amender.react(asker, conversation, _id(key), seq, emoji, False))


@router.get("/pins", summary="Pinned messages")
async def pins(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The pinned messages that I may see, newest pin first."""
    return {"pins": await core.amender.pins(asker, conversation)}


@router.put("/pins/{seq}", summary="Pin a message")
async def pin(
    conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Pin a message for everybody; at most 100 in a conversation."""
    return ack_object(await core.amender.pin(asker, conversation, _id(key), seq, True))


@router.delete("/pins/{seq}", summary="Unpin a message")
async def unpin(
    conversation: ConversationPath, seq: SeqPath, asker: Asker, core: Core, key: Key = None
) -> dict[str, Any]:
    """Take a pin off; repeating it changes nothing."""
    return ack_object(await core.amender.pin(asker, conversation, _id(key), seq, False))


def _id(key: str | None) -> str:
    return key or uuid.uuid4().hex
