"""Files as they go over the wire, and what of them a browser may show in place."""

from typing import Any

from myna.errors import Malformed
from myna.model.message import File
from myna.wire import stamp

INLINE = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "audio/mpeg", "audio/ogg", "audio/wav"}
) | {
    "audio/x-wav",
    "audio/mp4",
    "audio/m4a",
    "audio/aac",
    "video/mp4",
    "video/webm",
}
"""Types that a browser may show in place. Everything else (HTML, SVG, PDF …) is downloaded: it could run script as this site."""


def file_object(file: File) -> dict[str, Any]:
    """A file as it is shown in messages."""
    return {
        "id": str(file.id),
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "width": file.width,
        "height": file.height,
        "thumbnail": file.thumbnail is not None,
        "duration_s": file.duration_s,
        "codes": list(file.codes),
    }


def upload_object(file: File) -> dict[str, Any]:
    """A file as its uploader sees it."""
    return {
        **file_object(file),
        "state": file.state,
        "offset": file.received,
        "created_at": stamp(file.created_at),
    }


def check_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, end) without end of a single byte range (RFC 9110, 14.2); None for the whole.

    Raises:
        Malformed: 416, no byte of the range exists.
    """
    if header is None or not header.startswith("bytes=") or "," in header:
        return None
    first, dash, last = header.removeprefix("bytes=").strip().partition("-")
    if not dash or not (first or last) or not (first + last).isdecimal():
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= size or end <= start:
        raise Malformed(f"This file has {size} bytes.", status=416, code="range", extra={"size": size})
    return start, end
