"""An embedder that keeps what it computed in a file, so that an evaluation run twice embeds once."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from myna_knowledge.ports import Embedder
from myna_knowledge.vectors import Vectors


class CachedEmbeddings:
    """`Embedder` before another one. The file may be shared by runs, one after the other, and deleted at any time.

    Vectors are kept under the digest of the model's name, the role (question or passage) and the whole text.
    """

    def __init__(self, inner: Embedder, file: Path) -> None:
        self._inner = inner
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(file, isolation_level=None, timeout=30)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB) STRICT")

    @property
    def name(self) -> str:
        """The inner embedder's name: cached vectors are its own."""
        return self._inner.name

    @property
    def dimensions(self) -> int:
        """The inner embedder's."""
        return self._inner.dimensions

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As the inner embedder; only what is unknown is computed."""
        digests = [self._digest("passage", text) for text in texts]
        known = {digest: vector for digest in digests if (vector := self._load(digest)) is not None}
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if missing:
            computed = await self._inner.embed_passages(list(missing.values()))
            for digest, vector in zip(missing, computed, strict=True):
                known[digest] = vector
                self._save(digest, vector)
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([known[digest] for digest in digests])

    async def embed_query(self, text: str) -> Vectors:
        """As the inner embedder."""
        digest = self._digest("query", text)
        known = self._load(digest)
        if known is None:
            known = await self._inner.embed_query(text)
            self._save(digest, known)
        return known

    async def close(self) -> None:
        """Close the file and the inner embedder."""
        self._file.close()
        await self._inner.close()

    def _digest(self, role: str, text: str) -> bytes:
        return hashlib.sha256(f"{self._inner.name}\0{role}\0{text}".encode()).digest()

    def _load(self, digest: bytes) -> Vectors | None:
        row = self._file.execute("SELECT vector FROM vectors WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype=np.float32)

    def _save(self, digest: bytes, vector: Vectors) -> None:
        blob = np.asarray(vector, dtype=np.float32).tobytes()
        self._file.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (digest, blob))
