"""What an evaluation found: metrics with intervals, latencies and settings; as JSON and as a row."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 20_261_126

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric with its 95 % percentile-bootstrap interval and the number of cases behind it."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, float]:
        """Plain values."""
        return {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "n": self.n,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """One file judged. `by_language` holds the same metrics apart, where a file has several languages."""

    file: str
    kind: str
    n: int
    metrics: Mapping[str, Measured]
    latency_ms: Mapping[str, float] = field(default_factory=dict[str, float])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    by_language: Mapping[str, Mapping[str, Measured]] = field(
        default_factory=dict[str, Mapping[str, Measured]]
    )
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Curves and tables that are no single figure; only in the JSON."""

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "file": self.file,
            "kind": self.kind,
            "n": self.n,
            "metrics": {name: one.as_json() for name, one in self.metrics.items()},
            "by_language": {
                lang: {name: one.as_json() for name, one in metrics.items()}
                for lang, metrics in self.by_language.items()
            },
            "latency_ms": dict(self.latency_ms),
            "settings": dict(self.settings),
            **({"details": dict(self.details)} if self.details else {}),
        }

    def lines(self) -> list[str]:
        """The report for a terminal: a row, one more for each language."""
        rows = [f"{self.file}  n={self.n}  {_row(self.metrics)}{_latency(self.latency_ms)}"]
        rows += [f"  {lang}: {_row(metrics)}" for lang, metrics in self.by_language.items()]
        return rows


def mean(values: Sequence[float] | Floats) -> Measured:
    """The mean with its interval: 1,000 resamples from a fixed seed (Efron & Tibshirani 1993, chapter 13)."""
    sample = np.asarray(values, dtype=np.float64)
    if not len(sample):
        return Measured(math.nan, math.nan, math.nan, 0)
    picks = np.random.default_rng(SEED).integers(0, len(sample), size=(RESAMPLES, len(sample)))
    low, high = np.quantile(sample[picks].mean(axis=1), (0.025, 0.975))
    return Measured(float(sample.mean()), float(low), float(high), len(sample))


def auroc(scores: Floats, right: NDArray[np.bool_]) -> Measured:
    """Chance that a right case scores above a wrong one, ties half (Mann & Whitney 1947), with its interval."""
    value = _auroc(scores, right)
    if math.isnan(value):
        return Measured(value, value, value, len(scores))
    generator = np.random.default_rng(SEED)
    drawn: list[float] = []
    for _ in range(RESAMPLES):
        picks = generator.integers(0, len(scores), size=len(scores))
        one = _auroc(scores[picks], right[picks])
        if not math.isnan(one):
            drawn.append(one)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Measured(value, float(low), float(high), len(scores))


def percentiles(took_ms: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and the greatest."""
    if not took_ms:
        return {}
    p50, p95, p99 = np.quantile(np.asarray(took_ms), (0.5, 0.95, 0.99))
    return {
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "p99": round(float(p99), 1),
        "max": round(max(took_ms), 1),
    }


def _auroc(scores: Floats, right: NDArray[np.bool_]) -> float:
    good, bad = scores[right], np.sort(scores[~right])
    if not len(good) or not len(bad):
        return math.nan
    below = np.searchsorted(bad, good, side="left") + np.searchsorted(bad, good, side="right")
    return float(below.sum()) / 2 / (len(good) * len(bad))


def _row(metrics: Mapping[str, Measured]) -> str:
    return "  ".join(
        f"{name} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for name, one in metrics.items()
    )


def _latency(latency: Mapping[str, float]) -> str:
    return f"  p50 {latency['p50']} ms p95 {latency['p95']} ms" if latency else ""
