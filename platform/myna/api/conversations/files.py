"""Files over HTTP: resumable uploads, and downloads that browsers cannot be tricked with."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from myna.api.ids import MAX_ID
from myna.api.principal import Asker, Core, principal
from myna.errors import Malformed, NotFound, Unauthorised
from myna.files.shown import INLINE, check_range, upload_object
from myna.model.message import File
from myna.rights import Principal, principal_of

router = APIRouter(prefix="/v1/files", tags=["files"])

FilePath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The file's id.")]
Ticket = Annotated[str | None, Query(max_length=200, description="From `POST …/ticket`, instead of a token.")]
RangeHeader = Annotated[str | None, Header(alias="Range", max_length=100)]
# A file never runs as a page of this site: no script, no frame, no guessed type.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
}


class NewFile(BaseModel):
    """What will be uploaded."""

    name: str = Field(min_length=1, max_length=1000)
    size: int = Field(ge=1, lt=MAX_ID, description="Bytes.")
    duration_s: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description="How long a recording lasts; used where its content does not tell.",
    )


@router.post("", status_code=201, summary="Begin an upload")
async def begin(asked: NewFile, asker: Asker, core: Core, response: Response) -> dict[str, Any]:
    """The file's id, and where its bytes go (`Location`)."""
    await core.limits.take("upload_user", asker.user)
    made = await core.files.begin(asker, asked.name, asked.size, asked.duration_s)
    response.headers["Location"] = f"/v1/files/{made.id}"
    response.headers["Upload-Offset"] = "0"
    return upload_object(made)


@router.patch("/{file}", summary="Upload bytes", responses={409: {"description": "Wrong offset"}})
async def append(
    file: FilePath,
    request: Request,
    asker: Asker,
    core: Core,
    response: Response,
    upload_offset: Annotated[int, Header(ge=0, lt=MAX_ID)],
) -> dict[str, Any]:
    """The request's body is appended at `Upload-Offset`; the file is `ready` when all of it is there.

    When the connection breaks, what arrived is kept: `HEAD` tells the offset from which to go on.
    """
    made = await core.files.append(asker, file, upload_offset, _arriving(request))
    response.headers["Upload-Offset"] = str(made.received)
    return upload_object(made)


@router.head("/{file}", summary="How far an upload is")
async def offset(file: FilePath, asker: Asker, core: Core) -> Response:
    """`Upload-Offset` and `Upload-Length` of an own file."""
    found = await core.files.upload(asker, file)
    headers = {
        "Upload-Offset": str(found.received),
        "Upload-Length": str(found.size),
        "Cache-Control": "no-store",
    }
    return Response(headers=headers)


@router.get("/{file}/info", summary="What a file is")
async def info(file: FilePath, asker: Asker, core: Core) -> dict[str, Any]:
    """Name, type, size; width and height of pictures, `duration_s` of recordings."""
    return upload_object(await core.files.readable(asker, file))


@router.post("/{file}/ticket", summary="An address for a picture or player")
async def ticket(file: FilePath, asker: Asker, core: Core) -> dict[str, Any]:
    """Addresses that work for ten minutes without a token, as long as I may see the file."""
    found = await core.files.readable(asker, file)
    made, until = core.files.ticket(asker, file)
    small = f"/v1/files/{file}/thumbnail?ticket={made}" if found.thumbnail is not None else None
    return {"url": f"/v1/files/{file}?ticket={made}", "thumbnail_url": small, "expires_at": until}


@router.get("/{file}", summary="Download a file")
async def download(
    file: FilePath, request: Request, core: Core, ticket: Ticket = None, span: RangeHeader = None
) -> Response:
    """The bytes, whole or one range of them. Pictures, sound and film are shown in place, everything else is saved."""
    return await _served(core, request, file, ticket, span, thumbnail=False)


@router.get("/{file}/thumbnail", summary="A small picture of a picture")
async def thumbnail(
    file: FilePath, request: Request, core: Core, ticket: Ticket = None, span: RangeHeader = None
) -> Response:
    """WebP of at most 480 by 480 pixels."""
    return await _served(core, request, file, ticket, span, thumbnail=True)


async def _served(
    core: Core, request: Request, file: int, ticket: str | None, span: str | None, *, thumbnail: bool
) -> Response:
    found = await core.files.readable(await _reader(core, request, file, ticket), file)
    size = await core.files.size(found, thumbnail=thumbnail)
    tag = f'"{found.thumbnail if thumbnail else found.digest}"'
    headers = SAFE | {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private, max-age=86400"}
    kind = "image/webp" if thumbnail else found.type
    headers["Content-Disposition"] = _disposition(found, kind)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    try:
        part = check_range(span, size)
    except Malformed as wrong:
        return Response(
            status_code=416, headers=headers | {"Content-Range": f"bytes */{wrong.extra['size']}"}
        )
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    content = await core.files.content(found, thumbnail=thumbnail, start=start, end=end)
    shown = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return StreamingResponse(content, 200 if part is None else 206, headers, media_type=shown)


async def _reader(core: Core, request: Request, file: int, ticket: str | None) -> Principal:
    if ticket is None:
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("bearer "):
            raise Unauthorised("This needs an access token or a ticket.", code="token_missing")
        return await principal(request, core)
    user = await core.accounts.user(core.files.ticket_user(file, ticket))
    if user is None:
        raise NotFound(f"There is no file {file} that you can see.")
    return principal_of(user)


def _disposition(file: File, kind: str) -> str:
    way = "inline" if kind in INLINE else "attachment"
    plain = "".join(
        each if each.isascii() and each.isprintable() and each not in '"\\;%' else "_" for each in file.name
    )
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"


async def _arriving(request: Request) -> AsyncIterator[bytes]:
    with contextlib.suppress(ClientDisconnect):
        async for chunk in request.stream():
            yield chunk
