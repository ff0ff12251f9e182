"""Methods that say something: text, drafts, chat actions, polls of the small kind, forwards and copies."""

import random
import time
from typing import Any

from myna.errors import MynaError
from myna_bots.telegram import utf16
from myna_bots.telegram.call import MAX_CAPTION, MAX_TEXT, Call, Chat, method
from myna_bots.telegram.errors import bad
from myna_bots.telegram.keyboards import parts_of
from myna_bots.telegram.markup import parsed

DRAFT_SPACE = "tgdraft"
DRAFT_S = 60.0
_DICE = {"🎲": 6, "🎯": 6, "🏀": 5, "⚽": 5, "🎳": 6, "🎰": 64}
_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def text_and_parts(call: Call, name: str = "text") -> tuple[str, dict[str, Any]]:
    """The text of a call without its markup, and its entities as a part."""
    entities = call.params.objects("entities") if call.params.has("entities") else None
    text, found = parsed(call.params.text(name) or "", call.params.text("parse_mode"), entities)
    if not text:
        raise bad("message text is empty")
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    return text, {"entities": found} if found else {}


def caption_and_parts(call: Call) -> tuple[str, dict[str, Any]]:
    """A caption, which may be empty."""
    entities = call.params.objects("caption_entities") if call.params.has("caption_entities") else None
    text, found = parsed(call.params.text("caption") or "", call.params.text("parse_mode"), entities)
    if utf16.length(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    return text, {"entities": found} if found else {}


@method("sendMessage")
async def send_message(call: Call) -> Any:
    """A text. When the bot showed a draft here, this is its end."""
    chat = await call.chat()
    text, parts = text_and_parts(call)
    parts |= parts_of(call.params.object("reply_markup"))
    reply_to = await call.reply_to(chat)
    alone = call.params.has("receiver_user_id") or call.params.has("ephemeral_message_parameters")
    seq = None if alone or reply_to is not None else await _draft(call, chat)
    if seq is not None:
        try:
            done = await call.platform.streams.finish(call.principal, chat.place.id, seq, text, parts)
        except MynaError as ended:
            if ended.code != "no_stream":
                raise
        else:
            await call.platform.state.put(call.bot.user, DRAFT_SPACE, str(chat.place.id), None, None)
            return await call.json_of(done, chat)
    return await call.send(chat, text, parts, reply_to)


@method("sendMessageDraft", "sendRichMessageDraft")
async def send_draft(call: Call) -> Any:
    """Text in the making. It is shown at once in the conversation and replaced in place, however often it comes."""
    chat = await call.chat()
    if call.params.need_integer("draft_id") == 0:
        raise bad("DRAFT_ID_INVALID")
    raw = call.params.text("text") or _rich_text(call)
    text, _ = parsed(raw, call.params.text("parse_mode"), call.params.objects("entities"))
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    platform, place = call.platform, chat.place.id
    seq = await _draft(call, chat)
    if seq is not None:
        try:
            await platform.streams.replace(call.principal, place, seq, text)
        except MynaError as ended:
            if ended.code != "no_stream":
                raise
            seq = None
    if seq is None:
        key = f"tgdraft-{call.params.need_integer('draft_id')}-{time.time_ns():x}"
        ack = await platform.streams.open(call.principal, place, key[:64])
        assert ack.seq is not None
        seq = ack.seq
        await platform.streams.replace(call.principal, place, seq, text)
    await platform.state.put(call.bot.user, DRAFT_SPACE, str(place), seq, time.time() + DRAFT_S)
    return True


async def _draft(call: Call, chat: Chat) -> int | None:
    found = await call.platform.state.get(call.bot.user, DRAFT_SPACE, str(chat.place.id), time.time())
    return int(found) if found is not None else None


def _rich_text(call: Call) -> str:
    """The plain text of a rich message."""
    rich = call.params.object("rich_message") or {}
    for name in ("markdown", "html", "text"):
        if isinstance(rich.get(name), str):
            return str(rich[name])
    return ""


@method("sendRichMessage")
async def send_rich(call: Call) -> Any:
    """A rich message as its text: headings, lists and tables keep their words."""
    chat = await call.chat()
    text, entities = parsed(_rich_text(call), None, None)
    if not text:
        raise bad("message text is empty")
    if utf16.length(text) > MAX_TEXT:
        raise bad("message is too long")
    parts = ({"entities": entities} if entities else {}) | parts_of(call.params.object("reply_markup"))
    return await call.send(chat, text, parts, await call.reply_to(chat))


@method("sendChatAction")
async def chat_action(call: Call) -> Any:
    """Show that the bot is at work."""
    chat = await call.chat()
    if call.params.need_text("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    await call.platform.services.signals.typing(call.principal, chat.seat, True)
    return True


@method("sendDice")
async def dice(call: Call) -> Any:
    """An emoji with a random value."""
    emoji = call.params.text("emoji") or "🎲"
    if emoji not in _DICE:
        raise bad("wrong emoji specified")
    value = random.SystemRandom().randint(1, _DICE[emoji])
    return await _special(call, "dice", {"emoji": emoji, "value": value}, f"{emoji} {value}")


@method("sendLocation")
async def location(call: Call) -> Any:
    """A place on the map."""
    where = _where(call)
    link = f"https://www.openstreetmap.org/?mlat={where['latitude']}&mlon={where['longitude']}"
    return await _special(call, "location", where, link)


@method("sendVenue")
async def venue(call: Call) -> Any:
    """A place with a name and an address."""
    title, address = call.params.need_text("title"), call.params.need_text("address")
    names = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    extra = {name: value for name in names if (value := call.params.text(name))}
    where = _where(call)
    made = {"location": where, "title": title, "address": address, **extra}
    chat = await call.chat()
    parts = {"telegram": {"venue": made, "location": where, "bare": True}}
    parts |= parts_of(call.params.object("reply_markup"))
    return await call.send(chat, f"{title}\n{address}", parts, await call.reply_to(chat))


@method("sendContact")
async def contact(call: Call) -> Any:
    """A name with a telephone number."""
    phone, first = call.params.need_text("phone_number"), call.params.need_text("first_name")
    last = call.params.text("last_name")
    made = {"phone_number": phone, "first_name": first}
    made |= {"last_name": last} if last else {}
    vcard = call.params.text("vcard")
    made |= {"vcard": vcard} if vcard else {}
    return await _special(call, "contact", made, f"{' '.join(filter(None, (first, last)))}: {phone}")


async def _special(call: Call, kind: str, value: dict[str, Any], text: str) -> Any:
    chat = await call.chat()
    parts = {"telegram": {kind: value, "bare": True}} | parts_of(call.params.object("reply_markup"))
    return await call.send(chat, text, parts, await call.reply_to(chat))


def _where(call: Call) -> dict[str, float]:
    latitude, longitude = call.params.number("latitude"), call.params.number("longitude")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise bad("wrong coordinates specified")
    return {"latitude": latitude, "longitude": longitude}
