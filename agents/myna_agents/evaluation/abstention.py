"""`myna eval abstention`: does it know what it does not know."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myna_agents.evaluation.cases import Asked, Cases, read_cases, shuffled, standing
from myna_agents.evaluation.report import Measured, Report, auroc, mean, percentiles
from myna_agents.evaluation.retrieval import declare_embedding, languages, settings_of
from myna_knowledge.model import Retrieval

CURVE = 21


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    asked: Asked
    answerable: bool
    confidence: float
    answered: bool
    right: bool
    """The first passage is a relevant one."""


class AbstentionKind:
    """Judges the confidence and the threshold."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """The options of every kind that ingests passages."""
        declare_embedding(parser)

    async def judge(self, file: Path, options: argparse.Namespace) -> Report:
        """Ask every question of a base that lacks the passages of half of them; see `figures`."""
        cases = read_cases(file, seed=options.seed, limit=options.limit)
        removed = taken_out(cases, options.seed)
        kept = {key: draft for key, draft in cases.passages.items() if key not in removed}
        outcomes: list[Outcome] = []
        threshold = 0.0
        took: list[float] = []
        async with standing(kept, embedder=options.embedder, cache=options.cache) as stand:
            for asked in cases.questions:
                started = time.perf_counter()
                found = await stand.library.retrieve([stand.base], asked.text)
                took.append((time.perf_counter() - started) * 1000)
                first = stand.passage_of[found.passages[0].source] if found.passages else None
                outcomes.append(_outcome(asked, asked.relevant - removed, found, first))
                threshold = found.threshold
            calibration = await stand.library.calibration(stand.base)
        return Report(
            file=file.name,
            kind="abstention",
            n=len(outcomes),
            metrics=figures(outcomes),
            latency_ms=percentiles(took),
            settings=settings_of(options)
            | {
                "passages": len(kept),
                "removed": len(removed),
                "threshold": round(threshold, 4),
                "calibrated_on": calibration.sample if calibration else 0,
            },
            by_language={
                lang: figures([one for one in outcomes if one.asked.lang == lang])
                for lang in languages(cases.questions)
            },
            details={"risk_coverage": curve(outcomes)},
        )


def taken_out(cases: Cases, seed: int) -> frozenset[str]:
    """The passages to remove: those of randomly drawn questions, until half of all questions have none left.

    None where the file says itself which questions can be answered.
    """
    if any(asked.answerable is not None for asked in cases.questions):
        return frozenset()
    order = shuffled(cases.questions, seed)
    removed: set[str] = set()
    left = len(order)
    for asked in order:
        if left * 2 <= len(order):
            break
        if asked.relevant - removed:
            removed |= asked.relevant
            left = sum(1 for each in order if each.relevant - removed)
    return frozenset(removed)


def _outcome(asked: Asked, relevant: frozenset[str], found: Retrieval, first: str | None) -> Outcome:
    answerable = asked.answerable if asked.answerable is not None else bool(relevant)
    return Outcome(asked, answerable, found.confidence, found.answerable, first in relevant)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Measured]:
    """The figures of some questions.

    AUROC: of the confidence, answerable against unanswerable questions. answered: share of the answerable ones that are
    answered; answered_right: with a relevant passage first. wrong: share of the unanswerable ones that are answered all
    the same (what the operator's bound is about). wrong_of_answers: share of all answers that rest on no relevant
    passage. precision, recall: of "I don't know", against unanswerable. AURC: mean risk over all coverages
    (Geifman & El-Yaniv 2017); lower is better.
    """
    good = [one for one in outcomes if one.answerable]
    bad = [one for one in outcomes if not one.answerable]
    scores = np.array([one.confidence for one in outcomes])
    labels = np.array([one.answerable for one in outcomes], dtype=bool)
    return {
        "AUROC": auroc(scores, labels),
        "answered": mean([float(one.answered) for one in good]),
        "answered_right": mean([float(one.answered and one.right) for one in good]),
        "wrong": mean([float(one.answered) for one in bad]),
        "wrong_of_answers": mean(
            [float(not (one.answerable and one.right)) for one in outcomes if one.answered]
        ),
        "precision": mean([float(not one.answerable) for one in outcomes if not one.answered]),
        "recall": mean([float(not one.answered) for one in bad]),
        "AURC": mean(_risks(outcomes)),
    }


def _risks(outcomes: Sequence[Outcome]) -> list[float]:
    """Share of wrong answers among the n surest questions, for every n."""
    ranked = sorted(outcomes, key=lambda one: -one.confidence)
    wrong = np.cumsum([not (one.answerable and one.right) for one in ranked])
    return [float(risk) for risk in wrong / np.arange(1, len(ranked) + 1)] if ranked else []


def curve(outcomes: Sequence[Outcome]) -> list[dict[str, float]]:
    """Risk at even steps of coverage."""
    risks = _risks(outcomes)
    if not risks:
        return []
    last = min(CURVE, len(risks)) - 1
    steps = [1 + round(step * (len(risks) - 1) / max(last, 1)) for step in range(last + 1)]
    return [{"coverage": round(at / len(risks), 4), "risk": round(risks[at - 1], 4)} for at in steps]


KIND = AbstentionKind()
