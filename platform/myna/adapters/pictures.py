"""Pictures made safe with Pillow: no EXIF, no bombs, and a thumbnail."""

import asyncio
import io
import logging
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from myna.errors import Refused
from myna.ports.content import Picture

MAX_PIXELS = 40_000_000
"""A picture of 40 megapixels takes 160 MB while it is decoded; anything larger is a bomb or no chat picture."""
MAX_FRAMES = 500
THUMBNAIL = (480, 480)
CODE_PIXELS = 2_000
"""Longest side in which QR codes are looked for: what a telephone reads from a screen is far larger than a point of it."""
MAX_CODES = 8
MAX_CODE_CHARS = 500
KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}

logger = logging.getLogger(__name__)


class PillowPictures:
    """Works in a thread, at most two pictures at once: decoding takes memory and time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(2)

    async def prepared(self, data: bytes, kind: str) -> Picture | None:
        """The picture without metadata, its size, and a thumbnail; None when this kind is not handled.

        Raises:
            Refused: it is damaged, or has more pixels or frames than a chat picture.
        """
        if kind not in KINDS:
            return None
        async with self._room:
            return await asyncio.to_thread(_prepared, data, KINDS[kind])


def _prepared(data: bytes, kind: str) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[kind]) as picture:
                frames = int(getattr(picture, "n_frames", 1))
                if picture.width * picture.height > MAX_PIXELS or frames > MAX_FRAMES:
                    raise Refused("This picture has too many pixels or frames.", code="picture_too_large")
                return _made(picture, data, kind, frames)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise Refused("This picture has too many pixels.", code="picture_too_large") from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError) as damaged:
        raise Refused("This picture is damaged.", code="picture_damaged") from damaged


def _made(picture: Image.Image, data: bytes, kind: str, frames: int) -> Picture:
    picture.load()
    if frames > 1:
        clean = data if kind == "GIF" else _animated(picture, kind)
        turned = picture.convert("RGBA")
    else:
        turned = ImageOps.exif_transpose(picture)
        clean = data if kind == "GIF" else _still(picture, turned, kind)
    small = turned.copy()
    small.thumbnail(THUMBNAIL)
    return Picture(clean, turned.width, turned.height, _webp(small), _codes(turned))


def _codes(picture: Image.Image) -> tuple[str, ...]:
    """What the QR codes in a picture say, each once; of a moving one, those in its first frame."""
    import zxingcpp

    # What is transparent is shown on white, and so are the codes.
    clear = picture.convert("RGBA")
    seen = Image.new("RGBA", clear.size, "white")
    seen.alpha_composite(clear)
    grey = seen.convert("L")
    grey.thumbnail((CODE_PIXELS, CODE_PIXELS))
    kinds = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.MicroQRCode])
    try:
        found = zxingcpp.read_barcodes(grey, formats=kinds, text_mode=zxingcpp.TextMode.Plain)
    except (ValueError, RuntimeError):
        # An odd picture must not keep its sender from sending it.
        logger.exception("no QR codes could be looked for in a picture")
        return ()
    said = dict.fromkeys(each.text.strip()[:MAX_CODE_CHARS] for each in found)
    return tuple(code for code in said if code)[:MAX_CODES]


def _still(picture: Image.Image, turned: Image.Image, kind: str) -> bytes:
    """Saved anew: whatever was in it beside the pixels (place, camera, comments) is gone; the colour profile stays."""
    out = io.BytesIO()
    profile = picture.info.get("icc_profile")
    if kind == "JPEG":
        same = picture.getexif().get(0x0112, 1) == 1 and isinstance(picture, Image.Image)
        quality = "keep" if same and picture.format == "JPEG" else 92
        source = picture if same else turned
        source.info.pop("exif", None)
        source.info.pop("comment", None)
        source.save(out, "JPEG", quality=quality, icc_profile=profile, exif=b"", comment=b"")
    elif kind == "PNG":
        turned.save(out, "PNG", icc_profile=profile, pnginfo=None, exif=b"")
    else:
        turned.save(out, "WEBP", quality=90, icc_profile=profile or "", exif=b"", xmp=b"")
    return out.getvalue()


def _animated(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.seek(0)
    options = {"exif": b"", "save_all": True, "loop": picture.info.get("loop", 0)}
    picture.save(out, kind, **(options | ({"xmp": b"", "quality": 85} if kind == "WEBP" else {})))
    picture.seek(0)
    return out.getvalue()


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    flat = picture if picture.mode in {"RGB", "RGBA"} else picture.convert("RGBA")
    flat.save(out, "WEBP", quality=80, exif=b"", xmp=b"", icc_profile="")
    return out.getvalue()
