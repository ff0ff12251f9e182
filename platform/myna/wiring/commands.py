"""What commands open of a server's data, beside a server that may be running."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.errors import MynaError
from myna.model.workspace import WorkspaceRole
from myna.rights import Principal
from myna.settings import Settings
from myna.wiring.backends import build_imports, kept_blobs, open_database
from myna.wiring.core import build_core

if TYPE_CHECKING:
    from myna_knowledge.imports.service import Imports
    from myna_knowledge.library import Library


@dataclass(frozen=True, slots=True)
class OpenedKnowledge:
    """A library for a command, and the workspace it works in."""

    library: "Library"
    workspace: int


@asynccontextmanager
async def opened_knowledge() -> AsyncGenerator[OpenedKnowledge, None]:
    """The knowledge of the first workspace, beside a server that may be running.

    Chroma's folder belongs to the server: a command searches exactly, and the server takes up what it stored.
    """
    from myna_knowledge.opening import open_library

    settings = Settings.from_env()
    database = await open_database(settings)
    index = settings.index_url if settings.index_url.startswith("http") else "exact:"
    library = open_library(
        database,
        index=index,
        embedder=settings.embedder,
        key=settings.model_key,
        private_sources=settings.private_sources,
    )
    try:
        workspace = await SqlAccounts(database).first_workspace()
        if workspace is None:
            raise MynaError("There is no workspace yet: start `myna serve` once.", code="no_workspace")
        yield OpenedKnowledge(library, workspace.id)
    finally:
        await library.close()
        await database.close()


@dataclass(frozen=True, slots=True)
class OpenedImports:
    """Imports for a command, done in the name of the workspace's first owner."""

    imports: "Imports"
    library: "Library"
    who: Principal


@asynccontextmanager
async def opened_imports() -> AsyncGenerator[OpenedImports, None]:
    """The imports of the first workspace, beside a server that may be running.

    Raises:
        MynaError: there is no workspace or no owner yet.
    """
    settings = Settings.from_env()
    async with AsyncExitStack() as stack:
        knowledge = await stack.enter_async_context(opened_knowledge())
        database = await open_database(settings)
        services = await stack.enter_async_context(build_core(settings, database, None).running())
        people = await services.accounts.humans(knowledge.workspace, 1000)
        owner = next((each for each in people if each.role is WorkspaceRole.OWNER), None)
        if owner is None:
            raise MynaError("There is no owner yet: start `myna serve` once.", code="no_workspace")
        imports = build_imports(services, database, knowledge.library, kept_blobs(stack, settings))
        who = Principal(owner.id, knowledge.workspace, owner.kind, owner.role)
        yield OpenedImports(imports, knowledge.library, who)
