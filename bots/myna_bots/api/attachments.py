"""Files of bots' messages, for whoever may read the message."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from myna.api.ids import ConversationPath
from myna.api.principal import Asker, Core
from myna.api.principal import principal as who
from myna.errors import NotFound
from myna.rights import Principal, principal_of
from myna.services import Services
from myna_bots.api.interactions import SeqPath
from myna_bots.api.who import Platform
from myna_bots.host.files import Kept
from myna_bots.host.platform import BotPlatform

router = APIRouter(prefix="/v1/conversations", tags=["bots"])
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
FilePath = Annotated[str, Path(pattern=r"^f[0-9a-f]{20,64}$")]
Ticket = Annotated[str | None, Query(max_length=200, description="From `POST …/ticket`, instead of a token.")]


async def holder(request: Request, core: Core, ticket: Ticket = None) -> Principal | None:
    """Who asks by a token; None when there is a ticket instead. Asked before anything else about the request is looked at."""
    return None if ticket is not None else await who(request, core)


Holder = Annotated[Principal | None, Depends(holder)]


@router.post("/{conversation}/messages/{seq}/files/{file}/ticket", summary="An address for a bot's file")
async def ticket(
    conversation: ConversationPath, seq: SeqPath, file: FilePath, asker: Asker, core: Core, bots: Platform
) -> dict[str, Any]:
    """An address that works for ten minutes without a token, as long as I may read the message."""
    kept = await _kept(bots, asker, conversation, seq, file)
    made, until = core.files.ticket(asker, number_of(file))
    url = f"/v1/conversations/{conversation}/messages/{seq}/files/{file}?ticket={made}"
    return {"url": url, "thumbnail_url": url if kept.type in SHOWN else None, "expires_at": until}


@router.get("/{conversation}/messages/{seq}/files/{file}", summary="A file of a bot's message")
async def download(
    conversation: ConversationPath,
    seq: SeqPath,
    file: FilePath,
    core: Core,
    bots: Platform,
    holder: Holder,
    ticket: Ticket = None,
) -> Response:
    """For everybody who may read the message. Only pictures are shown in place, and none that can hold scripts."""
    asker = holder or await ticket_holder(core, file, ticket)
    kept = await _kept(bots, asker, conversation, seq, file)
    shown = kept.type if kept.type in SHOWN else "application/octet-stream"
    placed = "inline" if kept.type in SHOWN else "attachment"
    headers = {
        "Content-Disposition": f"{placed}; filename*=UTF-8''{quote(kept.name)}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=86400, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response((await bots.files.read(kept)).content, media_type=shown, headers=headers)


async def _kept(bots: BotPlatform, asker: Principal, conversation: int, seq: int, file: str) -> Kept:
    message = await bots.interactions.message(asker, conversation, seq)
    kept = await bots.files.find(file)
    if kept is None or file not in {each["id"] for each in message["body"].get("attachments", [])}:
        raise NotFound("This message has no such file.")
    return kept


async def ticket_holder(core: Services, file: str, ticket: str | None) -> Principal:
    """Who asks for a bot's file by a ticket for this very file."""
    user = await core.accounts.user(core.files.ticket_user(number_of(file), ticket or ""))
    if user is None:
        raise NotFound("There is no such file.")
    return principal_of(user)


def number_of(file: str) -> int:
    """What a ticket names: no number of the people's files is as large."""
    return int(file[1:], 16)
