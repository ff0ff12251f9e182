"""Answers before an upgrade."""

from http import HTTPStatus

from picows import (
    WSUpgradeResponse,
)

from myna.errors import MynaError
from myna.wire import encode


def refusal(busy: MynaError) -> WSUpgradeResponse:
    """An HTTP answer before the upgrade, so that a refused client costs next to nothing."""
    body = encode(
        {
            "type": f"https://myna.invalid/problems/{busy.code}",
            "title": HTTPStatus(busy.status).phrase,
            "status": busy.status,
            "detail": busy.message,
            "code": busy.code,
            "temporary": busy.temporary,
            "retry_ms": busy.retry_ms,
        }
    )
    response: WSUpgradeResponse = WSUpgradeResponse.create_error_response(HTTPStatus(busy.status), body)
    response.headers["Retry-After"] = str(-(-(busy.retry_ms or 0) // 1000))
    response.headers["Content-Type"] = "application/problem+json"
    return response
