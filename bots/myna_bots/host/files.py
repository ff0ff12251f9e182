"""Files that bots send and get: kept in the database, so that every process has them; the type is looked at, not believed."""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Protocol

from myna.errors import NotFound, TooLarge
from myna.ids import new_id
from myna.rights import Principal

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest file: what a bot may fetch with `getFile`."""
MAX_NAME_CHARS = 128


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file without its content."""

    id: str
    workspace: int
    owner: int
    name: str
    type: str
    size: int
    digest: str
    width: int
    height: int
    created_at: float

    @property
    def path(self) -> str:
        """The path under `/file/bot<token>/`."""
        return f"files/{self.id}/{re.sub(r'[^A-Za-z0-9._-]', '_', self.name)}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A stored file with its content."""

    file: Kept
    content: bytes


class FileStore(Protocol):
    """Keeps files."""

    async def put(self, file: Kept, content: bytes) -> None:
        """Store a file."""
        ...

    async def find(self, id_: str) -> Kept | None:
        """A file without its content."""
        ...

    async def content(self, id_: str) -> bytes | None:
        """A file's content."""
        ...


class Looks(Protocol):
    """Looks into files and fetches them from elsewhere."""

    async def look(self, content: bytes) -> tuple[str | None, int, int]:
        """Type by content, and width and height of a picture (0 for anything else)."""
        ...

    async def download(self, url: str, most: int) -> tuple[str, str, bytes]:
        """Name, stated type and content behind a public address."""
        ...


class Files:
    """Files of a workspace's bots."""

    def __init__(self, store: FileStore, looks: Looks) -> None:
        self._store, self._looks = store, looks

    async def put(self, workspace: int, owner: int, name: str, stated: str, content: bytes) -> Kept:
        """Store a file.

        Raises:
            TooLarge: nothing was stored.
        """
        if len(content) > MAX_FILE_BYTES:
            raise TooLarge(f"A file has at most {MAX_FILE_BYTES} bytes.")
        found, width, height = await self._looks.look(content)
        plain = stated if re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", stated) else ""
        type_ = found or plain or "application/octet-stream"
        shown = re.sub(r"[\x00-\x1f/\\]", "_", name).strip()[-MAX_NAME_CHARS:] or "file"
        digest = hashlib.sha256(content).hexdigest()
        # The digest is part of the id, so that nobody can guess the id of a file that he has not seen.
        id_ = f"f{new_id():x}{digest[:24]}"
        kept = Kept(id_, workspace, owner, shown, type_, len(content), digest, width, height, time.time())
        await self._store.put(kept, content)
        return kept

    async def is_picture(self, content: bytes, types: frozenset[str]) -> bool:
        """Whether this is a picture of one of these types."""
        found, width, _ = await self._looks.look(content)
        return found in types and width > 0

    async def find(self, id_: str) -> Kept | None:
        """A file by its id."""
        return await self._store.find(id_) if re.fullmatch(r"f[0-9a-f]{20,64}", id_) else None

    async def fetch(self, principal: Principal, path: str) -> Fetched:
        """A file by its path, within the bot's workspace.

        Raises:
            NotFound: there is none.
        """
        parts = path.split("/")
        kept = await self.find(parts[1]) if len(parts) == 3 and parts[0] == "files" else None
        if kept is None or kept.workspace != principal.workspace or kept.path != path:
            raise NotFound("There is no such file.")
        return await self.read(kept)

    async def read(self, kept: Kept) -> Fetched:
        """A file with its content."""
        content = await self._store.content(kept.id)
        if content is None:
            raise NotFound("There is no such file.")
        return Fetched(kept, content)

    async def download(self, url: str) -> tuple[str, str, bytes]:
        """Name, stated type and content behind a public address."""
        return await self._looks.download(url, MAX_FILE_BYTES)
