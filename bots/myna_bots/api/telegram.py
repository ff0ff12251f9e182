"""`/bot<token>/<method>` and `/file/bot<token>/<path>`: parameters from query, JSON, form or multipart, merged."""

import json
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from myna.errors import MynaError
from myna_bots.api.who import Platform
from myna_bots.host.model import Scope
from myna_bots.telegram import dispatch
from myna_bots.telegram.attached import fetched
from myna_bots.telegram.dispatch import Outcome, failed
from myna_bots.telegram.errors import TelegramError, bad
from myna_bots.telegram.params import Params, Upload

router = APIRouter(tags=["telegram"], include_in_schema=False)
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_BODY_BYTES = MAX_UPLOAD_BYTES + 1024 * 1024
MAX_FIELDS = 1_000


@router.api_route("/bot{token}/{name}", methods=["GET", "POST"])
@router.api_route("/bot{token}/test/{name}", methods=["GET", "POST"])
async def call(token: str, name: str, request: Request, bots: Platform) -> Response:
    """One call. Errors have Telegram's shape and the status that they name."""
    try:
        params = await _params(request)
    except MynaError as wrong:
        outcome = failed(wrong if isinstance(wrong, TelegramError) else bad(wrong.message))
    else:
        outcome = await dispatch.run(bots, token, name, params)
    return _shown(outcome)


@router.get("/file/bot{token}/{path:path}")
async def file(token: str, path: str, bots: Platform) -> Response:
    """A file that `getFile` named."""
    try:
        principal = await bots.registry.principal(token)
        if Scope.FILES not in (principal.scopes or ()):
            return _shown(failed(TelegramError(403, "not enough rights to fetch files")))
        content = await fetched(bots, principal, path)
        if content is None:
            content = (await bots.files.fetch(principal, path)).content
    except MynaError:
        return _shown(failed(TelegramError(404, "")))
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _shown(outcome: Outcome) -> Response:
    headers = {} if outcome.retry_after is None else {"Retry-After": str(outcome.retry_after)}
    return JSONResponse(outcome.body, outcome.status, headers)


async def _params(request: Request) -> Params:
    values: dict[str, Any] = dict(request.query_params)
    files: dict[str, Upload] = {}
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
            raise TelegramError(413, "Request Entity Too Large")
        if kind == "application/json":
            values |= await _json(request)
        elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            try:
                await _form(request, values, files)
            except HTTPException as wrong:
                raise bad(f"can't parse request form: {wrong.detail}") from None
    return Params(values, files)


async def _json(request: Request) -> dict[str, Any]:
    raw = await _body(request)
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise bad("can't parse request JSON object") from None
    if not isinstance(found, dict):
        raise bad("can't parse request JSON object")
    return cast("dict[str, Any]", found)


async def _form(request: Request, values: dict[str, Any], files: dict[str, Upload]) -> None:
    async with request.form(max_files=20, max_fields=MAX_FIELDS, max_part_size=4 * 1024 * 1024) as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                values[name] = value
                continue
            content = await value.read(MAX_UPLOAD_BYTES + 1)
            if len(content) > MAX_UPLOAD_BYTES:
                raise TelegramError(413, "Request Entity Too Large")
            files[name] = Upload(value.filename or name, value.content_type or "", content)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TelegramError(413, "Request Entity Too Large")
    return bytes(body)
