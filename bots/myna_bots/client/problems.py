"""Problems (RFC 9457) as errors."""

from typing import Any

from myna.errors import Malformed
from myna_bots.client.errors import error_of
from myna_bots.client.ports import Reply
from myna_bots.client.wire import decoded

_SHOWN = frozenset({"type", "title", "status", "detail", "code", "temporary", "retry_ms"})


def checked(reply: Reply) -> bytes:
    """The body of a reply that went well.

    Raises:
        MynaError: the reply is a problem; the class follows its status, and `extra` holds what else it says.
    """
    if 200 <= reply.status < 300:
        return reply.body
    try:
        problem = decoded(reply.body, dict[str, Any])
    except Malformed:
        # Something between us and the server answered.
        raise error_of(
            reply.status, "http_error", f"The answer is HTTP {reply.status}.", temporary=reply.status >= 500
        ) from None
    raise error_of(
        reply.status,
        str(problem.get("code", "http_error")),
        str(problem.get("detail", "")),
        temporary=bool(problem.get("temporary")),
        retry_ms=problem.get("retry_ms"),
        extra={key: value for key, value in problem.items() if key not in _SHOWN},
    )
