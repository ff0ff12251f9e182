"""Blobs as files in a folder. Processes that share the folder share the blobs."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from myna.errors import Malformed, NotFound

CHUNK_BYTES = 256 * 1024


class LocalBlobs:
    """A blob is complete or not there: it is written beside its place, synced, and moved."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a blob; its size in bytes. When the chunks end with an error, nothing is stored."""
        place = self._place(key)
        draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
        await asyncio.to_thread(place.parent.mkdir, parents=True, exist_ok=True)
        size = 0
        file = await asyncio.to_thread(draft.open, "xb")
        try:
            try:
                async for chunk in chunks:
                    size += await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_sync, file.fileno(), file.flush)
            finally:
                file.close()
            await asyncio.to_thread(os.replace, draft, place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return size

    async def get(self, key: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to and without `end`.

        Raises:
            NotFound: there is no such blob.
        """
        try:
            file = await asyncio.to_thread(self._place(key).open, "rb")
        except FileNotFoundError:
            raise NotFound(f"There is no blob {key!r}.") from None
        try:
            await asyncio.to_thread(file.seek, start)
            left = None if end is None else end - start
            while left is None or left > 0:
                wanted = CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)
                chunk = await asyncio.to_thread(file.read, wanted)
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is ignored."""
        await asyncio.to_thread(self._place(key).unlink, missing_ok=True)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _place(self, key: str) -> Path:
        # Keys are made by the server; a path that leaves the folder would still be a hole, so it is refused here too.
        parts = key.split("/")
        if any(not each or each.startswith(".") or not each.isascii() for each in parts):
            raise Malformed(f"{key!r} is no blob's key.")
        return self._folder.joinpath(*parts[:-1], parts[-1][:2], parts[-1])


def _sync(descriptor: int, flush: object) -> None:
    assert callable(flush)
    flush()
    os.fsync(descriptor)
