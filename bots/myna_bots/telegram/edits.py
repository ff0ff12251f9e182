"""Methods that change what was said: edit, delete, react, pin."""

import uuid
from collections.abc import Mapping
from typing import Any

from myna.errors import Conflict, MynaError
from myna.log.writes import React
from myna.model.message import Message
from myna.rights import Verb, may
from myna_bots.telegram import utf16
from myna_bots.telegram.call import MAX_CAPTION, MAX_TEXT, Call, Chat, method
from myna_bots.telegram.errors import TelegramError, bad
from myna_bots.telegram.keyboards import inline_parts
from myna_bots.telegram.markup import parsed

MAX_CLEARED = 500
"""Messages that are looked through for somebody's reactions."""
_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_MISSING = "message to edit not found"


async def _target(call: Call) -> tuple[Chat, Message]:
    if call.params.has("inline_message_id"):
        raise bad("message can't be edited")
    chat = await call.chat()
    found = await call.message(chat, call.params.need_integer("message_id"), _MISSING)
    if found.sender != call.bot.user:
        raise bad("message can't be edited")
    return chat, found


async def edited(
    call: Call, chat: Chat, found: Message, text: str, parts: Mapping[str, Any]
) -> dict[str, Any]:
    """The message with other content; parts that are None go."""
    before = {**found.body}
    after = {**before, "text": text, **parts}
    if {key: each for key, each in after.items() if each} == {
        key: each for key, each in before.items() if each
    }:
        raise bad(_SAME)
    try:
        await call.platform.services.amender.edit(
            call.principal, chat.place.id, _key(), found.seq, {"text": text}, parts=parts
        )
    except Conflict:
        raise bad(_MISSING) from None
    except MynaError as refused:
        if refused.status == 403:
            raise bad("message can't be edited") from None
        raise
    return await call.json_of(await call.message(chat, found.seq, _MISSING), chat)


def markup_parts(call: Call) -> dict[str, Any]:
    """The keyboard of an edit: without one, the message loses the one that it has."""
    return {"reply_markup": None, "buttons": [], **inline_parts(call.params.object("reply_markup"))}


@method("editMessageText")
async def edit_text(call: Call) -> Any:
    """Other words, and the keyboard that comes with them."""
    chat, found = await _target(call)
    entities = call.params.objects("entities") if call.params.has("entities") else None
    text, marks = parsed(call.params.text("text") or "", call.params.text("parse_mode"), entities)
    if not text:
        raise bad("message text is empty")
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    if any(key in found.body.get("telegram", {}) for key in ("photo", "document", "poll")):
        raise bad("there is no text in the message to edit")
    return await edited(call, chat, found, text, {"entities": marks, **markup_parts(call)})


