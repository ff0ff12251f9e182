"""What happens when the vector index loses, tears or forgets: exact search serves, and the index is rebuilt."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.chroma import ChromaIndex
from myna_knowledge.adapters.exact import ExactIndex
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.ports import Hit, collection_name
from myna_knowledge.vectors import Vectors
from support.fake_embedder import WordEmbedder

NAME = "words/1"


class Counted(ExactIndex):
    """An index that counts its answers and fails or lies on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.broken = False

    async def query(self, collection: str, vector: Vectors, k: int) -> list[Hit]:
        if self.broken:
            raise OSError("torn")
        self.answers += 1
        return await super().query(collection, vector, k)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url)
    async with opened.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield opened
    await opened.close()


async def filled(library: Library, *, count: int = 12) -> int:
    base = (await library.create_base(1, "Help")).id
    for number in range(count):
        text = f"# Page {number}\n\nThing{number} stands in room{number}.\n"
        await library.add(base, SourceDraft(SourceKind.FILE, filename=f"{number}.md", content=text.encode()))
    await library.drain()
    return base


async def right(library: Library, base: int) -> bool:
    found = await library.retrieve([base], "thing7 room7")
    return found.passages[0].title == "Page 7" and found.features["cosine"] > 0.5


async def test_the_index_answers_once_it_was_found_whole(database: Database) -> None:
    index = Counted()
    library = Library(sql_store(database), WordEmbedder(), index)
    base = await filled(library)
    assert await right(library, base)
    await library.drain()
    probes = index.answers
    assert await right(library, base)
    assert index.answers == probes + 1


async def test_a_failing_index_is_replaced_by_exact_search_and_rebuilt(database: Database) -> None:
    index = Counted()
    library = Library(sql_store(database), WordEmbedder(), index)
    base = await filled(library)
    await right(library, base)
    await library.drain()
    index.broken = True
    assert await right(library, base)
    index.broken = False
    await library.drain()
    asked = index.answers
    assert await right(library, base)
    assert index.answers == asked + 1


async def test_an_index_that_lost_points_is_found_out_by_its_answers(database: Database) -> None:
    index = Counted()
    library = Library(sql_store(database), WordEmbedder(), index)
    base = await filled(library)
    await right(library, base)
    await library.drain()
    await index.drop(collection_name(base, "en", NAME))
    assert await right(library, base)
    await library.drain()
    assert await index.count(collection_name(base, "en", NAME)) == 12


async def test_an_index_that_holds_other_vectors_is_rebuilt(database: Database) -> None:
    index = Counted()
    store = sql_store(database)
    library = Library(store, WordEmbedder(), index)
    base = await filled(library)
    name = collection_name(base, "en", NAME)
    points = await store.pieces.points(base, NAME, 0, 100)
    turned = [type(each)(each.chunk, each.version, each.lang, -each.vector) for each in points]
    await index.upsert(name, turned)
    reopened = Library(store, WordEmbedder(), index)
    assert await right(reopened, base)
    await reopened.drain()
    assert await right(reopened, base)
    assert (await index.query(name, points[3].vector, 1))[0].chunk == points[3].chunk


async def test_a_deleted_chroma_folder_is_rebuilt_while_exact_search_serves(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "chroma"
    first = Library(sql_store(database), WordEmbedder(), ChromaIndex(folder=str(folder)))
    base = await filled(first)
    await right(first, base)
    await first.drain()
    assert await right(first, base)
    await first.close()
    shutil.rmtree(folder)
    index = ChromaIndex(folder=str(folder))
    second = Library(sql_store(database), WordEmbedder(), index)
    assert await right(second, base)
    await second.drain()
    assert await index.count(collection_name(base, "en", NAME)) == 12
    assert await right(second, base)
    await second.close()


@pytest.mark.parametrize("torn", ["chroma.sqlite3", "vectors"])
async def test_a_corrupted_chroma_folder_is_rebuilt(database: Database, tmp_path: Path, torn: str) -> None:
    folder = tmp_path / "chroma"
    first = Library(sql_store(database), WordEmbedder(), ChromaIndex(folder=str(folder)))
    base = await filled(first)
    await first.close()
    if torn == "chroma.sqlite3":
        (folder / torn).write_bytes(b"not a database" * 500)
    else:
        for part in folder.rglob("*.bin"):
            part.write_bytes(b"\xff" * 64)
    index = ChromaIndex(folder=str(folder))
    second = Library(sql_store(database), WordEmbedder(), index)
    assert await right(second, base)
    await second.drain()
    assert await right(second, base)
    assert await index.count(collection_name(base, "en", NAME)) == 12
    await second.close()
