"""How well probabilities separate spam from harmless texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of a report; what the data cannot give, for want of spam or harmless texts, is NaN."""

    spam: int
    harmless: int
    precision: float
    recall: float
    f1: float
    accuracy: float
    false_positives: float
    """Share, 0..1, of harmless texts at or above the threshold."""
    auroc: float
    recall_at_1_percent: float
    """Recall at the lowest threshold with at most 1 % false positives."""
    recall_at_1_permille: float
    recall_at_99_precision: float
    """Recall at the lowest threshold with a precision of 99 %; 0 where there is none."""


def figures(probability: NDArray[np.float64], spam: NDArray[np.bool_], threshold: float) -> Figures:
    """The figures of `probability` [n], 0..1, against the labels `spam` [n]; P >= threshold is called
    spam."""
    called = probability >= threshold
    hits, alarms = int((called & spam).sum()), int((called & ~spam).sum())
    total, harmless = int(spam.sum()), int((~spam).sum())
    precision = _share(hits, hits + alarms) if total else float("nan")
    return Figures(
        spam=total,
        harmless=harmless,
        precision=precision,
        recall=_share(hits, total),
        f1=_share(2 * hits, hits + alarms + total) if total else float("nan"),
        accuracy=_share(int((called == spam).sum()), len(spam)),
        false_positives=_share(alarms, harmless),
        auroc=_auroc(probability, spam),
        recall_at_1_percent=_recall_at(probability, spam, 0.01),
        recall_at_1_permille=_recall_at(probability, spam, 0.001),
        recall_at_99_precision=_recall_at_precision(probability, spam, 0.99),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _auroc(probability: NDArray[np.float64], spam: NDArray[np.bool_]) -> float:
    """Mann-Whitney U over the number of pairs; ties count half."""
    bad, good = probability[spam], np.sort(probability[~spam])
    below = np.searchsorted(good, bad, side="left") + np.searchsorted(good, bad, side="right")
    return _share(float(below.sum()) / 2, len(bad) * len(good))


def threshold_at(probability: NDArray[np.float64], spam: NDArray[np.bool_], false_positives: float) -> float:
    """The probability above which at most this share of the harmless texts lies."""
    good = np.sort(probability[~spam])[::-1]
    return float(good[int(false_positives * len(good))]) if len(good) else float("nan")


def _recall_at(probability: NDArray[np.float64], spam: NDArray[np.bool_], false_positives: float) -> float:
    bad = probability[spam]
    if not len(bad) or len(bad) == len(probability):
        return float("nan")
    return float((bad > threshold_at(probability, spam, false_positives)).mean())


def _recall_at_precision(
    probability: NDArray[np.float64], spam: NDArray[np.bool_], precision: float
) -> float:
    total = int(spam.sum())
    if not total or total == len(spam):
        return float("nan")
    order = np.argsort(-probability, kind="stable")
    hits, ends = np.cumsum(spam[order]), np.arange(1, len(spam) + 1)
    # Texts of one probability are called together.
    last = np.append(np.diff(probability[order]) != 0, True)
    good = last & (hits >= precision * ends)
    return float(hits[good].max()) / total if good.any() else 0.0
