"""Incoming webhooks (`/hooks/…`) and their management. Slack's and Mattermost's senders need only another address."""

import json
import time
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from myna.api.edge import too_deep
from myna.api.ids import MAX_ID, IdText
from myna.api.principal import Asker
from myna.errors import NotFound
from myna.wire import optional_stamp, stamp
from myna_bots.api.bots import BotPath, Name
from myna_bots.api.who import Platform
from myna_bots.host.model import IncomingHook
from myna_bots.slack.hooks import SlackHooks
from myna_bots.slack.payload import BadPayload

router = APIRouter(tags=["bots"])
MAX_BODY_BYTES = 256 * 1024
HookPath = Annotated[int, Path(ge=1, lt=MAX_ID)]
Secret = Annotated[str, Path(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class MakeHook(BaseModel):
    """Where the webhook speaks."""

    conversation: IdText
    name: Name = "Webhook"


class SlashCommand(BaseModel):
    """Where commands go."""

    url: str


@router.post("/v1/bots/{bot}/hooks", status_code=201, summary="Make an incoming webhook")
async def make(bot: BotPath, asked: MakeHook, asker: Asker, bots: Platform) -> dict[str, Any]:
    """The address, shown only now: whoever has it speaks as the bot in this conversation."""
    await bots.registry.bot(asker, bot)
    place = int(asked.conversation)
    await bots.services.access.seat(asker, place)
    hook, url = await SlackHooks(bots).create(bot, place, asked.name)
    return {"hook": _shown(hook), "url": url}


@router.get("/v1/bots/{bot}/hooks", summary="The incoming webhooks of a bot")
async def list_hooks(bot: BotPath, asker: Asker, bots: Platform) -> dict[str, Any]:
    """Without their addresses."""
    await bots.registry.bot(asker, bot)
    return {"hooks": [_shown(each) for each in await bots.incoming.of_bot(bot)]}


@router.delete("/v1/bots/{bot}/hooks/{hook}", status_code=204, summary="Revoke an incoming webhook")
async def revoke(bot: BotPath, hook: HookPath, asker: Asker, bots: Platform) -> None:
    """It ends at once."""
    await bots.registry.bot(asker, bot)
    if not await bots.incoming.revoke(bot, hook, time.time()):
        raise NotFound(f"This bot has no living webhook {hook}.")


@router.put("/v1/bots/{bot}/slash-command", summary="Send a bot's commands to a Slack-compatible address")
async def slash(bot: BotPath, asked: SlashCommand, asker: Asker, bots: Platform) -> dict[str, Any]:
    """Every command of the bot is sent there as Slack and Mattermost do; `token` in it is the secret given here once."""
    await bots.registry.bot(asker, bot)
    secret = await bots.webhooks.put_slash(bot, asked.url)
    bots.deliverer.nudge()
    return {"webhook": await bots.webhooks.shown(bot), "token": secret}


@router.post(
    "/hooks/{hook}/{secret}", summary="Speak through an incoming webhook", response_class=PlainTextResponse
)
async def speak(hook: HookPath, secret: Secret, request: Request, bots: Platform) -> PlainTextResponse:
    """Slack's payload as JSON, or as the form field `payload`; answered with `ok`, or a word that says what is wrong."""
    try:
        await SlackHooks(bots).speak(hook, secret, await _payload(request))
    except BadPayload as wrong:
        return PlainTextResponse(wrong.message, wrong.status)
    return PlainTextResponse("ok")


@router.post(
    "/hooks/{bot}/response/{token}", summary="Answer a slash command later", response_class=PlainTextResponse
)
async def respond(bot: BotPath, token: Secret, request: Request, bots: Platform) -> PlainTextResponse:
    """Up to five times within half an hour."""
    try:
        await SlackHooks(bots).respond(bot, token, await _payload(request))
    except BadPayload as wrong:
        return PlainTextResponse(wrong.message, wrong.status)
    return PlainTextResponse("ok")


async def _payload(request: Request) -> dict[str, Any]:
    if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise BadPayload("too_large", 413)
    request = await _bounded(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        try:
            async with request.form(max_files=0, max_fields=20, max_part_size=MAX_BODY_BYTES) as form:
                raw: str | bytes = str(form.get("payload") or "")
        except HTTPException:
            raise BadPayload("invalid_payload") from None
    else:
        raw = await request.body()
    if too_deep(raw if isinstance(raw, bytes) else raw.encode()):
        raise BadPayload("invalid_payload")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadPayload("invalid_payload") from None
    if not isinstance(found, dict):
        raise BadPayload("invalid_payload")
    return cast("dict[str, Any]", found)


async def _bounded(request: Request) -> Request:
    """The same request with its whole body read.

    Raises:
        BadPayload: it is longer than allowed; no more of it is read.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise BadPayload("too_large", 413)

    async def replayed() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, replayed)


def _shown(hook: IncomingHook) -> dict[str, Any]:
    return {
        "id": str(hook.id),
        "conversation": str(hook.conversation),
        "name": hook.name,
        "created_at": stamp(hook.created_at),
        "revoked_at": optional_stamp(hook.revoked_at),
    }
