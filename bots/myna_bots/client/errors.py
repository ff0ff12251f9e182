"""What a client raises: the server's own errors by status, and what can go wrong on the way to it."""

from collections.abc import Mapping
from typing import Any

from myna.errors import (
    Busy,
    Conflict,
    Forbidden,
    Malformed,
    MynaError,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthorised,
)
from myna_bots.client.frames import Nack


class Unreachable(MynaError):
    """The server did not answer; whether it did what was asked is unknown."""

    status, code, temporary = 503, "unreachable", True


class Closed(MynaError):
    """The client was closed, or ended for good; what was not acknowledged is still in its outbox."""

    status, code = 499, "closed"


class TimedOut(MynaError):
    """The answer did not come in time; a send stays in the outbox and is tried again."""

    status, code, temporary = 504, "timed_out", True


class StoreFailed(MynaError):
    """What a client keeps could not be read or written; what was in it before is still there."""

    status, code = 500, "store_failed"


_BY_STATUS: Mapping[int, type[MynaError]] = {
    each.status: each
    for each in (
        Malformed,
        Unauthorised,
        Forbidden,
        NotFound,
        Conflict,
        TooLarge,
        Refused,
        TooMany,
        Busy,
    )
}


def error_of(
    status: int,
    code: str,
    detail: str,
    *,
    temporary: bool = False,
    retry_ms: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> MynaError:
    """The error of a nack, a problem or a close code, in the class of its status."""
    kind = _BY_STATUS.get(status, MynaError)
    made = kind(detail or code, status=status, code=code, retry_ms=retry_ms, extra=extra)
    made.temporary = temporary
    return made


def nack_error(nack: Nack) -> MynaError:
    """A nack as the error of its status."""
    return error_of(
        nack.code,
        nack.error,
        nack.detail,
        temporary=nack.temporary,
        retry_ms=nack.retry_ms,
        extra=nack.extra,
    )
