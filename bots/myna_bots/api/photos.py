"""What a bot looks like: its picture, as its makers set it and everybody of the workspace sees it."""

from typing import Any

from fastapi import APIRouter, Request, Response

from myna.api.principal import Asker, Core
from myna.errors import Malformed, NotFound, TooLarge
from myna.rights import Principal
from myna_bots.api.attachments import Holder, Ticket, number_of, ticket_holder
from myna_bots.api.bots import BotPath
from myna_bots.api.who import Platform
from myna_bots.host.envelope import photo_of
from myna_bots.host.files import Kept
from myna_bots.host.model import Bot
from myna_bots.host.platform import BotPlatform

router = APIRouter(prefix="/v1/bots", tags=["bots"])
MAX_PHOTO_BYTES = 2 * 1024 * 1024
TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in sorted(TYPES)},
    }
}


@router.put("/{bot}/photo", status_code=204, summary="Set a bot's picture", openapi_extra=_UPLOAD)
async def put(bot: BotPath, request: Request, asker: Asker, bots: Platform) -> None:
    """PNG, JPEG, WebP or GIF of at most 2 MiB, as the body; what it is is looked at, not believed."""
    found = await bots.registry.bot(asker, bot)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_PHOTO_BYTES:
            raise TooLarge(f"A picture has at most {MAX_PHOTO_BYTES} bytes.")
    if not await bots.files.is_picture(bytes(content), TYPES):
        raise Malformed("This is no picture in PNG, JPEG, WebP or GIF.", code="no_picture")
    kept = await bots.files.put(found.workspace, bot, "photo", "", bytes(content))
    await _remember(bots, found, kept.id)


@router.delete("/{bot}/photo", status_code=204, summary="Take a bot's picture away")
async def drop(bot: BotPath, asker: Asker, bots: Platform) -> None:
    """It has none any more."""
    await _remember(bots, await bots.registry.bot(asker, bot), None)


@router.post("/{bot}/photo/ticket", summary="An address for a bot's picture")
async def ticket(bot: BotPath, asker: Asker, core: Core, bots: Platform) -> dict[str, Any]:
    """An address that works for ten minutes without a token. For everybody of the workspace; 404 when it has none."""
    kept = await _picture(bots, bot)
    _require_here(kept, asker)
    made, until = core.files.ticket(asker, number_of(kept.id))
    return {"url": f"/v1/bots/{bot}/photo?ticket={made}", "expires_at": until}


@router.get("/{bot}/photo", summary="A bot's picture")
async def photo(bot: BotPath, core: Core, bots: Platform, holder: Holder, ticket: Ticket = None) -> Response:
    """For everybody of the workspace; 404 when it has none."""
    kept = await _picture(bots, bot)
    _require_here(kept, holder or await ticket_holder(core, kept.id, ticket))
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=60",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response((await bots.files.read(kept)).content, media_type=kept.type, headers=headers)


async def _picture(bots: BotPlatform, bot: int) -> Kept:
    found = await bots.store.bot(bot)
    kept = None if found is None else await bots.files.find(photo_of(found) or "")
    if kept is None or kept.type not in TYPES:
        raise NotFound("This bot has no picture.")
    return kept


def _require_here(kept: Kept, asker: Principal) -> None:
    if kept.workspace != asker.workspace:
        raise NotFound("This bot has no picture.")


async def _remember(bots: BotPlatform, bot: Bot, photo: str | None) -> None:
    known = {name: each for name, each in bot.settings.get("telegram", {}).items() if name != "photo"}
    kept = known if photo is None else {**known, "photo": photo}
    await bots.store.change(bot.user, {"settings": {**bot.settings, "telegram": kept}})
