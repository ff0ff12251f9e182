"""Methods that send and fetch files. A file comes as a part, as `attach://part`, as a `file_id` or as an address."""

from typing import Any

from myna.errors import MynaError
from myna_bots.host.files import Kept
from myna_bots.host.model import Scope
from myna_bots.telegram import attached
from myna_bots.telegram.attached import MAX_DOWNLOAD_BYTES
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.edits import edited, markup_parts
from myna_bots.telegram.errors import TelegramError, bad
from myna_bots.telegram.keyboards import parts_of
from myna_bots.telegram.markup import parsed
from myna_bots.telegram.params import Params
from myna_bots.telegram.sending import caption_and_parts

MAX_PHOTO_BYTES = 10 * 1024 * 1024
KINDS = ("photo", "document", "audio", "video", "voice", "animation", "video_note", "sticker")
_CAPTIONED = frozenset(KINDS) - {"video_note", "sticker"}
_ALBUM = {"photo", "video", "document", "audio"}


@method("sendPhoto")
async def send_photo(call: Call) -> Any:
    """A picture."""
    return await _send(call, "photo")


@method("sendDocument")
async def send_document(call: Call) -> Any:
    """A file of any kind."""
    return await _send(call, "document")


@method("sendAudio")
async def send_audio(call: Call) -> Any:
    """Music."""
    return await _send(call, "audio")


@method("sendVideo")
async def send_video(call: Call) -> Any:
    """A film."""
    return await _send(call, "video")


@method("sendVoice")
async def send_voice(call: Call) -> Any:
    """A voice message."""
    return await _send(call, "voice")


@method("sendAnimation")
async def send_animation(call: Call) -> Any:
    """A film without sound, or a GIF."""
    return await _send(call, "animation")


@method("sendVideoNote")
async def send_video_note(call: Call) -> Any:
    """A round film."""
    return await _send(call, "video_note")


@method("sendSticker")
async def send_sticker(call: Call) -> Any:
    """A sticker."""
    return await _send(call, "sticker")


@method("sendMediaGroup")
async def send_album(call: Call) -> Any:
    """Two to ten pictures, films or files that belong together."""
    chat = await call.chat()
    media = call.params.objects("media")
    if not 2 <= len(media) <= 10:
        raise bad("there must be 2-10 messages to send as an album")
    prepared: list[tuple[str, dict[str, Any]]] = []
    for each in media:
        kind = str(each.get("type"))
        if kind not in _ALBUM:
            raise bad("wrong media type in the album")
        prepared.append(await medium(call, kind, each))
    group = f"{call.bot.user}{prepared[0][1]['attachments'][0]['id']}"[-18:]
    reply_to = await call.reply_to(chat)
    sent: list[dict[str, Any]] = []
    for text, parts in prepared:
        parts["telegram"]["media_group_id"] = group
        sent.append(await call.send(chat, text, parts, reply_to))
    return sent


@method("editMessageMedia")
async def edit_media(call: Call) -> Any:
    """Another file, and its caption."""
    chat = await call.chat()
    found = await call.message(chat, call.params.need_integer("message_id"), "message to edit not found")
    if found.sender != call.bot.user:
        raise bad("message can't be edited")
    media = call.params.object("media") or {}
    kind = str(media.get("type"))
    if kind not in KINDS:
        raise bad('can\'t parse InputMedia: Field "type" must be of type String')
    text, parts = await medium(call, kind, media)
    return await edited(call, chat, found, text, {"entities": [], **parts, **markup_parts(call)})


@method("getFile")
async def get_file(call: Call) -> Any:
    """Where a file can be fetched: `/file/bot<token>/<file_path>`."""
    given = call.params.need_text("file_id")
    _allowed(call)
    if (number := attached.number_of(given)) is not None:
        upload = await attached.readable(call.platform, call.principal, number)
        if upload.size > MAX_DOWNLOAD_BYTES:
            raise bad("file is too big")
        known = {"file_id": given, "file_unique_id": given, "file_size": upload.size}
        return {**known, "file_path": attached.path_of(upload)}
    found = await call.platform.files.find(given)
    if found is None or found.workspace != call.bot.workspace:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if found.size > MAX_DOWNLOAD_BYTES:
        raise bad("file is too big")
    return {**_file(found), "file_path": found.path}


async def _send(call: Call, kind: str) -> dict[str, Any]:
    chat: Chat = await call.chat()
    kept = await file_of(call, kind, call.params.values.get(kind))
    caption, marks = caption_and_parts(call) if kind in _CAPTIONED else ("", {})
    text, parts = _body(call.params, kind, kept, caption)
    parts |= marks | parts_of(call.params.object("reply_markup"))
    return await call.send(chat, text, parts, await call.reply_to(chat))


