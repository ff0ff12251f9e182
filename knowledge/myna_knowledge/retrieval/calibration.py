"""How sure is sure enough: features become a probability, and a bound on wrong answers becomes a threshold.

A logistic regression over the features of `ranking.FEATURES`, drawn by a ridge to a shipped prior that was fitted on
public question sets in English and Chinese; the threshold is split-conformal (Vovk et al. 2005; Angelopoulos & Bates
2021, section 1): with n scores of unanswerable questions, the ceil((n + 1)(1 - alpha))-th smallest is exceeded by a new
one with probability at most alpha.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.model import Calibration
from myna_knowledge.retrieval.priors import CENTRES, DENSE_PRIOR, E5_PRIOR, LEXICAL_PRIOR, SCALES, Prior
from myna_knowledge.retrieval.ranking import FEATURES

ALPHA = 0.05
RIDGE = 30.0
"""Strength of the pull to the prior: questions made from a base resemble real ones only so far."""
LEAST_THRESHOLD, GREATEST_THRESHOLD = 0.35, 0.97
"""A base whose made-up questions are too easy or too hard must not answer everything or nothing."""
LEAST_NEGATIVES = 40
"""Below so many unanswerable questions the shipped threshold decides, between here and ten times as many a mean."""
LEAST_POSITIVES = 20
LEAST_ANSWERED = 0.8
"""A threshold under which fewer of the answerable questions made from a base are answered gives way …"""
MOST_WRONG = 0.3
"""… as far as this share of the unanswerable ones. They are made by taking out one answer from among its neighbours, which
is harder than what people ask: at 28 % of them, 10 % of the demo help centre's real unanswerable questions are answered,
5 % of all its questions wrongly, and 60 % instead of 25 % of the answerable ones."""
UNCHECKED = 0.77
"""Least threshold of a base that gives fewer than `LEAST_POSITIVES` questions with the answer in place, such as FAQ of one
wording each: nothing shows there how near a wrong entry may be. The mean of what keeps 5 % in three sets of FAQ that judge
nothing, each left out of the fit: 0.69 and 0.78 in the demo's, English and Chinese, 0.84 in BANKING77 (`bench/fit_prior.py`)."""
LEAST_RIGHT = 0.7
"""No threshold gives way in a base that finds the right section for a smaller share of its own questions: what it would answer
more is mostly wrong. Where the same thing is asked and answered in many entries (BQ, 979 groups of a bank's questions: 0.4) a
bolder threshold let more than half of the unanswerable questions through."""
SURER = ("cosine", "cosine_z", "nearness", "margin", "coverage", "coverage_all", "bm25", "agree")
"""Features of which more can only make an answer likelier."""
NEWTON_STEPS = 25
CURVE_POINTS = 21

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The features of one question and whether its first passage answers it."""

    features: Mapping[str, float]
    answers: bool
    weight: float = 1.0
    group: int = 0
    """Questions of one group (about one section) are never on both sides of a split."""
    unanswerable: bool = False
    """Whether nothing in the base answers, so that any answer would be wrong."""


def prior(embedder: str) -> Calibration:
    """The shipped calibration for an embedder; `none` is retrieval by words alone."""
    shipped = _prior(embedder)
    return Calibration(embedder, dict(shipped.weights), shipped.bias, shipped.threshold, ALPHA, 0)


def confidence(calibration: Calibration, features: Mapping[str, float]) -> float:
    """Probability 0..1 that the first passage answers."""
    total = calibration.bias
    for name, weight in calibration.weights.items():
        total += weight * (features[name] - CENTRES[name]) / SCALES[name]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def strict(calibration: Calibration, wrong: float | None) -> Calibration:
    """The calibration with the threshold of another bound: what the operator chose, or the usual one for None.

    A chosen bound is kept however many questions it silences; the usual one gives way as `_threshold` says. The shipped
    prior knows no scores: there the share of wrong answers is taken to fall by e for each step of the log odds.
    """
    alpha = ALPHA if wrong is None else wrong
    if not calibration.unanswerable:
        shipped = _prior(calibration.embedder).threshold
        if alpha == ALPHA:
            return replace(calibration, alpha=alpha, threshold=shipped)
        odds = shipped / (1 - shipped) * ALPHA / alpha
        return replace(calibration, alpha=alpha, threshold=_within(odds / (1 + odds)))
    hard, good = np.array(calibration.unanswerable), np.array(calibration.answerable)
    gives_way = wrong is None and calibration.right >= LEAST_RIGHT
    found = _threshold(hard, good) if gives_way else _conformal(hard, alpha)
    trust = min(1.0, (len(hard) - LEAST_NEGATIVES) / (9 * LEAST_NEGATIVES) + 0.5)
    shipped = _prior(calibration.embedder).threshold
    # Few questions may not make a base bolder than the shipped threshold, but more careful at once.
    blended = max(found, trust * found + (1 - trust) * shipped) if wrong is None else found
    if len(good) < LEAST_POSITIVES and alpha <= ALPHA:
        blended = max(blended, UNCHECKED)
    return replace(calibration, alpha=alpha, threshold=_within(blended))


def _within(threshold: float) -> float:
    return float(min(max(threshold, LEAST_THRESHOLD), GREATEST_THRESHOLD))


def fit(embedder: str, rows: Sequence[Labelled], wrong: float | None = None) -> Calibration:
    """The calibration for a base whose own questions gave these rows; the prior when there are too few of a kind.

    The threshold comes from scores that each half of the groups gets by weights fitted on the other half; off-topic
    questions, which are easily told, do not count for it. A base that gives no answerable questions keeps the prior's
    weights and gets a threshold of its own.
    """
    shipped = _prior(embedder)
    names = tuple(name for name in FEATURES if name in shipped.weights)
    open_ended = np.array([row.unanswerable for row in rows], dtype=bool)
    negatives = int(open_ended.sum())
    if negatives < LEAST_NEGATIVES:
        return strict(prior(embedder), wrong)
    start = np.array([*(shipped.weights[name] for name in names), shipped.bias])
    x = np.array([[*_scaled(row.features, names), 1.0] for row in rows])
    y = np.array([row.answers for row in rows], dtype=np.float64)
    if y.sum() < LEAST_POSITIVES:
        held_out, solved = _sigmoid(x @ start), start
    else:
        weight = _balanced(y, np.array([row.weight for row in rows]))
        half = np.array([row.group % 2 for row in rows], dtype=bool)
        held_out = np.zeros(len(rows))
        for side in (half, ~half):
            held_out[side] = _sigmoid(x[side] @ _likely(x[~side], y[~side], weight[~side], start, names))
        solved = _likely(x, y, weight, start, names)
    near = np.array([row.unanswerable and row.weight == 1.0 for row in rows], dtype=bool)
    hard = held_out[near if near.sum() >= LEAST_NEGATIVES else open_ended]
    fitted = Calibration(
        embedder=embedder,
        weights={name: float(solved[at]) for at, name in enumerate(names)},
        bias=float(solved[-1]),
        threshold=shipped.threshold,
        alpha=ALPHA,
        sample=len(rows),
        curve=_curve(held_out, y, open_ended),
        unanswerable=_rounded(hard),
        answerable=_rounded(held_out[y == 1]),
        right=float(y[~open_ended].mean()) if y.sum() else 1.0,
    )
    return strict(fitted, wrong)


def _rounded(scores: Array) -> tuple[float, ...]:
    return tuple(round(float(score), 5) for score in np.sort(scores))


def _prior(embedder: str) -> Prior:
    if embedder == "none":
        return LEXICAL_PRIOR
    return E5_PRIOR if embedder.startswith("multilingual-e5-small") else DENSE_PRIOR


def _scaled(features: Mapping[str, float], names: Sequence[str]) -> list[float]:
    return [(features[name] - CENTRES[name]) / SCALES[name] for name in names]


def _balanced(y: Array, weight: Array) -> Array:
    """Weights under which answerable and unanswerable questions count the same; their sum is the number of rows."""
    for side in (y == 1, y == 0):
        weight[side] *= len(y) / (2 * max(weight[side].sum(), 1e-9))
    return weight


def _likely(x: Array, y: Array, weight: Array, start: Array, names: Sequence[str]) -> Array:
    """The weights of greatest penalised likelihood among those in which nothing of `SURER` speaks against an answer.

    Questions made from a base reach only so far: in one whose easiest ones were the wrong ones a wide margin came to speak
    against an answer, and entries asked for nearly word by word, with margins never seen in the fit, got a confidence of 0.04.
    """
    surer = np.array([*(name in SURER for name in names), False])
    solved = _newton(x, y, weight, start)
    silent = np.zeros(len(start), dtype=bool)
    while (turned := surer & (solved < 0)).any():
        silent |= turned
        solved = _newton(np.where(silent, 0.0, x), y, weight, np.where(silent, 0.0, start))
    return solved


def _newton(x: Array, y: Array, weight: Array, start: Array) -> Array:
    """The ridge-penalised maximum likelihood, by Newton's steps from the prior. The bias is pulled a tenth as much."""
    pull = np.full(len(start), RIDGE)
    pull[-1] = RIDGE / 10
    solved = start.copy()
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(x @ solved)
        gradient = x.T @ (weight * (p - y)) + pull * (solved - start)
        hessian = (x * (weight * np.maximum(p * (1 - p), 1e-4))[:, None]).T @ x + np.diag(pull)
        step = np.linalg.solve(hessian, gradient)
        solved = solved - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        if float(np.abs(step).max()) < 1e-6:
            break
    return solved


