"""Errors over HTTP: `application/problem+json` (RFC 9457) for every one of them, also for those of the framework."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from myna.errors import MynaError

logger = logging.getLogger(__name__)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    temporary: bool = False,
    retry_ms: int | None = None,
    extra: dict[str, Any] | None = None,
) -> JSONResponse:
    """An error as the client gets it."""
    body: dict[str, Any] = {
        "type": f"https://myna.invalid/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "temporary": temporary,
        **(extra or {}),
    }
    headers: dict[str, str] = {}
    if retry_ms is not None:
        body["retry_ms"] = retry_ms
        headers["Retry-After"] = str(max(1, -(-retry_ms // 1000)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def problem_of(failed: MynaError) -> JSONResponse:
    """The answer to an error of the platform."""
    return problem(
        failed.status,
        failed.code,
        failed.message,
        temporary=failed.temporary,
        retry_ms=failed.retry_ms,
        extra=dict(failed.extra),
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem; unexpected ones are logged once, and tell the client nothing."""
    app.add_exception_handler(MynaError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unexpected)


async def _known(request: Request, failed: Exception) -> JSONResponse:
    assert isinstance(failed, MynaError)
    request.state.code = failed.code
    return problem_of(failed)


async def _invalid(_: Request, failed: Exception) -> JSONResponse:
    assert isinstance(failed, RequestValidationError)
    fields = [
        {"where": ".".join(str(part) for part in each["loc"]), "message": each["msg"]}
        for each in failed.errors()
    ]
    what = "; ".join(f"{field['where']}: {field['message']}" for field in fields[:5])
    return problem(
        400,
        "malformed",
        f"The request has the wrong shape: {what}.",
        extra={"fields": jsonable_encoder(fields)},
    )


async def _framework(_: Request, failed: Exception) -> JSONResponse:
    assert isinstance(failed, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(failed.status_code, "http_error")
    return problem(failed.status_code, code, str(failed.detail))


async def _unexpected(request: Request, failed: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=failed)
    return problem(500, "internal", "Something went wrong here. It was logged.", temporary=True)
