"""A small deterministic embedder: texts that share words are near each other. It passes the port's contract suite."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from myna_knowledge.text import topic_terms
from myna_knowledge.vectors import Vectors


class WordEmbedder:
    """`Embedder` by hashed words. `asked` keeps every text that was embedded as a passage, in order."""

    name = "words/1"
    dimensions = 128

    def __init__(self, *, interrupt: Callable[[int], None] | None = None) -> None:
        self.asked: list[str] = []
        self._interrupt = interrupt

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            self.asked.append(text)
            if self._interrupt is not None:
                self._interrupt(len(self.asked))
        return np.stack([_vector(text) for text in texts]) if texts else np.zeros((0, 128), dtype=np.float32)

    async def embed_query(self, text: str) -> Vectors:
        return _vector(text)

    async def close(self) -> None:
        return


def _vector(text: str) -> Vectors:
    total = np.full(128, 0.05, dtype=np.float32)
    for term in topic_terms(text) or [text]:
        digest = hashlib.sha256(term.encode()).digest()
        total += np.random.default_rng(int.from_bytes(digest[:8])).normal(size=128).astype(np.float32)
    unit: Vectors = total / np.linalg.norm(total)
    return unit