def _sigmoid(values: Array) -> Array:
    clipped: Array = 1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0)))
    return clipped


def _threshold(negatives: Array, positives: Array) -> float:
    """The threshold that keeps the bound; where that would silence a base that knows, the one that answers
    `LEAST_ANSWERED` of its questions."""
    bound = _conformal(negatives, ALPHA)
    if len(positives) < LEAST_POSITIVES or float((positives >= bound).mean()) >= LEAST_ANSWERED:
        return bound
    return max(float(np.quantile(positives, 1 - LEAST_ANSWERED)), _conformal(negatives, MOST_WRONG))


def _conformal(negatives: Array, alpha: float) -> float:
    """Least threshold that a new unanswerable question passes with probability at most `alpha`."""
    rank = math.ceil((len(negatives) + 1) * (1 - alpha))
    if rank > len(negatives):
        return GREATEST_THRESHOLD
    return float(np.nextafter(np.sort(negatives)[rank - 1], 1.0))


def _curve(scores: Array, y: Array, unanswerable: NDArray[np.bool_]) -> tuple[dict[str, float], ...]:
    """What each threshold would do: the share of answerable questions answered rightly, of unanswerable ones at all."""
    points: list[dict[str, float]] = []
    right = y == 1
    for threshold in np.linspace(0.0, 1.0, CURVE_POINTS):
        passed = scores >= threshold
        answered = float(passed[right].mean()) if right.any() else 0.0
        wrong = float(passed[unanswerable].mean())
        points.append(
            {
                "threshold": round(float(threshold), 3),
                "answered": round(answered, 4),
                "wrong": round(wrong, 4),
            }
        )
    return tuple(points)
