"""Files, blobs and uses on both databases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, delete, exists, insert, or_, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.content import BlobRow, FileRow, FileUseRow
from myna.adapters.sql.tables.conversations import ConversationRow, MemberRow
from myna.adapters.sql.tables.messages import HiddenRow
from myna.model.conversation import ConversationKind
from myna.model.message import File, FileState

_file = table(FileRow)
_blob = table(BlobRow)
_use = table(FileUseRow)
_member = table(MemberRow)
_conversation = table(ConversationRow)
_hidden = table(HiddenRow)
GRACE_S = 24 * 3600.0
"""How long an upload may rest, and a file may be without a message, before it is collected."""


class SqlFiles:
    """Rows of files. Counting references and forgetting files happens in one transaction each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, file: File) -> None:
        """Store a new, still empty file."""
        async with self._database.write() as connection:
            await connection.execute(insert(_file).values(_row(file, file.created_at)))

    async def find(self, file: int, workspace: int) -> File | None:
        """A file of the workspace."""
        found = await self._all(select(_file).where(_file.c.id == file, _file.c.workspace == workspace))
        return _file_of(found[0]) if found else None

    async def owned(self, files: Sequence[int], user: int, workspace: int) -> list[File]:
        """Those of the files that are complete and the user's own."""
        query = select(_file).where(
            _file.c.id.in_(files),
            _file.c.user == user,
            _file.c.workspace == workspace,
            _file.c.state == FileState.READY.value,
        )
        return [_file_of(row) for row in await self._all(query)]

    async def advance(self, file: int, offset: int, size: int, part: str) -> bool:
        """Append a part of `size` bytes at `offset`; False when the upload is elsewhere by now."""
        async with self._database.write() as connection:
            query = select(_file).where(_file.c.id == file).with_for_update()
            row = (await connection.execute(query)).first()
            if row is None or row.received != offset or row.state != FileState.UPLOADING.value:
                return False
            parts = [*rows.from_json(row.parts), part]
            values = {"received": offset + size, "parts": rows.to_json(parts)}
            await connection.execute(update(_file).where(_file.c.id == file).values(values))
        return True

    async def complete(self, file: File, blobs: Mapping[str, tuple[str, int]], now: float) -> list[str]:
        """Store a file as complete, referring to blobs, digest to (key, size). The keys that are not needed: known already."""
        spare: list[str] = []
        async with self._database.write() as connection:
            query = select(_file.c.state).where(_file.c.id == file.id).with_for_update()
            row = (await connection.execute(query)).first()
            if row is None or row.state != FileState.UPLOADING.value:
                return [key for key, _ in blobs.values()]
            for digest, (key, size) in sorted(blobs.items()):
                known = select(_blob.c.refs).where(_blob.c.digest == digest).with_for_update()
                if (await connection.execute(known)).first() is not None:
                    more = update(_blob).where(_blob.c.digest == digest).values(refs=_blob.c.refs + 1)
                    await connection.execute(more)
                    spare.append(key)
                else:
                    values = {"digest": digest, "key": key, "size": size, "refs": 1}
                    await connection.execute(insert(_blob).values(values))
            await connection.execute(
                update(_file).where(_file.c.id == file.id).values(_row(replace(file, parts=()), now))
            )
        return spare

    async def blob(self, digest: str) -> tuple[str, int] | None:
        """Key and size of a blob."""
        found = await self._all(select(_blob.c.key, _blob.c.size).where(_blob.c.digest == digest))
        return (found[0][0], found[0][1]) if found else None

    async def visible(self, file: int, user: int, operator_of: int | None) -> bool:
        """Whether a message with the file is above the user's floor, or in a support conversation that it operates."""
        hidden = exists().where(
            _hidden.c.user == user,
            _hidden.c.conversation == _use.c.conversation,
            _hidden.c.seq == _use.c.seq,
        )
        mine = and_(
            _member.c.user.is_not(None),
            _use.c.seq >= _member.c.from_seq,
            _use.c.seq > _member.c.deleted_to,
            ~hidden,
        )
        seen = mine
        if operator_of is not None:
            seen = or_(
                mine,
                and_(
                    _conversation.c.workspace == operator_of,
                    _conversation.c.kind == ConversationKind.SUPPORT.value,
                ),
            )
        seat = and_(
            _member.c.conversation == _use.c.conversation,
            _member.c.user == user,
            _member.c.to_seq.is_(None),
        )
        query = (
            select(_use.c.file)
            .join(_conversation, _conversation.c.id == _use.c.conversation)
            .outerjoin(_member, seat)
            .where(_use.c.file == file, _use.c.seq > _conversation.c.retained_through, seen)
            .limit(1)
        )
        return bool(await self._all(query))

    async def collect(self, now: float, limit: int) -> list[str]:
        """Forget files that no message carries any more, and uploads that stopped; the keys that can be deleted."""
        used = exists().where(_use.c.file == _file.c.id)
        old = and_(_file.c.used_at < now - GRACE_S, ~used)
        keys: list[str] = []
        async with self._database.write() as connection:
            query = select(_file).where(old).order_by(_file.c.used_at).limit(limit)
            for row in (await connection.execute(query)).all():
                # A send that came in between has moved `used_at`, and the file stays.
                gone = await connection.execute(delete(_file).where(_file.c.id == row.id, old))
                if not gone.rowcount:
                    continue
                keys += rows.from_json(row.parts)
                for digest in {row.digest, row.thumbnail} - {None}:
                    keys += await self._released(connection, str(digest))
        return keys

    async def _released(self, connection: Any, digest: str) -> list[str]:
        left = update(_blob).where(_blob.c.digest == digest).values(refs=_blob.c.refs - 1)
        await connection.execute(left)
        query = select(_blob.c.key).where(_blob.c.digest == digest, _blob.c.refs <= 0)
        keys = [row.key for row in (await connection.execute(query)).all()]
        if keys:
            await connection.execute(delete(_blob).where(_blob.c.digest == digest))
        return keys

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.all(query)


def _row(file: File, used_at: float) -> dict[str, Any]:
    return {
        "id": file.id,
        "workspace": file.workspace,
        "user": file.user,
        "name": file.name,
        "size": file.size,
        "state": file.state.value,
        "received": file.received,
        "parts": rows.to_json(file.parts),
        "type": file.type,
        "digest": file.digest,
        "thumbnail": file.thumbnail,
        "width": file.width,
        "height": file.height,
        "created_at": file.created_at,
        "used_at": used_at,
        "duration_s": file.duration_s,
        "codes": rows.to_json(file.codes),
    }


def _file_of(row: Any) -> File:
    return File(
        id=row.id,
        workspace=row.workspace,
        user=row.user,
        name=row.name,
        size=row.size,
        state=FileState(row.state),
        received=row.received,
        parts=tuple(rows.from_json(row.parts)),
        type=row.type,
        digest=row.digest,
        thumbnail=row.thumbnail,
        width=row.width,
        height=row.height,
        created_at=row.created_at,
        duration_s=row.duration_s,
        codes=tuple(rows.from_json(row.codes)),
    )