@method("editMessageCaption")
async def edit_caption(call: Call) -> Any:
    """Another caption."""
    chat, found = await _target(call)
    entities = call.params.objects("caption_entities") if call.params.has("caption_entities") else None
    text, marks = parsed(call.params.text("caption") or "", call.params.text("parse_mode"), entities)
    if utf16.length(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    telegram = dict(found.body.get("telegram", {}))
    if not telegram or "poll" in telegram:
        raise bad("there is no caption in the message to edit")
    telegram.pop("bare", None)
    if not text:
        telegram["bare"] = True
    parts = {"entities": marks, "telegram": telegram, **markup_parts(call)}
    return await edited(call, chat, found, text or str(found.body["text"]), parts)


@method("editMessageReplyMarkup")
async def edit_markup(call: Call) -> Any:
    """Another keyboard, or none."""
    chat, found = await _target(call)
    return await edited(call, chat, found, str(found.body["text"]), markup_parts(call))


@method("deleteMessage")
async def delete(call: Call) -> Any:
    """Take a message back: an own one, or anybody's where the bot moderates."""
    chat = await call.chat()
    found = await call.message(chat, call.params.need_integer("message_id"), "message to delete not found")
    await recalled(call, chat, found)
    return True


@method("deleteMessages")
async def delete_many(call: Call) -> Any:
    """Several; those that are not there are passed over."""
    chat = await call.chat()
    given = call.params.array("message_ids") or []
    if not 1 <= len(given) <= 100 or not all(str(each).isdecimal() for each in given):
        raise bad("message_ids must be an Array of 1-100 Integers")
    for each in given:
        try:
            found = await call.message(chat, int(each), "message to delete not found")
        except TelegramError:
            continue
        await recalled(call, chat, found)
    return True


async def recalled(call: Call, chat: Chat, found: Message) -> None:
    """Take a message back."""
    try:
        await call.platform.services.amender.recall(call.principal, chat.place.id, _key(), found.seq)
    except MynaError as refused:
        if refused.status in {403, 409}:
            raise bad("message can't be deleted") from None
        raise


@method("setMessageReaction")
async def react(call: Call) -> Any:
    """The bot's reactions are these, and no others."""
    chat = await call.chat()
    found = await call.message(chat, call.params.need_integer("message_id"), "message to react not found")
    wanted: set[str] = set()
    for each in call.params.objects("reaction"):
        if each.get("type") != "emoji" or not isinstance(each.get("emoji"), str):
            raise bad("REACTION_INVALID")
        wanted.add(str(each["emoji"]))
    if len(wanted) > 1:
        raise bad("REACTIONS_TOO_MANY")
    amender = call.platform.services.amender
    listed = await amender.reactions(call.principal, chat.place.id, found.seq)
    given = {str(each["emoji"]) for each in listed if each["user"] == str(call.bot.user)}
    for emoji in sorted(given - wanted):
        await amender.react(call.principal, chat.place.id, _key(), found.seq, emoji, False)
    for emoji in sorted(wanted - given):
        await amender.react(call.principal, chat.place.id, _key(), found.seq, emoji, True)
    return True


@method("deleteMessageReaction")
async def delete_reaction(call: Call) -> Any:
    """Take somebody's reactions off a message."""
    chat, user = await call.chat(), await call.user()
    found = await call.message(chat, call.params.need_integer("message_id"), "message to react not found")
    if not await _cleared(call, chat, found.seq, user.id):
        raise bad("REACTION_EMPTY")
    return True


@method("deleteAllMessageReactions")
async def delete_reactions(call: Call) -> Any:
    """Take somebody's reactions off the newest messages of a chat."""
    chat, user = await call.chat(), await call.user()
    page = await call.platform.history.messages(
        chat.place.id, floor=chat.seat.floor, before=None, after=None, limit=MAX_CLEARED
    )
    for each in page:
        if each.reactions:
            await _cleared(call, chat, each.seq, user.id)
    return True


async def _cleared(call: Call, chat: Chat, seq: int, user: int) -> bool:
    """Whether there were any. Only who may take back messages of others does this."""
    if not may(call.principal, Verb.RECALL_OTHERS, chat.seat):
        raise bad("not enough rights to delete reactions of others")
    listed = await call.platform.services.amender.reactions(call.principal, chat.place.id, seq)
    emojis = [str(each["emoji"]) for each in listed if each["user"] == str(user)]
    for emoji in emojis:
        write = React(chat.place.id, user, _key(), seq, emoji=emoji, on=False)
        await call.platform.services.committer.write(write)
    return bool(emojis)


@method("pinChatMessage")
async def pin(call: Call) -> Any:
    """Pin a message for everybody."""
    chat = await call.chat()
    found = await call.message(chat, call.params.need_integer("message_id"), "message to pin not found")
    await _pinned(call, chat, found.seq, True)
    return True


@method("unpinChatMessage")
async def unpin(call: Call) -> Any:
    """Take a pin off: of a message, or of the one that was pinned last."""
    chat = await call.chat()
    pins = await pinned_seqs(call, chat)
    seq = call.params.integer("message_id")
    if seq is None and not pins:
        raise bad("message to unpin not found")
    await _pinned(call, chat, pins[0] if seq is None else seq, False)
    return True


@method("unpinAllChatMessages")
async def unpin_all(call: Call) -> Any:
    """Take all pins off."""
    chat = await call.chat()
    for seq in await pinned_seqs(call, chat):
        await _pinned(call, chat, seq, False)
    return True


async def pinned_seqs(call: Call, chat: Chat) -> list[int]:
    """The pinned messages, the newest pin first."""
    shown = await call.platform.services.amender.pins(call.principal, chat.place.id)
    return [each["message"]["seq"] for each in shown]


async def unpinned(call: Call, chat: Chat, seq: int) -> None:
    """Take a pin off."""
    await _pinned(call, chat, seq, False)


async def _pinned(call: Call, chat: Chat, seq: int, on: bool) -> None:
    try:
        await call.platform.services.amender.pin(call.principal, chat.place.id, _key(), seq, on)
    except MynaError as refused:
        if refused.status == 403:
            raise bad("not enough rights to manage pinned messages in the chat") from None
        if refused.status == 404:
            raise bad("message to pin not found") from None
        raise


def _key() -> str:
    return f"tg-{uuid.uuid4().hex}"