async def medium(call: Call, kind: str, media: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Text and parts of an `InputMedia`."""
    kept = await file_of(call, kind, media.get("media"))
    given = Params(media, {})
    entities = given.objects("caption_entities") if given.has("caption_entities") else None
    caption, found = parsed(given.text("caption") or "", given.text("parse_mode"), entities)
    if len(caption) > 1024:
        raise bad("message caption is too long")
    text, parts = _body(given, kind, kept, caption)
    return text, parts | ({"entities": found} if found else {})


def _body(params: Params, kind: str, kept: Kept, caption: str) -> tuple[str, dict[str, Any]]:
    """Text and parts of a message with a file; without a caption the text is the file's name."""
    telegram: dict[str, Any] = {kind: _shown(params, kind, kept)}
    if kind == "animation":
        telegram["document"] = _document(kept)
    if not caption:
        telegram["bare"] = True
    file = {"id": kept.id, "name": kept.name, "type": kept.type, "size": kept.size}
    if kept.width:
        file |= {"width": kept.width, "height": kept.height}
        file["thumbnail"] = True
    return caption or kept.name, {"telegram": telegram, "attachments": [file]}


def _shown(params: Params, kind: str, kept: Kept) -> Any:
    base = _file(kept)
    duration = params.integer("duration", 0) or 0
    width, height = params.integer("width") or kept.width or 0, params.integer("height") or kept.height or 0
    match kind:
        case "photo":
            return [{**base, "width": kept.width or 1, "height": kept.height or 1}]
        case "document":
            return _document(kept)
        case "audio":
            named = {name: value for name in ("performer", "title") if (value := params.text(name))}
            return {**base, "duration": duration, "file_name": kept.name, "mime_type": kept.type, **named}
        case "voice":
            return {**base, "duration": duration, "mime_type": kept.type}
        case "video" | "animation":
            named = {"file_name": kept.name, "mime_type": kept.type}
            return {**base, "duration": duration, "width": width, "height": height, **named}
        case "video_note":
            return {**base, "duration": duration, "length": params.integer("length") or width or 240}
        case _:
            flags = {"is_animated": False, "is_video": kept.type.startswith("video/"), "type": "regular"}
            return {**base, "width": width or 512, "height": height or 512, **flags}


def _file(kept: Kept) -> dict[str, Any]:
    return {"file_id": kept.id, "file_unique_id": kept.digest[:16], "file_size": kept.size}


def _document(kept: Kept) -> dict[str, Any]:
    return {**_file(kept), "file_name": kept.name, "mime_type": kept.type}


async def file_of(call: Call, kind: str, given: Any) -> Kept:
    """The stored file of a parameter, which is a part of the request, a `file_id` or an address.

    Raises:
        TelegramError: there is none, or it is none that can be used.
    """
    _allowed(call)
    upload = call.params.files.get(kind) if given is None or given == "" else None
    if isinstance(given, str) and given.startswith("attach://"):
        upload = call.params.files.get(given.removeprefix("attach://"))
        if upload is None:
            raise bad(f"can't find the file {given[9:40]!r} among the request's parts")
    if upload is not None:
        return await _stored(call, kind, upload.name, upload.type, upload.content)
    if not isinstance(given, str) or not given:
        raise bad(f"there is no {kind.replace('_', ' ')} in the request")
    if given.startswith(("http://", "https://")):
        try:
            name, type_, content = await call.platform.files.download(given)
        except MynaError:
            raise bad("failed to get HTTP URL content") from None
        return await _stored(call, kind, name, type_, content)
    if (number := attached.number_of(given)) is not None:
        seen = await attached.readable(call.platform, call.principal, number)
        content = await attached.content(call.platform, seen, MAX_DOWNLOAD_BYTES)
        return await _stored(call, kind, seen.name, seen.type or "", content)
    found = await call.platform.files.find(given)
    if found is None or found.workspace != call.bot.workspace:
        raise bad("wrong file identifier/HTTP URL specified")
    return found


def _allowed(call: Call) -> None:
    """Only a key with the scope `files` sends and fetches them."""
    if Scope.FILES not in (call.principal.scopes or ()):
        raise bad("not enough rights to send or fetch files")


async def _stored(call: Call, kind: str, name: str, type_: str, content: bytes) -> Kept:
    if not content:
        raise bad("file must be non-empty")
    if kind == "photo" and len(content) > MAX_PHOTO_BYTES:
        raise TelegramError(413, "Request Entity Too Large")
    kept = await call.platform.files.put(call.bot.workspace, call.bot.user, name, type_, content)
    if kind == "photo" and not kept.width:
        raise bad("IMAGE_PROCESS_FAILED")
    return kept
