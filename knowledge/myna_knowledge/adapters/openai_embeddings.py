"""Embeddings from any OpenAI-compatible endpoint."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from myna.errors import MynaError
from myna.personal_data import Kind, replaced
from myna_knowledge.vectors import Vectors

BATCH = 64
TIMEOUT_S = 20.0
RETRIES = 2
PERSONAL = (Kind.EMAIL, Kind.PHONE, Kind.CARD, Kind.ACCOUNT, Kind.RESIDENT)
"""What never leaves in a question. Order and product numbers stay: what is looked for may be called so."""


class OpenAIEmbeddings:
    """`Embedder` over `POST {url}/embeddings`. E5 models by name get the prefixes they were trained with.

    Guarantee: no e-mail address and no telephone, card, account or identity number of a question is sent; passages are sent
    as they are.
    """

    def __init__(self, model: str, url: str, key: str) -> None:
        self.name = f"openai/{model}"
        self.dimensions = 0
        self._model, self._url, self._key = model, url, key
        self._e5 = "e5" in model.lower().replace("-", "/").replace("_", "/").split("/")
        self._client: Any = None

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        parts = [await self._embed(texts[at : at + BATCH], "passage: ") for at in range(0, len(texts), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), dtype=np.float32)

    async def embed_query(self, text: str) -> Vectors:
        vector: Vectors = (await self._embed([replaced(text, _shown, PERSONAL)], "query: "))[0]
        return vector

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        from openai import OpenAIError

        wanted = [f"{prefix}{text}" if self._e5 else text for text in texts]
        try:
            answer = await self._opened().embeddings.create(
                model=self._model, input=wanted, encoding_format="float", timeout=TIMEOUT_S
            )
        except OpenAIError as error:
            raise MynaError(
                f"Embedding by {self.name!r} failed: {error}", status=502, code="embedder_failed"
            ) from error
        rows = sorted(answer.data, key=lambda row: row.index)
        matrix = np.array([row.embedding for row in rows], dtype=np.float32)
        if matrix.ndim != 2 or len(matrix) != len(texts) or not np.isfinite(matrix).all():
            raise MynaError(
                f"{self.name!r} gave no vector for each text.", status=502, code="embedder_failed"
            )
        self.dimensions = matrix.shape[1]
        lengths = np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
        unit: Vectors = matrix / lengths
        return unit

    def _opened(self) -> Any:
        if self._client is None:
            from openai import AsyncOpenAI

            # The SDK refuses an empty key, though local endpoints need none.
            self._client = AsyncOpenAI(base_url=self._url, api_key=self._key or "none", max_retries=RETRIES)
        return self._client


def _shown(kind: Kind, _: str) -> str:
    return f"[{kind}]"
