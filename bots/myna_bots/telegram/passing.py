"""Methods that pass messages on: forwards, which say where they came from, and copies, which do not."""

from typing import Any

from myna.errors import MynaError
from myna.model.message import Message
from myna.wire import stamp
from myna_bots.telegram.attached import shown
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.errors import bad
from myna_bots.telegram.keyboards import parts_of
from myna_bots.telegram.objects import user as user_json
from myna_bots.telegram.sending import caption_and_parts

_CARRIED = frozenset({"entities", "telegram", "attachments", "files"})
"""Parts of a body that go along."""


@method("forwardMessage")
async def forward(call: Call) -> Any:
    """Another chat's message, with where it came from."""
    chat, source = await call.chat(), await call.chat("from_chat_id")
    return await _forwarded(call, chat, source, call.params.need_integer("message_id"))


@method("forwardMessages")
async def forward_many(call: Call) -> Any:
    """Several; those that are not there are left out."""
    chat, source = await call.chat(), await call.chat("from_chat_id")
    made: list[dict[str, int]] = []
    for seq in _ids(call):
        try:
            sent = await _forwarded(call, chat, source, seq)
        except MynaError as missing:
            if "not found" not in missing.message:
                raise
            continue
        made.append({"message_id": sent["message_id"]})
    if not made:
        raise bad("there are no messages to forward")
    return made


@method("copyMessage")
async def copy(call: Call) -> Any:
    """The same message as the bot's own, with another caption if one is given."""
    chat, source = await call.chat(), await call.chat("from_chat_id")
    found = await call.message(source, call.params.need_integer("message_id"), "message to copy not found")
    return {"message_id": (await _copied(call, chat, found, recaption=True))["message_id"]}


@method("copyMessages")
async def copy_many(call: Call) -> Any:
    """Several; those that are not there are left out."""
    chat, source = await call.chat(), await call.chat("from_chat_id")
    made: list[dict[str, int]] = []
    for seq in _ids(call):
        try:
            found = await call.message(source, seq, "message to copy not found")
        except MynaError:
            continue
        made.append({"message_id": (await _copied(call, chat, found, recaption=False))["message_id"]})
    if not made:
        raise bad("there are no messages to copy")
    return made


def _ids(call: Call) -> list[int]:
    given = call.params.array("message_ids") or []
    if not 1 <= len(given) <= 100 or not all(str(each).isdecimal() for each in given):
        raise bad("message_ids must be an Array of 1-100 Integers")
    return [int(each) for each in given]


async def _copied(call: Call, chat: Chat, found: Message, *, recaption: bool) -> dict[str, Any]:
    body = dict(found.body)
    text = str(body.pop("text", ""))
    parts = {key: value for key, value in body.items() if key in _CARRIED}
    if "telegram" in parts:
        parts["telegram"] = {
            key: value for key, value in parts["telegram"].items() if key != "forward_origin"
        }
    if recaption:
        parts |= parts_of(call.params.object("reply_markup"))
        if call.params.has("caption") and "telegram" in parts:
            text, entities = caption_and_parts(call)
            parts.pop("entities", None)
            parts |= entities
            parts["telegram"] = {key: value for key, value in parts["telegram"].items() if key != "bare"}
    if not text:
        parts["telegram"] = {**(parts.get("telegram") or shown(body.get("files") or ())), "bare": True}
    return await call.send(chat, text or "📎", parts, await call.reply_to(chat))


async def _forwarded(call: Call, chat: Chat, source: Chat, seq: int) -> dict[str, Any]:
    found = await call.message(source, seq, "message to forward not found")
    sender = await call.platform.services.accounts.user(found.sender)
    assert sender is not None
    body = dict(found.body)
    text = str(body.pop("text", ""))
    telegram: dict[str, Any] = dict(body.get("telegram") or shown(body.get("files") or ()))
    date = int(found.created_at)
    origin: dict[str, Any] = {"type": "user", "date": date, "sender_user": user_json(sender)}
    if source.json()["type"] == "channel":
        origin = {"type": "channel", "date": date, "chat": source.json(), "message_id": seq}
    telegram.setdefault("forward_origin", origin)
    if not text:
        telegram["bare"] = True
    parts: dict[str, Any] = {"telegram": telegram}
    parts |= {key: body[key] for key in _CARRIED - {"telegram"} if key in body}
    parts["forward"] = found.body.get("forward") or {
        "conversation": str(source.place.id),
        "seq": seq,
        "sender": str(sender.id),
        "name": sender.name,
        "at": stamp(found.created_at),
    }
    return await call.send(chat, text or "📎", parts)
