"""Files: uploads that can be resumed, made safe, attached to messages, and served to members only."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import filetype  # pyright: ignore[reportMissingTypeStubs]

from myna.errors import Conflict, NotFound, TooLarge, Unauthorised
from myna.files.shown import file_object
from myna.ids import new_id
from myna.model.message import File, FileState
from myna.ports.content import Blobs, Files, Pictures, Sounds
from myna.rights import Principal

MAX_NAME_CHARS = 200
HEAD_BYTES = 8192
"""How much of a file is looked at to find its type."""
PICTURE_BYTES = 32 * 1024 * 1024
"""Larger pictures are kept as they are, as files without a thumbnail, and never shown in place."""
SOUND_BYTES = 32 * 1024 * 1024
"""Of larger recordings the uploader says how long they last."""
TICKET_S = 600
"""How long the address of a file can be used without a token."""
COLLECT_EVERY_S = 3600.0
COLLECT_PAGE = 500


class FileStore:
    """Uploads and downloads. Who uploads a file may attach it; who sees a message with it may read it."""

    def __init__(
        self, files: Files, blobs: Blobs, pictures: Pictures, sounds: Sounds, key: bytes, max_bytes: int
    ) -> None:
        self._files, self._blobs, self._pictures, self._sounds = files, blobs, pictures, sounds
        self._key = hashlib.blake2b(key, digest_size=32, person=b"myna-files").digest()
        self.max_bytes = max_bytes

    async def begin(
        self, principal: Principal, name: str, size: int, duration_s: float | None = None
    ) -> File:
        """A new file that waits for its bytes. `duration_s` is believed of recordings that do not tell it themselves.

        Raises:
            TooLarge: it would exceed the bound; nothing was stored.
        """
        if size > self.max_bytes:
            raise TooLarge(f"A file has at most {self.max_bytes} bytes; this one would have {size}.")
        name = "".join(each for each in name if each.isprintable() and each not in '/\\"<>|').strip(" .")
        made = File(
            new_id(),
            principal.workspace,
            principal.user,
            name[:MAX_NAME_CHARS] or "file",
            size,
            created_at=time.time(),
            duration_s=duration_s,
        )
        await self._files.add(made)
        return made

    async def upload(self, principal: Principal, file: int) -> File:
        """The state of an own upload.

        Raises:
            NotFound: there is none of this user.
        """
        found = await self._files.find(file, principal.workspace)
        if found is None or found.user != principal.user:
            raise NotFound(f"There is no file {file} of yours.")
        return found

    async def append(
        self, principal: Principal, file: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> File:
        """Store further bytes at `offset`; the file is complete when it has all of them.

        What arrived before a connection broke is kept: ask for the offset and go on from there.

        Raises:
            Conflict: the upload is at another offset; nothing was stored.
            TooLarge: more bytes came than were announced; nothing of these was stored.
            Refused: it is a picture that is damaged or too large; the file stays incomplete.
        """
        found = await self.upload(principal, file)
        if found.state is FileState.READY and offset == found.size:
            return found
        if offset != found.received:
            raise Conflict(
                f"This upload is at {found.received}, not at {offset}.",
                code="wrong_offset",
                extra={"offset": found.received},
            )
        if found.received < found.size:
            part = f"parts/{file}-{new_id()}"
            size = await self._blobs.put(part, _bounded(chunks, found.size - offset))
            if not size or not await self._files.advance(file, offset, size, part):
                await self._blobs.delete(part)
                if size:
                    raise Conflict("Another request went on with this upload.", code="wrong_offset")
            found = await self.upload(principal, file)
        return await self._completed(found) if found.received == found.size else found

    async def attached(self, user: int, workspace: int, files: Sequence[int]) -> list[dict[str, Any]]:
        """The files as objects of a message's body.

        Raises:
            NotFound: one of them does not exist, is not complete, or is somebody else's.
        """
        found = {each.id: each for each in await self._files.owned(files, user, workspace)}
        for each in files:
            if each not in found:
                raise NotFound(f"There is no complete file {each} of yours.", code="no_such_file")
        return [file_object(found[each]) for each in files]

    async def readable(self, principal: Principal, file: int) -> File:
        """A complete file that the principal uploaded or sees in a message.

        Raises:
            NotFound: there is none.
        """
        found = await self._files.find(file, principal.workspace)
        operator_of = principal.workspace if principal.operator else None
        if (
            found is None
            or found.state is not FileState.READY
            or (
                found.user != principal.user
                and not await self._files.visible(file, principal.user, operator_of)
            )
        ):
            raise NotFound(f"There is no file {file} that you can see.")
        return found

    async def content(
        self, file: File, *, thumbnail: bool, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of a file or its thumbnail from `start` up to and without `end`."""
        digest = file.thumbnail if thumbnail else file.digest
        blob = None if digest is None else await self._files.blob(digest)
        if blob is None:
            raise NotFound(f"File {file.id} has no such content.")
        return self._blobs.get(blob[0], start, end)

    async def size(self, file: File, *, thumbnail: bool) -> int:
        """How many bytes `content` has."""
        digest = file.thumbnail if thumbnail else file.digest
        blob = None if digest is None else await self._files.blob(digest)
        if blob is None:
            raise NotFound(f"File {file.id} has no such content.")
        return blob[1]

    def ticket(self, principal: Principal, file: int) -> tuple[str, float]:
        """What an address needs instead of a token, for this user and file, and until when it holds."""
        until = int(time.time()) + TICKET_S
        return f"{principal.user}.{until}.{self._mac(file, principal.user, until)}", float(until)

    def ticket_user(self, file: int, ticket: str) -> int:
        """The user that a ticket was made for. What it may see is checked again.

        Raises:
            Unauthorised: the ticket is forged, of another file, or too old.
        """
        user, _, rest = ticket.partition(".")
        until, _, mac = rest.partition(".")
        sane = user.isdecimal() and until.isdecimal() and len(ticket) <= 200
        if not sane or not hmac.compare_digest(mac, self._mac(file, int(user), int(until))):
            raise Unauthorised("This address is not valid.", code="ticket_invalid")
        if int(until) < time.time():
            raise Unauthorised("This address is too old; ask for a new one.", code="ticket_expired")
        return int(user)

    async def collect(self, now: float) -> int:
        """Delete what no file needs any more; how many blobs went."""
        keys = await self._files.collect(now, COLLECT_PAGE)
        for key in keys:
            await self._blobs.delete(key)
        return len(keys)

    async def _completed(self, file: File) -> File:
        if file.state is FileState.READY:
            return file
        head, digest = bytearray(), hashlib.sha256()
        async for chunk in self._joined(file):
            digest.update(chunk)
            head += chunk[: max(0, HEAD_BYTES - len(head))]
        kind = _type_of(bytes(head))
        blobs: dict[str, tuple[str, int]] = {}
        made = replace(file, type=kind, state=FileState.READY)
        if kind.startswith("image/") and file.size <= PICTURE_BYTES:
            data = b"".join([chunk async for chunk in self._joined(file)])
            picture = await self._pictures.prepared(data, kind)
            if picture is not None:
                made = replace(
                    made,
                    width=picture.width,
                    height=picture.height,
                    size=len(picture.data),
                    received=len(picture.data),
                    digest=await self._kept(picture.data, blobs),
                    thumbnail=await self._kept(picture.thumbnail, blobs),
                    codes=picture.codes,
                )
        made = replace(made, duration_s=await self._duration_s(made))
        if made.digest is None:
            key = f"blobs/{new_id()}"
            await self._blobs.put(key, self._joined(file))
            blobs[digest.hexdigest()] = (key, file.size)
            made = replace(made, digest=digest.hexdigest())
        if kind.startswith("image/") and made.thumbnail is None:
            # Not looked into, so not shown in place.
            made = replace(made, type="application/octet-stream")
        for spare in await self._files.complete(made, blobs, time.time()):
            await self._blobs.delete(spare)
        for part in file.parts:
            await self._blobs.delete(part)
        done = await self._files.find(file.id, file.workspace)
        assert done is not None
        return done

    async def _duration_s(self, file: File) -> float | None:
        """What a recording says, or else what its uploader said; nothing of other files."""
        if not file.type.startswith(("audio/", "video/")):
            return None
        if file.type.startswith("video/") or file.size > SOUND_BYTES:
            return file.duration_s
        data = b"".join([chunk async for chunk in self._joined(file)])
        return await self._sounds.duration_s(data) or file.duration_s

    async def _kept(self, data: bytes, blobs: dict[str, tuple[str, int]]) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in blobs:
            key = f"blobs/{new_id()}"
            await self._blobs.put(key, _once(data))
            blobs[digest] = (key, len(data))
        return digest

    async def _joined(self, file: File) -> AsyncIterator[bytes]:
        for part in file.parts:
            async for chunk in self._blobs.get(part, 0, None):
                yield chunk

    def _mac(self, file: int, user: int, until: int) -> str:
        made = hmac.digest(self._key, f"{file}.{user}.{until}".encode(), "sha256")
        return base64.urlsafe_b64encode(made[:18]).decode()


def _type_of(head: bytes) -> str:
    """The media type by its first bytes; what the client says does not count."""
    found = filetype.guess(head)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if found is not None:
        return str(found.mime)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    try:
        # The last character may be cut in two.
        text = head[:-3].decode() if len(head) == HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain" if "\x00" not in text else "application/octet-stream"


async def _bounded(chunks: AsyncIterator[bytes], left: int) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise TooLarge("More bytes came than were announced.")
        if chunk:
            yield chunk


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
