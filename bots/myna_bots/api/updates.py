"""What a bot does with its key: read its log, confirm, speak, remember."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.ids import MAX_ID, ConversationPath
from myna.errors import Malformed, TooLarge
from myna.rights import Principal
from myna.wire import ack_object, encode, message_object
from myna_bots.api.interactions import SeqPath
from myna_bots.api.parts import Link, Parts
from myna_bots.api.who import BotAsker, Platform
from myna_bots.host.envelope import bot_object, envelope
from myna_bots.host.model import View
from myna_bots.host.platform import BotPlatform

router = APIRouter(prefix="/v1/bot", tags=["bots"])
POLL_S = 1.0
"""How often a waiting reader looks into the log when no entry was announced: another process may have stored it."""
MAX_VALUE_BYTES = 64 * 1024
MAX_KEYS = 200
Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
StateKey = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
Space = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class Confirm(BaseModel):
    """The newest event that was dealt with."""

    cursor: int = Field(ge=0, lt=MAX_ID)


class BotMessage(Parts):
    """What a bot says. Without a text, what its card or form says is the text."""

    text: str = ""
    reply_to: int | None = Field(default=None, ge=1, lt=MAX_ID)

    def whole(self) -> str:
        """The text."""
        return self.text if self.text.strip() else self.spoken()


class OpenStream(BaseModel):
    """An answer that comes in pieces."""

    reply_to: int | None = Field(default=None, ge=1, lt=MAX_ID)


class Delta(BaseModel):
    """A piece of text that begins `offset` code points into the whole; `replace` shows another text instead."""

    text: Text
    offset: int = Field(default=0, ge=0, le=20_000)
    replace: bool = False


class Answer(BaseModel):
    """What whoever clicked is shown."""

    text: str | None = Field(default=None, max_length=200)
    alert: bool = False
    url: Link | None = None


class Remember(BaseModel):
    """A value to keep; `null` forgets it."""

    value: Any = None
    ttl_s: float | None = Field(default=None, gt=0, le=366 * 24 * 3600)


@router.get("", summary="Who am I, as a bot")
async def me(asker: BotAsker, bots: Platform) -> dict[str, Any]:
    """The bot, what its key may do, and its cursor."""
    found = await bots.store.bot(asker.user)
    assert found is not None
    cursor = await bots.log.cursor(asker.user, View.LOG)
    return {
        "bot": bot_object(found),
        "scopes": sorted(asker.scopes or ()),
        "cursor": cursor,
        "head": found.seq,
    }


@router.get("/updates", summary="Wait for events")
async def updates(
    asker: BotAsker,
    bots: Platform,
    cursor: Annotated[int | None, Query(ge=0, lt=MAX_ID)] = None,
    wait: Annotated[float, Query(ge=0, le=55)] = 25,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Response:
    """Events after the cursor, at once or as soon as there are some. A cursor confirms everything up to it.

    Without a cursor it goes on after what was confirmed last, so a bot that forgot everything misses nothing.
    """
    after = await reached(bots, asker, cursor)
    until = time.monotonic() + wait
    while True:
        found = await bots.log.entries(asker.user, after, limit)
        left = until - time.monotonic()
        if found or left <= 0 or bots.services.draining:
            break
        await bots.readers.wait(asker.user, min(left, POLL_S))
        # A bot whose key was revoked while it waited hears nothing more.
        if not await bots.store.bot(asker.user):
            break
    body = {"events": [envelope(each) for each in found], "cursor": found[-1].seq if found else after}
    return Response(encode(body), media_type="application/json")


@router.post("/cursor", summary="Confirm events")
async def confirm(asked: Confirm, asker: BotAsker, bots: Platform) -> dict[str, Any]:
    """The cursor as it is now; it never falls."""
    return {"cursor": await bots.log.confirm(asker.user, View.LOG, asked.cursor)}


@router.post(
    "/conversations/{conversation}/messages",
    status_code=201,
    summary="Say something as a bot",
    responses={200: {"description": "Said before"}, 202: {"description": "Waits for a moderator"}},
)
async def say(
    conversation: ConversationPath,
    asked: BotMessage,
    asker: BotAsker,
    bots: Platform,
    response: Response,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """The ack of a durable message. The same key and body again give the first ack, so an event may be handled twice."""
    ack = await bots.services.sender.send(
        asker,
        conversation,
        idempotency_key,
        {"text": asked.whole()},
        asked.reply_to,
        parts=asked.body(),
    )
    response.status_code = 202 if ack.held is not None else 200 if ack.duplicate else 201
    return ack_object(ack)


@router.post("/conversations/{conversation}/streams", status_code=201, summary="Begin an answer in pieces")
async def open_stream(
    conversation: ConversationPath,
    asked: OpenStream,
    asker: BotAsker,
    bots: Platform,
    response: Response,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> dict[str, Any]:
    """The seq of the unfinished message. It ends by itself, `interrupted`, when nothing comes for a minute."""
    ack = await bots.streams.open(asker, conversation, idempotency_key, asked.reply_to)
    response.status_code = 200 if ack.duplicate else 201
    return ack_object(ack)


@router.post("/conversations/{conversation}/streams/{seq}/deltas", status_code=204, summary="Add a piece")
async def delta(
    conversation: ConversationPath, seq: SeqPath, asked: Delta, asker: BotAsker, bots: Platform
) -> None:
    """Pieces that come fast are merged, never refused. 409 `no_stream` when somebody pressed Stop."""
    if asked.replace:
        await bots.streams.replace(asker, conversation, seq, asked.text)
    else:
        await bots.streams.append(asker, conversation, seq, asked.offset, asked.text)


@router.post("/conversations/{conversation}/streams/{seq}/finish", summary="End an answer in pieces")
async def finish(
    conversation: ConversationPath, seq: SeqPath, asked: BotMessage, asker: BotAsker, bots: Platform
) -> dict[str, Any]:
    """The finished message."""
    done = await bots.streams.finish(asker, conversation, seq, asked.whole(), asked.body())
    return {"message": message_object(done)}


@router.delete(
    "/conversations/{conversation}/streams/{seq}", status_code=204, summary="Break an answer in pieces off"
)
async def break_off(conversation: ConversationPath, seq: SeqPath, asker: BotAsker, bots: Platform) -> None:
    """It ends where it is, `interrupted`: for a bot that cannot go on."""
    await bots.streams.break_off(asker, conversation, seq)


@router.post("/clicks/{event}/answer", status_code=204, summary="Answer a click")
async def answer(event: SeqPath, asked: Answer, asker: BotAsker, bots: Platform) -> None:
    """Show a line, an alert or a page to whoever clicked; once for each click. `event` is the click's seq in the log."""
    await bots.interactions.answer(asker, event, text=asked.text, alert=asked.alert, url=asked.url)


