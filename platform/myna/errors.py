"""Every error that Myna raises on purpose, with the status and code that all surfaces show.

HTTP shows them as `application/problem+json`, the socket as `nack` or as close code 4000 + status.
"""

from collections.abc import Mapping
from typing import Any


class MynaError(Exception):
    """Something was asked that cannot be done; `message` says what was wrong and what to do.

    `temporary` tells a client whether the same request may succeed later. `retry_ms` is the least time to wait.
    `extra` is shown to the client beside the message, so it must hold nothing secret.
    """

    status = 500
    code = "internal"
    temporary = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_ms: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if status is not None:
            self.status = status
        if code is not None:
            self.code = code
        self.retry_ms = retry_ms
        self.extra: Mapping[str, Any] = extra or {}


class Malformed(MynaError):
    """The request has the wrong shape; nothing was stored."""

    status, code = 400, "malformed"


class Unauthorised(MynaError):
    """The token is missing, wrong or too old: refresh it or sign in."""

    status, code = 401, "unauthorised"


class Forbidden(MynaError):
    """The caller may not do this here."""

    status, code = 403, "forbidden"


class NotFound(MynaError):
    """There is no such thing that the caller may see."""

    status, code = 404, "not_found"


class Conflict(MynaError):
    """The state has moved on, or the same id came with other content; nothing was stored."""

    status, code = 409, "conflict"


class TooLarge(MynaError):
    """The request exceeds a stated bound; nothing was stored."""

    status, code = 413, "too_large"


class Refused(MynaError):
    """Policy refused the message; nothing was delivered."""

    status, code = 422, "refused_by_policy"


class TooMany(MynaError):
    """The caller exceeded a rate limit; wait `retry_ms`."""

    status, code, temporary = 429, "rate_limited", True


class Busy(MynaError):
    """A queue is full or the server drains; nothing was stored, try again after `retry_ms`."""

    status, code, temporary = 503, "busy", True


class StaleTurn(Conflict):
    """The turn's lease or the ticket's epoch moved on: the worker must drop the turn."""

    code = "stale_turn"
