"""Files that people attach in Myna's own clients, as Telegram shows files. A Telegram message has one; several are an album."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from myna.errors import MynaError
from myna.model.message import File
from myna.rights import Principal
from myna_bots.host.platform import BotPlatform
from myna_bots.telegram.errors import TelegramError, bad

_ID = re.compile(r"^m([1-9]\d{0,18})$")
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
FOLDER = "uploads"
"""Where `getFile` puts them, under `/file/bot<token>/`."""


def shown(files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`photo`, `video`, `audio`, `voice` or `document` of a message's first file."""
    if not files:
        return {}
    file = files[0]
    type_ = str(file.get("type") or "application/octet-stream")
    base = {"file_id": f"m{file['id']}", "file_unique_id": f"m{file['id']}", "file_size": int(file["size"])}
    named = {"file_name": str(file["name"]), "mime_type": type_}
    width, height = int(file.get("width") or 0), int(file.get("height") or 0)
    lasts = {"duration": round(float(file.get("duration_s") or 0))}
    if type_.startswith("image/") and width and type_ != "image/gif":
        return {"photo": [{**base, "width": width, "height": height}]}
    if type_.startswith("video/"):
        return {"video": {**base, **lasts, "width": width, "height": height, **named}}
    if type_ in {"audio/ogg", "audio/webm"}:
        return {"voice": {**base, **lasts, "mime_type": type_}}
    if type_.startswith("audio/"):
        return {"audio": {**base, **lasts, **named}}
    return {"document": {**base, **named}}


def number_of(file_id: str) -> int | None:
    """The file behind a `file_id` that `shown` gave; None for any other."""
    found = _ID.match(file_id)
    return int(found[1]) if found and int(found[1]) < 2**63 else None


async def readable(platform: BotPlatform, principal: Principal, file: int) -> File:
    """A file that the bot sees in a message.

    Raises:
        TelegramError: there is none, or the bot does not see it.
    """
    try:
        return await platform.services.files.readable(principal, file)
    except MynaError:
        raise bad("wrong file_id or the file is temporarily unavailable") from None


async def fetched(platform: BotPlatform, principal: Principal, path: str) -> bytes | None:
    """The bytes behind a path that `path_of` gave; None for a path of another kind. Raises as `readable`."""
    folder, _, rest = path.partition("/")
    number = number_of(f"m{rest.partition('/')[0]}")
    if folder != FOLDER or number is None:
        return None
    found = await readable(platform, principal, number)
    if path != path_of(found):
        raise bad("wrong file path")
    return await content(platform, found, MAX_DOWNLOAD_BYTES)


def path_of(file: File) -> str:
    """The path under `/file/bot<token>/`."""
    return f"{FOLDER}/{file.id}/{re.sub(r'[^A-Za-z0-9._-]', '_', file.name)}"


async def content(platform: BotPlatform, file: File, most: int) -> bytes:
    """All bytes of a file.

    Raises:
        TelegramError: it is larger than `most`.
    """
    if file.size > most:
        raise TelegramError(413, "Request Entity Too Large")
    parts = await platform.services.files.content(file, thumbnail=False)
    return b"".join([part async for part in parts])
