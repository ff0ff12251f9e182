"""How long recordings last, with tinytag."""

import asyncio
import io
import math
import struct

from tinytag import TinyTag, TinyTagException

MAX_S = 24 * 3600.0
"""A longer recording is not believed."""
# Whatever a hostile file makes a parser do; its length is unknown then, which harms nobody.
_DAMAGED = (
    TinyTagException,
    OSError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)


class TinytagSounds:
    """Works in a thread, at most two recordings at once."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(2)

    async def duration_s(self, data: bytes) -> float | None:
        """Seconds, or None where the content does not tell: it is damaged, or of a kind that is not handled (WebM)."""
        async with self._room:
            return await asyncio.to_thread(_duration_s, data)


def _duration_s(data: bytes) -> float | None:
    try:
        found = TinyTag.get(file_obj=io.BytesIO(data), tags=False).duration
    except _DAMAGED:
        return None
    return round(found, 3) if found and math.isfinite(found) and 0 < found <= MAX_S else None
