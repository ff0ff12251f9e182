"""Inline mode: what a bot answers to a question, as messages that whoever asked can send."""

from typing import Any

from myna.errors import NotFound
from myna_bots.host.inline import MAX_RESULTS
from myna_bots.telegram import utf16
from myna_bots.telegram.call import MAX_TEXT, Call, method
from myna_bots.telegram.errors import bad
from myna_bots.telegram.files import KINDS
from myna_bots.telegram.keyboards import inline_parts
from myna_bots.telegram.markup import parsed
from myna_bots.telegram.params import Params

_OLD = "query is too old and response timeout expired or query ID is invalid"
_URLS = ("photo_url", "gif_url", "mpeg4_url", "video_url", "audio_url", "voice_url", "document_url")


@method("answerInlineQuery")
async def answer(call: Call) -> Any:
    """The results of a question, at most fifty."""
    given, results = call.params.need_text("inline_query_id"), call.params.objects("results")
    if len(results) > MAX_RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    checked = [_result(Params(each, {})) for each in results]
    if len({each["id"] for each in checked}) != len(checked):
        raise bad("RESULT_ID_DUPLICATE")
    try:
        await call.platform.inline.answer(
            call.bot.user,
            int(given) if given.isdecimal() and len(given) < 19 else 0,
            checked,
            call.params.text("next_offset") or "",
        )
    except NotFound:
        raise bad(_OLD) from None
    return True


@method("answerWebAppQuery")
async def web_app(call: Call) -> Any:
    """Such queries come from mini apps, which no client here opens, so none can be answered."""
    call.params.need_text("web_app_query_id")
    raise bad(_OLD)


def _result(params: Params) -> dict[str, Any]:
    id_, kind = params.need_text("id"), params.text("type") or "article"
    if len(id_.encode()) > 64:
        raise bad("RESULT_ID_INVALID")
    content = params.object("input_message_content")
    text, parts = _content(Params(content, {})) if content is not None else _own(params, kind)
    if not text.strip():
        raise bad("message text is empty")
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    parts |= inline_parts(params.object("reply_markup"))
    title = params.text("title") or params.text("caption") or params.text("first_name") or text
    shown = {"description": params.text("description") or "", "thumbnail": params.text("thumbnail_url") or ""}
    return {"id": id_, "type": kind, "title": title[:256], "text": text, "parts": parts, **shown}


def _content(params: Params) -> tuple[str, dict[str, Any]]:
    """What a result's `input_message_content` says."""
    if params.has("message_text"):
        entities = params.objects("entities") if params.has("entities") else None
        text, found = parsed(params.need_text("message_text"), params.text("parse_mode"), entities)
        return text, {"entities": found} if found else {}
    return _own(params, "venue" if params.has("address") else "")


def _own(params: Params, kind: str) -> tuple[str, dict[str, Any]]:
    """What a result says by itself: a place, a contact, or the address of a file."""
    if params.has("latitude"):
        where = {"latitude": params.number("latitude"), "longitude": params.number("longitude")}
        named = [each for name in ("title", "address") if (each := params.text(name))]
        link = f"https://www.openstreetmap.org/?mlat={where['latitude']}&mlon={where['longitude']}"
        telegram: dict[str, Any] = {"location": where, "bare": True}
        if kind == "venue":
            venue = {"title": params.need_text("title"), "address": params.need_text("address")}
            telegram["venue"] = {"location": where, **venue}
        return "\n".join(named) or link, {"telegram": telegram}
    if params.has("phone_number"):
        made = {
            "phone_number": params.need_text("phone_number"),
            "first_name": params.need_text("first_name"),
        }
        text = f"{made['first_name']}: {made['phone_number']}"
        return text, {"telegram": {"contact": made, "bare": True}}
    caption, found = parsed(params.text("caption") or "", params.text("parse_mode"), None)
    address = next((each for name in _URLS if (each := params.text(name))), None)
    if address is None:
        word = "file_id results are" if any(params.has(f"{each}_file_id") for each in KINDS) else "this is"
        raise bad(f"RESULT_TYPE_INVALID: {word} not supported by this server")
    return "\n".join(filter(None, (caption, address))), {"entities": found} if found else {}
