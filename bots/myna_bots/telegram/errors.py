"""Errors as the Telegram Bot API shows them. The texts are those that client libraries match on."""

from typing import Any

from myna.errors import MynaError, NotFound, Refused, TooLarge, TooMany

_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}


class TelegramError(MynaError):
    """`{"ok": false, "error_code": …, "description": …}`; nothing was changed."""

    def __init__(self, status: int, what: str, parameters: dict[str, Any] | None = None) -> None:
        title = _TITLES.get(status)
        # As Telegram does: the first letter is lowered unless the text is a code in capitals.
        lowered = bool(title and what) and not what[:2].isupper()
        shown = what[0].lower() + what[1:] if lowered else what
        super().__init__(f"{title}: {shown}" if title and shown else title or shown, status=status)
        self.parameters = parameters


def bad(what: str) -> TelegramError:
    """400 Bad Request."""
    return TelegramError(400, what)


def translated(failed: MynaError) -> TelegramError:
    """An error of the core in Telegram's words."""
    if isinstance(failed, TelegramError):
        return failed
    if isinstance(failed, TooMany):
        wait_s = max(1, -(-(failed.retry_ms or 1000) // 1000))
        return TelegramError(429, f"Too Many Requests: retry after {wait_s}", {"retry_after": wait_s})
    if isinstance(failed, NotFound):
        return bad("chat not found")
    if isinstance(failed, TooLarge):
        return bad("message is too long")
    if isinstance(failed, Refused):
        return bad("MESSAGE_REFUSED_BY_POLICY")
    if failed.code == "not_a_member":
        return TelegramError(403, "bot is not a member of the supergroup chat")
    if failed.status == 403:
        return bad("not enough rights to do this in the chat")
    if failed.temporary:
        return TelegramError(429, "Too Many Requests: retry after 1", {"retry_after": 1})
    return TelegramError(400 if failed.status < 500 else 500, failed.message)
