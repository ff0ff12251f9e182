"""The composition root's doors to what keeps data: database, bus, files, and what moves in from other systems."""

import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from myna.adapters.blob_local import LocalBlobs
from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.helpdesk import SqlHelpdesk
from myna.adapters.sql.migrate import migrate, renew_epoch
from myna.ports.bus import Bus
from myna.ports.content import Blobs
from myna.services import Services
from myna.settings import Settings

if TYPE_CHECKING:
    from myna_knowledge.imports.service import Imports
    from myna_knowledge.library import Library

logger = logging.getLogger(__name__)


async def open_database(settings: Settings) -> Database:
    """The database at its newest schema."""
    if settings.database_url.startswith("sqlite"):
        # The database holds what people wrote: a folder that is made here is for the server's user alone.
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database_url)
    version = await migrate(database)
    logger.info("database schema %s", version)
    return database


async def renew_log(database: Database) -> None:
    """Make clients begin anew after a restored backup."""
    await renew_epoch(database)


def open_bus(settings: Settings) -> Bus:
    """The bus that the settings name."""
    if settings.bus == "memory:":
        from myna.adapters.bus_memory import MemoryBus

        return MemoryBus()
    from myna.adapters.bus_redis import RedisBus

    return RedisBus(settings.bus)


def open_blobs(settings: Settings) -> Blobs:
    """The store of files that the settings name."""
    if settings.files.startswith("s3://"):
        from myna.adapters.blob_s3 import S3Blobs

        return S3Blobs(settings.files, settings.files_key, settings.files_secret)
    return LocalBlobs(Path(settings.files) if settings.files else settings.data_dir / "files")


def kept_blobs(stack: AsyncExitStack, settings: Settings) -> Blobs:
    """The same, closed with a stack."""
    blobs = open_blobs(settings)
    stack.push_async_callback(blobs.close)
    return blobs


def build_imports(services: Services, database: Database, library: "Library", blobs: Blobs) -> "Imports":
    """What other systems exported, on its way in."""
    from myna_knowledge.imports.bringing import Desk
    from myna_knowledge.imports.service import Imports
    from myna_knowledge.opening import open_import_store

    desk = Desk(
        open_import_store(database),
        services.service,
        SqlHelpdesk(database),
        services.committer,
        library,
    )
    return Imports(desk, blobs, services.accounts, services.visitors.store)
