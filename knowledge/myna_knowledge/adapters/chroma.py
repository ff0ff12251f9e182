"""Chroma as vector index: a folder owned by this process, or a server. Both may lose everything and be rebuilt."""

import asyncio
import shutil
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from myna.errors import MynaError
from myna_knowledge.ports import Hit, Point
from myna_knowledge.vectors import Vectors

T = TypeVar("T")

TIMEOUT_S = 20.0
OPEN_TIMEOUT_S = 600.0
"""For the first query of a collection, and for whatever waits behind it: Chroma replays its log then. 20 s for 100,000 points."""
UPSERT_BATCH = 1000
SYNC_THRESHOLD = 1_000_000
"""Points between two flushes of the graph to disk. A kill during a flush lost the vectors for good in 4 of 4 trials;
without one the log is replayed at opening (1.4 s for 1,400 points)."""
HNSW: dict[str, int | str] = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 800,
    "max_neighbors": 32,
    "batch_size": 1000,
    "sync_threshold": SYNC_THRESHOLD,
}
"""Wider than the defaults, which found half of the true neighbours among 100,000 points in a hard case. Of the ten nearest
of 100,000 sections (`bench/large_base.py`) a search of width 256 finds 0.93 in 2.0 ms (p95), of 512 0.97 in 3.2, of 800 0.99
in 4.2."""


class ChromaIndex:
    """`Index` over Chroma. All calls run in one thread: the library blocks, and a folder has one owner.

    Vectors are always ours: a collection has no embedding function, for Chroma's own would ask the network.
    """

    def __init__(self, *, folder: str | None = None, url: str | None = None) -> None:
        if (folder is None) == (url is None):
            raise MynaError("Chroma needs a folder or a URL, not both.", code="bad_setting")
        self._folder, self._url = folder, url
        self.shared = url is not None
        """Whether other processes fill the same collections."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chroma")
        self._client: Any = None
        self._open: dict[str, Any] = {}
        self._replayed: set[str] = set()
        self._replaying = 0

    async def upsert(self, collection: str, points: Sequence[Point]) -> None:
        for at in range(0, len(points), UPSERT_BATCH):
            some = points[at : at + UPSERT_BATCH]
            await self._run(partial(self._upsert, collection, some))

    async def delete(self, collection: str, chunks: Sequence[int]) -> None:
        if chunks:
            ids = [str(chunk) for chunk in chunks]
            await self._run(lambda: self._collection(collection).delete(ids=ids))

    async def query(self, collection: str, vector: Vectors, k: int) -> list[Hit]:
        if collection in self._replayed:
            return await self._run(lambda: self._query(collection, vector, k))
        self._replaying += 1
        try:
            hits = await self._run(lambda: self._first_query(collection, vector, k))
        finally:
            self._replaying -= 1
        self._replayed.add(collection)
        return hits

    async def count(self, collection: str) -> int:
        return await self._run(lambda: int(self._collection(collection).count()))

    async def drop(self, collection: str) -> None:
        await self._run(lambda: self._drop(collection))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._thread, _contained, work)
        return await asyncio.wait_for(running, OPEN_TIMEOUT_S if self._replaying else TIMEOUT_S)

    def _connected(self) -> Any:
        if self._client is None:
            import chromadb

            settings = chromadb.config.Settings(anonymized_telemetry=False)
            if self._folder is not None:
                self._client = chromadb.PersistentClient(path=self._folder, settings=settings)
            else:
                parts = urlsplit(self._url or "")
                self._client = chromadb.HttpClient(
                    host=parts.hostname or "127.0.0.1",
                    port=parts.port or (443 if parts.scheme == "https" else 8000),
                    ssl=parts.scheme == "https",
                    settings=settings,
                )
                # The library sets no time limit, and a dead server would hold our only thread for good.
                self._wait_at_most(TIMEOUT_S)
        return self._client

    def _wait_at_most(self, seconds: float) -> None:
        if self._folder is None:
            for session in self._sessions():
                session.timeout = seconds

    def _sessions(self) -> list[Any]:
        """The connections of the client and of the second one it keeps for administration."""
        return [each._server._session for each in (self._client, self._client._admin_client)]

    def _collection(self, name: str) -> Any:
        if name not in self._open:
            collection = self._connected().get_or_create_collection(
                name, embedding_function=None, configuration={"hnsw": HNSW}
            )
            # One that an older version made keeps its own width of search; the graph is as good.
            if (collection.configuration_json.get("hnsw") or {}).get("ef_search") != HNSW["ef_search"]:
                with warnings.catch_warnings():
                    # Chroma warns of collections without an embedding function, as all of ours are.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    collection.modify(configuration={"hnsw": {"ef_search": HNSW["ef_search"]}})
            self._open[name] = collection
        return self._open[name]

    def _upsert(self, name: str, points: Sequence[Point]) -> None:
        self._collection(name).upsert(
            ids=[str(point.chunk) for point in points],
            embeddings=[point.vector for point in points],
            metadatas=[{"version": point.version} for point in points],
        )

    def _query(self, name: str, vector: Vectors, k: int) -> list[Hit]:
        found = self._collection(name).query(
            query_embeddings=[vector], n_results=k, include=["distances", "metadatas"]
        )
        rows = zip(found["ids"][0], found["metadatas"][0], found["distances"][0], strict=True)
        return [
            Hit(int(chunk), int(data["version"]), 1.0 - float(distance)) for chunk, data, distance in rows
        ]

    def _first_query(self, name: str, vector: Vectors, k: int) -> list[Hit]:
        self._connected()
        self._wait_at_most(OPEN_TIMEOUT_S)
        try:
            return self._query(name, vector, k)
        finally:
            self._wait_at_most(TIMEOUT_S)

    def _drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._open.pop(name, None)
        self._replayed.discard(name)
        try:
            self._connected().delete_collection(name)
        except NotFoundError:
            return
        except Exception:
            if self._folder is None:
                raise
            # A torn folder cannot even forget. All of it can be rebuilt, so nothing of it is worth keeping.
            self._close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        self._open.clear()
        self._replayed.clear()
        if self._client is not None:
            if self._folder is None:
                # Closing the client leaves its connections open.
                for session in self._sessions():
                    session.close()
            client, self._client = self._client, None
            client.close()


def _contained(work: Callable[[], T]) -> T:
    """The result of work that may panic: the library's native part raises what `except Exception` does not see."""
    try:
        return work()
    except Exception:
        raise
    except BaseException as error:
        raise MynaError(f"The vector index broke: {error}", code="index_failed") from error
