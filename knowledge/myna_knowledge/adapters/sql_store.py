"""The durable store of the knowledge base over one database."""

import json
import time

from sqlalchemy import delete, insert, select
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.sql_care import CARE, SqlCare, put_care
from myna_knowledge.adapters.sql_catalog import SqlCatalog
from myna_knowledge.adapters.sql_conversations import SqlConversations
from myna_knowledge.adapters.sql_jobs import SqlJobs
from myna_knowledge.adapters.sql_pieces import SqlPieces
from myna_knowledge.adapters.tables import CalibrationRow, table
from myna_knowledge.model import Calibration
from myna_knowledge.ports import Store

CALIBRATION = table(CalibrationRow)


class SqlCalibrations:
    """`Calibrations` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, base: int, embedder: str) -> Calibration | None:
        query = select(CALIBRATION.c.data).where(
            CALIBRATION.c.base == base, CALIBRATION.c.embedder == embedder
        )
        found = await self._database.all(query)
        if not found:
            return None
        values = json.loads(found[0].data)
        lists = {name: tuple(values.get(name, ())) for name in ("curve", "unanswerable", "answerable")}
        return Calibration(embedder=embedder, **{**values, **lists})

    async def save(self, base: int, version: int, calibration: Calibration) -> None:
        row = {
            "base": base,
            "embedder": calibration.embedder,
            "version": version,
            "data": json.dumps(calibration.as_json()),
            "changed_at": time.time(),
        }
        same = (CALIBRATION.c.base == base) & (CALIBRATION.c.embedder == calibration.embedder)
        async with self._database.write() as connection:
            await connection.execute(delete(CALIBRATION).where(same))
            await connection.execute(insert(CALIBRATION).values(row))

    async def bound(self, base: int) -> float | None:
        query = select(CARE.c.wrong).where(CARE.c.base == base)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def choose(self, base: int, wrong: float | None) -> None:
        async with self._database.write() as connection:
            await put_care(connection, base, {"wrong": wrong})


def sql_store(database: Database) -> Store:
    """The store over this database; its tables must exist."""
    return Store(
        SqlCatalog(database),
        SqlJobs(database),
        SqlPieces(database),
        SqlCalibrations(database),
        SqlCare(database),
        SqlConversations(database),
    )


async def create_tables(database: Database) -> None:
    """Make the tables in an empty scratch database; a server's database is migrated instead."""
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
