"""Ephemeral messages: one member sees them, and they stand in no log."""

import time
from collections.abc import Mapping
from typing import Any

from myna.errors import NotFound
from myna.wire import stamp
from myna_bots.telegram import objects, utf16
from myna_bots.telegram.call import MAX_CAPTION, MAX_TEXT, Call, Chat, method
from myna_bots.telegram.edits import markup_parts
from myna_bots.telegram.errors import bad
from myna_bots.telegram.files import KINDS, medium
from myna_bots.telegram.markup import parsed

_MISSING = "message to edit not found"


async def whispered(call: Call, chat: Chat, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """`Message`, when the call names one member who alone is to see it; None when it is for everybody."""
    given = call.params.object("ephemeral_message_parameters") or {}
    receiver = given.get("receiver_user_id", call.params.integer("receiver_user_id"))
    if receiver is None:
        return None
    if isinstance(receiver, bool) or not isinstance(receiver, int):
        raise bad("parameter 'receiver_user_id' must be an Integer")
    user = await call.platform.services.accounts.user(receiver)
    seat = None if user is None else await call.seat_of(chat, user.id)
    if user is None or seat is None or seat.to_seq is not None:
        raise bad("PARTICIPANT_ID_INVALID")
    number = await call.platform.whispers.say(call.principal, chat.seat, user.id, body)
    shown = {"seq": 0, "created_at": stamp(time.time()), "body": body}
    made = objects.message(shown, chat.json(), objects.me(call.bot))
    return {**made, "receiver_user": objects.user(user), "ephemeral_message_id": number}


async def _found(call: Call, missing: str = _MISSING) -> tuple[Chat, int, int, dict[str, Any]]:
    chat = await call.chat()
    receiver, number = (
        call.params.need_integer("receiver_user_id"),
        call.params.need_integer("ephemeral_message_id"),
    )
    body = await call.platform.whispers.body(call.principal, chat.place.id, receiver, number)
    if body is None:
        raise bad(missing)
    return chat, receiver, number, body


async def _changed(call: Call, parts: Mapping[str, Any], missing: str = _MISSING) -> bool:
    chat, receiver, number, body = await _found(call, missing)
    after = {key: each for key, each in {**body, **parts}.items() if each not in (None, [])}
    try:
        await call.platform.whispers.change(call.principal, chat.place.id, receiver, number, after)
    except NotFound:
        raise bad(missing) from None
    return True


@method("editEphemeralMessageText")
async def edit_text(call: Call) -> Any:
    """Other words."""
    entities = call.params.objects("entities") if call.params.has("entities") else None
    text, marks = parsed(call.params.text("text") or "", call.params.text("parse_mode"), entities)
    if not text:
        raise bad("message text is empty")
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    return await _changed(call, {"text": text, "entities": marks, **markup_parts(call)})


@method("editEphemeralMessageCaption")
async def edit_caption(call: Call) -> Any:
    """Another caption."""
    entities = call.params.objects("caption_entities") if call.params.has("caption_entities") else None
    text, marks = parsed(call.params.text("caption") or "", call.params.text("parse_mode"), entities)
    if utf16.length(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    _, _, _, body = await _found(call)
    telegram = dict(body.get("telegram", {}))
    if not any(each in telegram for each in KINDS):
        raise bad("there is no caption in the message to edit")
    telegram.pop("bare", None)
    return await _changed(call, {"text": text, "entities": marks, "telegram": telegram, **markup_parts(call)})


@method("editEphemeralMessageMedia")
async def edit_media(call: Call) -> Any:
    """Another file."""
    media = call.params.object("media") or {}
    kind = str(media.get("type"))
    if kind not in KINDS:
        raise bad('can\'t parse InputMedia: Field "type" must be of type String')
    await _found(call)
    text, parts = await medium(call, kind, media)
    return await _changed(call, {"text": text, "entities": [], **parts, **markup_parts(call)})


@method("editEphemeralMessageReplyMarkup")
async def edit_markup(call: Call) -> Any:
    """Another keyboard, or none."""
    return await _changed(call, markup_parts(call))


@method("deleteEphemeralMessage")
async def delete(call: Call) -> Any:
    """Take it away."""
    chat, receiver, number, _ = await _found(call, "message to delete not found")
    await call.platform.whispers.change(call.principal, chat.place.id, receiver, number, None)
    return True
