"""Keyboards: an inline keyboard is kept as it came, and as buttons that Myna's own clients show; reply keyboards as offers."""

from typing import Any, cast

from myna_bots.telegram.errors import bad

ACTION = "telegram"
"""The action of a callback button; its value is the callback data."""
MAX_DATA_BYTES = 64
MAX_ROWS, MAX_IN_ROW, MAX_BUTTONS = 100, 8, 100
_PURPOSES = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def parts_of(markup: dict[str, Any] | None) -> dict[str, Any]:
    """The parts of a message's body for a `reply_markup`.

    Raises:
        TelegramError: a button is of no use, or its data too long.
    """
    if markup is None:
        return {}
    if "inline_keyboard" in markup:
        return inline_parts(markup)
    if "keyboard" in markup:
        rows = _rows(markup["keyboard"])
        texts = [_text(each) for row in rows for each in row]
        return {"offers": [{"action": "ask", "label": text, "text": text} for text in texts[:20]]}
    if "remove_keyboard" in markup or "force_reply" in markup:
        return {}
    raise bad("object expected as reply markup")


def inline_parts(markup: dict[str, Any] | None) -> dict[str, Any]:
    """The parts for an inline keyboard; an empty one takes the keyboard away."""
    rows = _rows((markup or {}).get("inline_keyboard", []))
    kept: list[list[dict[str, Any]]] = []
    shown: list[list[dict[str, Any]]] = []
    for row in rows:
        buttons = [_checked(each) for each in row]
        if buttons:
            kept.append(buttons)
        visible = [button for each in buttons if (button := _button(each)) is not None]
        if visible:
            shown.append(visible)
    made: dict[str, Any] = {}
    if kept:
        made["reply_markup"] = {"inline_keyboard": kept}
    if shown:
        made["buttons"] = shown
    return made


def _text(button: Any) -> str:
    """The text of a reply keyboard's button, which may be a string alone."""
    return str(cast("dict[str, Any]", button).get("text", "") if isinstance(button, dict) else button)


def _rows(rows: Any) -> list[list[Any]]:
    outer: list[Any] = cast("list[object]", rows) if isinstance(rows, list) else [None]
    if not all(isinstance(row, list) for row in outer):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays')
    found: list[list[Any]] = outer
    if len(found) > MAX_ROWS or sum(len(row) for row in found) > MAX_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    return found


def _checked(button: Any) -> dict[str, Any]:
    given = cast("dict[str, Any]", button) if isinstance(button, dict) else {}
    if not str(given.get("text") or "").strip():
        raise bad('can\'t parse inline keyboard button: Field "text" must be of type String')
    made = {key: value for key, value in given.items() if value is not None}
    data = made.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= MAX_DATA_BYTES:
        raise bad("BUTTON_DATA_INVALID")
    if not any(each in made for each in _PURPOSES):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "url" in made and not str(made["url"]).startswith(("http://", "https://", "tg://")):
        url = str(made["url"])
        if "." not in url:
            raise bad("BUTTON_URL_INVALID")
        made["url"] = f"http://{url}/" if "/" not in url else f"http://{url}"
    return made


def _button(button: dict[str, Any]) -> dict[str, Any] | None:
    """The button as Myna's clients show it; those that only Telegram's own clients can serve are left out."""
    label = str(button["text"])[:200]
    style = {"danger": "danger", "primary": "primary", "success": "primary"}.get(str(button.get("style")))
    made = {"label": label} | ({"style": style} if style else {})
    if "callback_data" in button:
        return {**made, "action": ACTION, "value": str(button["callback_data"])}
    if str(button.get("url", "")).startswith(("http://", "https://")):
        return {**made, "url": button["url"]}
    return None