@router.get("/state/{space}", summary="What I remember in a space")
async def remembered(asker: BotAsker, bots: Platform, space: Space) -> dict[str, Any]:
    """Up to 200 values by key."""
    return {"values": await bots.state.list(asker.user, space, time.time(), MAX_KEYS)}


@router.get("/state/{space}/{key}", summary="Recall a value")
async def recall(asker: BotAsker, bots: Platform, space: Space, key: StateKey) -> dict[str, Any]:
    """The value, or null."""
    return {"value": await bots.state.get(asker.user, space, key, time.time())}


@router.put("/state/{space}/{key}", summary="Remember a value")
async def remember(
    asked: Remember, asker: BotAsker, bots: Platform, space: Space, key: StateKey
) -> dict[str, Any]:
    """Kept on the server for ever or for `ttl_s` seconds, so it survives a restart of the bot."""
    if len(encode(asked.value)) > MAX_VALUE_BYTES:
        raise TooLarge(f"A value has at most {MAX_VALUE_BYTES} bytes.")
    if space == "asked" and not _place(key):
        raise Malformed("In the space 'asked' a key is conversation:user.")
    until = None if asked.ttl_s is None else time.time() + asked.ttl_s
    await bots.state.put(asker.user, space, key, asked.value, until)
    return {"value": asked.value}


async def reached(bots: BotPlatform, asker: Principal, cursor: int | None) -> int:
    """Where a reader goes on; its cursor is confirmed."""
    if cursor is None:
        return await bots.log.cursor(asker.user, View.LOG)
    return await asyncio.shield(bots.log.confirm(asker.user, View.LOG, cursor))


def _place(key: str) -> bool:
    conversation, _, user = key.partition(":")
    return conversation.isdecimal() and user.isdecimal() and len(key) <= 33
