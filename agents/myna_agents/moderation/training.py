"""Fitting the linear model to labelled texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation import features
from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised
from myna_agents.moderation.linear import Curve, LinearModel, is_chinese
from myna_agents.moderation.normalise import normalise

PENALTY: Final = 2e-7
STEPS: Final = 100
_MEMORY: Final = 8
_CONVERGED: Final = 1e-5
_TEXT_CHARS: Final = 400
_HARD_TO_SEE_THROUGH: Final = (Disguise.HOMOPHONE, Disguise.SHAPE, Disguise.SPLIT)
"""Disguises that leave the fewest n-grams as they were; shown three times as often."""

Vector = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text."""

    text: str
    spam: bool
    corpus: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Messages as a sparse matrix in rows; every entry of a row is 1 / sqrt(length of the row)."""

    slots: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], bits: int) -> "Rows":
        """The rows of texts, of which the first 400 characters count."""
        parts = [features.slots(normalise(text[:_TEXT_CHARS]), bits) for text in texts]
        lengths = np.array([len(part) for part in parts], dtype=np.int64)
        return cls(np.concatenate(parts), np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)

    def scores(self, weights: Vector) -> Vector:
        """One score for each row."""
        return np.add.reduceat(weights[self.slots], self.starts) / np.sqrt(self.lengths)

    def gradient(self, pull: Vector, size: int) -> Vector:
        """The sum of the rows, each times its pull."""
        shares = np.repeat(pull / np.sqrt(self.lengths), self.lengths)
        return np.bincount(self.slots, weights=shares, minlength=size).astype(np.float64, copy=False)


def with_disguises(
    found: Sequence[Example], random: Random, copies: Callable[[Example], float]
) -> list[Example]:
    """The examples, then `copies` disguised ones of each on average, so that a disguise alone decides nothing."""
    made = list(found)
    for example in found:
        wanted = copies(example)
        for _ in range(int(wanted) + (random.random() < wanted % 1)):
            text = disguised(example.text, _kind(example.text, random), random.uniform(0.1, 1.0), random)
            if random.random() < 0.2:
                text = disguised(text, _kind(text, random), random.uniform(0.1, 0.6), random)
            made.append(Example(text, example.spam, example.corpus))
    return made


def _kind(text: str, random: Random) -> Disguise:
    kinds = CHINESE if is_chinese(text) else ENGLISH
    hard = [kind for kind in kinds if kind in _HARD_TO_SEE_THROUGH]
    return random.choice([*kinds, *hard, *hard])


def fit(
    data: Rows,
    spam: Labels,
    importance: Vector,
    bits: int,
    penalty: float = PENALTY,
    *,
    known: Vector | float = 0.0,
) -> tuple[Vector, float]:
    """Weights and bias of least logistic loss with an L2 penalty, by limited-memory BFGS.

    `known` [n] is added to the scores: what is known of each row already, in logits.

    Two-loop recursion and backtracking: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1.
    """
    size = (1 << bits) + features.META_SLOTS
    sign, share = np.where(spam, 1.0, -1.0), importance / importance.sum()

    def loss(point: Vector) -> tuple[float, Vector]:
        margin = sign * (data.scores(point[:-1]) + point[-1] + known)
        value = float(share @ np.logaddexp(0, -margin)) + penalty / 2 * float(point[:-1] @ point[:-1])
        pull = -sign * share * np.exp(-np.logaddexp(0, margin))
        return value, np.append(data.gradient(pull, size) + penalty * point[:-1], pull.sum())

    point = np.zeros(size + 1)
    value, slope = loss(point)
    past: list[tuple[Vector, Vector]] = []
    for _step in range(STEPS):
        way = _direction(slope, past)
        length, drop = (1.0 if past else 1.0 / float(np.linalg.norm(slope))), float(way @ slope)
        while True:
            following = point + length * way
            new_value, new_slope = loss(following)
            if new_value <= value + 1e-4 * length * drop or length < 1e-9:
                break
            length /= 2
        past = [*past[1 - _MEMORY :], (following - point, new_slope - slope)]
        done = value - new_value < _CONVERGED * value
        point, value, slope = following, new_value, new_slope
        if done:
            break
    return point[:-1], float(point[-1])


def _direction(slope: Vector, past: list[tuple[Vector, Vector]]) -> Vector:
    way: Vector = -slope
    taken: list[float] = []
    for move, change in reversed(past):
        share = float(move @ way) / float(move @ change)
        way = way - share * change
        taken.append(share)
    if past:
        move, change = past[-1]
        way = way * (float(move @ change) / float(change @ change))
    for (move, change), share in zip(past, reversed(taken), strict=True):
        way = way + (share - float(change @ way) / float(move @ change)) * move
    return way


def quantised(weights: Vector, bias: float, bits: int) -> LinearModel:
    """Weights in 8 bits; the largest in a hundred thousand are clipped so that the small ones keep their digits."""
    scale = float(np.quantile(np.abs(weights), 1 - 1e-5)) / 127
    small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    return LinearModel(small, scale, bias, Curve(1.0, 0.0), Curve(1.0, 0.0), bits)


def curve(scores: Vector, spam: Labels, importance: Vector, prior: float = 0.0) -> Curve:
    """Slope and offset of the logistic curve through scores of texts that were not trained on, by Newton's method.

    `prior` pulls towards slope 1 and offset 0: few texts must not be taken at their word.

    Platt, Probabilistic Outputs for Support Vector Machines, 1999.
    """
    share = importance / importance.sum()
    design: Vector = np.stack((scores, np.ones_like(scores)))
    start: Vector = np.array([1.0, 0.0])
    point: Vector = start
    for _ in range(100):
        chance: Vector = 1 / (1 + np.exp(-np.clip(point @ design, -60, 60)))
        bend: Vector = (design * (share * chance * (1 - chance))) @ design.T + (1e-6 + prior) * np.eye(2)
        slope: Vector = design @ (share * (chance - spam)) + prior * (point - start)
        step: Vector = np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)
        # Where the curve is flat a whole step of Newton's leads far away.
        point = point - step * min(1.0, 1.0 / max(float(np.linalg.norm(step)), 1e-12))
    return Curve(float(point[0]), float(point[1]))


def curves(model: LinearModel, found: Sequence[Example], importance: Vector) -> tuple[Curve, Curve]:
    """The curves of a model for texts without and with Chinese, from texts that it was not trained on."""
    scores = np.array([model.score(normalise(example.text[:_TEXT_CHARS])) for example in found])
    spam = np.array([example.spam for example in found])
    chinese = np.array([is_chinese(example.text) for example in found])
    made = [
        curve(scores[part], spam[part], importance[part]) if part.any() else Curve(1.0, 0.0)
        for part in (~chinese, chinese)
    ]
    return made[0], made[1]
