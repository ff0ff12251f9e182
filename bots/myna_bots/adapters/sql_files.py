"""Bots' files in SQL, and a look into them with Pillow and filetype."""

import asyncio
import io
from urllib.parse import unquote, urlsplit

from sqlalchemy import RowMapping, insert, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.errors import MynaError
from myna_bots.adapters.egress import GuardedEgress
from myna_bots.adapters.tables import BotFileRow
from myna_bots.host.files import Kept

FILE = table(BotFileRow)
_COLUMNS = [column for column in FILE.c if column.name != "content"]
MAX_PIXELS = 50_000_000
"""Pictures with more are not measured: a small file can unpack to gigabytes."""
DOWNLOAD_S = 20.0


class SqlFiles:
    """`FileStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, file: Kept, content: bytes) -> None:
        values = {name: getattr(file, name) for name in Kept.__dataclass_fields__}
        async with self._database.write() as connection:
            await connection.execute(insert(FILE).values({**values, "content": content}))

    async def find(self, id_: str) -> Kept | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(*_COLUMNS).where(FILE.c.id == id_))).mappings().first()
        return None if row is None else _kept(row)

    async def content(self, id_: str) -> bytes | None:
        async with self._database.read() as connection:
            return (await connection.execute(select(FILE.c.content).where(FILE.c.id == id_))).scalar()


class FileLooks:
    """`Looks`."""

    def __init__(self, egress: GuardedEgress) -> None:
        self._egress = egress

    async def look(self, content: bytes) -> tuple[str | None, int, int]:
        return await asyncio.to_thread(_look, content)

    async def download(self, url: str, most: int) -> tuple[str, str, bytes]:
        answer = await self._egress.get(url, DOWNLOAD_S, most)
        if not 200 <= answer.status < 300:
            raise MynaError(f"The address answered {answer.status}.", status=400, code="download_failed")
        return unquote(urlsplit(url).path.rpartition("/")[2]) or "file", answer.type, answer.body


def _look(content: bytes) -> tuple[str | None, int, int]:
    import filetype  # it ships no types
    from PIL import Image

    kind = filetype.guess(content)
    type_ = None if kind is None else str(kind.mime)
    if type_ is None or not type_.startswith("image/"):
        return type_, 0, 0
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except Exception:
        # Whatever Pillow raises for a damaged picture: it is then a file like any other.
        return type_, 0, 0
    return type_, *((width, height) if width * height <= MAX_PIXELS else (0, 0))


def _kept(row: RowMapping) -> Kept:
    return Kept(**{name: row[name] for name in Kept.__dataclass_fields__})
