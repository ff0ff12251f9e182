"""What plugins add, over HTTP: which there are, messages of their kinds, and their panels."""

import json
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import BaseModel, Field

from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker
from myna.errors import TooLarge
from myna.rights import Verb, require
from myna.wire import ack_object
from myna_bots.api.who import Platform
from myna_bots.plugged import Place, Plugged

router = APIRouter(prefix="/v1", tags=["plugins"])
MAX_CONTENT_BYTES = 16 * 1024
KindName = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,32}$", description="The kind's name.")]


def plugged(request: Request) -> Plugged:
    """What the plugins of this process add."""
    return cast(Plugged, request.app.state.plugged)


Plugins = Annotated[Plugged, Depends(plugged)]


class SpecialMessage(BaseModel):
    """What a message of a plugin's kind holds; the plugin checks it."""

    content: dict[str, Any]
    reply_to: int | None = Field(default=None, ge=1, lt=MAX_ID)
    thread: int | None = Field(default=None, ge=1, lt=MAX_ID)


@router.get("/plugins", summary="The plugins of this server")
async def plugins(asker: Asker, found: Plugins, bots: Platform) -> dict[str, Any]:
    """Each with its hooks and how often it failed since the start; and what they add, by name. For members of the workspace."""
    require(asker, Verb.OPEN_GROUP)
    judging = bots.services.sender.judging
    return {
        "plugins": found.about({} if judging is None else judging.failures),
        "tools": [{"name": name, "description": each.spec.description} for name, each in found.tools.items()],
        "sources": sorted(found.sources),
        "kinds": sorted(found.kinds),
        "panels": sorted(found.panels),
    }


@router.post(
    "/conversations/{conversation}/kinds/{special}",
    status_code=201,
    summary="Send a message of a plugin's kind",
    responses={200: {"description": "Sent before"}, 202: {"description": "Waits for a moderator"}},
)
async def send_kind(
    conversation: ConversationPath,
    special: KindName,
    asked: SpecialMessage,
    asker: Asker,
    found: Plugins,
    bots: Platform,
    response: Response,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """The ack of a durable message, whose text and card the plugin made; `body.special` keeps the content."""
    # Checked before the plugin sees anything: it answers for those who may speak here alone.
    require(asker, Verb.SEND, await bots.services.access.seat(asker, conversation))
    if len(json.dumps(asked.content)) > MAX_CONTENT_BYTES:
        raise TooLarge(f"content has more than {MAX_CONTENT_BYTES:,} bytes.")
    text, parts = found.special(special, asked.content)
    ack = await bots.services.sender.send(
        asker, conversation, idempotency_key, {"text": text}, asked.reply_to, asked.thread, parts=parts
    )
    response.status_code = 202 if ack.held is not None else 200 if ack.duplicate else 201
    return ack_object(ack)


@router.get("/conversations/{conversation}/panels", summary="What plugins show beside a conversation")
async def panels(
    conversation: ConversationPath, asker: Asker, found: Plugins, bots: Platform
) -> dict[str, Any]:
    """Cards, for members of the workspace who may see the conversation; `failed` stands for a panel that did not come."""
    require(asker, Verb.OPEN_GROUP)
    await bots.services.access.seat(asker, conversation)
    return {"panels": await found.shown(Place(conversation, asker, bots))}
