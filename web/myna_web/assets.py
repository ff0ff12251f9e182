"""The files under `static`, read once; they are a few hundred kilobytes and part of the installed package."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_MIN_GZIP_BYTES = 600
"""Below this a compressed answer saves nothing: it fits into one packet anyway."""

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A built file, with its compressed form."""

    body: bytes
    gzipped: bytes | None
    """None where compression does not pay."""
    media_type: str
    etag: str


def _read(path: Traversable) -> Asset:
    body = path.read_bytes()
    suffix = "." + path.name.rpartition(".")[2]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # mtime=0: the same file gives the same bytes on every machine.
    gzipped = gzip.compress(body, 9, mtime=0) if len(body) >= _MIN_GZIP_BYTES else None
    return Asset(body, gzipped, media_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _walk(folder: Traversable, prefix: str) -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found.update(_walk(entry, f"{name}/"))
        else:
            found[name] = _read(entry)
    return found


@cache
def assets() -> Mapping[str, Asset]:
    """Every built file by its path under `static`, with forward slashes."""
    return _walk(files("myna_web") / "static", "")
