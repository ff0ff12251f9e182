"""Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`."""

from typing import Any

from myna.errors import MynaError

_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
_CODES = {
    "token_missing": "invalid_api_key",
    "token_invalid": "invalid_api_key",
    "token_expired": "invalid_api_key",
}


class OpenAIError(MynaError):
    """Something was asked that cannot be done; `param` names the field."""

    def __init__(
        self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message, status=status, code=code or "invalid_value")
        self.param = param


def error_body(failed: MynaError) -> dict[str, Any]:
    """An error as a client gets it."""
    return {
        "error": {
            "message": failed.message,
            "type": _TYPES.get(
                failed.status, "server_error" if failed.status >= 500 else "invalid_request_error"
            ),
            "param": getattr(failed, "param", None),
            "code": _CODES.get(failed.code, failed.code),
        }
    }
