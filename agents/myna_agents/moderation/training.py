"""Fitting the linear model to labelled texts."""

import math
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
_TOGETHER: Final = 512
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

    def joined(self, other: "Rows") -> "Rows":
        """These rows, then the others."""
        lengths = np.concatenate((self.lengths, other.lengths))
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        return Rows(np.concatenate((self.slots, other.slots)), starts, lengths)

    def scores(self, weights: Vector) -> Vector:
        """One score for each row."""
        found = np.empty(len(self.lengths))
        # By pieces that stay in the processor's cache: half the time.
        for first in range(0, len(found), _TOGETHER):
            starts = self.starts[first : first + _TOGETHER]
            last = first + len(starts) - 1
            slots = self.slots[starts[0] : self.starts[last] + self.lengths[last]]
            found[first : last + 1] = np.add.reduceat(weights.take(slots), starts - starts[0])
        return found / np.sqrt(self.lengths)

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
    scale: Vector | float = 1.0,
    start: tuple[Vector, float] | None = None,
) -> tuple[Vector, float]:
    """Weights and bias of least logistic loss with an L2 penalty, by limited-memory BFGS.

    `known` [n] is added to the scores: what is known of each row already, in logits. `scale` [size] says how cheap each
    weight is: the penalty falls on weight / scale, which is as if the entries of the rows were `scale` times as large.
    `start` is a guess to begin at.

    Two-loop recursion and backtracking: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1.
    """
    size = (1 << bits) + features.META_SLOTS
    sign, share = np.where(spam, 1.0, -1.0), importance / importance.sum()

    def loss(point: Vector) -> tuple[float, Vector]:
        margin = sign * (data.scores(point[:-1] * scale) + point[-1] + known)
        value = float(share @ np.logaddexp(0, -margin)) + penalty / 2 * float(point[:-1] @ point[:-1])
        pull = -sign * share * np.exp(-np.logaddexp(0, margin))
        return value, np.append(data.gradient(pull, size) * scale + penalty * point[:-1], pull.sum())

    point = np.zeros(size + 1)
    if start is not None:
        point = np.append(start[0] / scale, start[1])
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
    return point[:-1] * scale, float(point[-1])


def evidence(data: Rows, spam: Labels, importance: Vector, bits: int) -> Vector:
    """How unequally each slot is filled by spam and by harmless texts: |log of the ratio| [size], mean square 1.

    Wang and Manning, Baselines and Bigrams: Simple, Good Sentiment and Topic Classification, ACL 2012 (NB-SVM).
    """
    size = (1 << bits) + features.META_SLOTS
    filled = np.repeat(importance, data.lengths)
    of_spam = np.repeat(spam, data.lengths)
    counts = [
        np.bincount(data.slots, weights=filled * part, minlength=size) + 1.0 for part in (of_spam, ~of_spam)
    ]
    found: Vector = np.abs(np.log((counts[0] / counts[0].sum()) / (counts[1] / counts[1].sum())))
    # Nothing is quite without weight: no slot is shut out for good.
    return np.maximum(found / math.sqrt(float((found * found).mean())), 1e-3)


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


@dataclass(frozen=True, slots=True)
class Spared:
    """How much of what is harmless a threshold may touch at most."""

    service: frozenset[str]
    """Corpora of service talk."""
    flag_at: float
    """P from which a message is put up for review."""
    flagged: float
    """Share of the service talk that may reach `flag_at`."""
    held: float
    """Share of the texts of other corpora without spam that may reach P = 0.5, from which a message is held."""

    def allows(self, margins: Vector, corpora: NDArray[np.str_], spam: Labels, cut: float) -> bool:
        """Whether it is kept to when P = 0.5 stands at `cut`."""
        harmless = ~np.isin(corpora, corpora[spam])
        service = np.isin(corpora, list(self.service))
        flag = cut + math.log(self.flag_at / (1 - self.flag_at))
        return all(
            float((margins[part] >= limit).sum()) <= most * int(part.sum())
            for part, limit, most in (
                (harmless & service, flag, self.flagged),
                (harmless & ~service, cut, self.held),
            )
        )


def centred(made: Curve, scores: Vector, spam: Labels, corpora: Sequence[str], spared: Spared) -> Curve:
    """The curve moved so that P = 0.5 stands where the mean F1 of the corpora with spam is best, looked at with a little
    blur, among the places that `spared` allows; at the farthest one tried where it allows none.

    Platt's curve stands where the likelihood is best, over all corpora together: where one has little spam, too far up.
    Corpora of a few texts say nothing about the best place and are left out.
    """
    margins: Vector = made.slope * scores + made.offset
    names = np.array(corpora)
    known = (names == name for name in sorted(set(corpora)))
    both = [part for part in known if spam[part].any() and int(part.sum()) >= _ENOUGH]

    def good(cut: float) -> float:
        return sum(_f1(margins[part] >= cut + blur, spam[part]) for part in both for blur in _BLUR)

    allowed = [cut for cut in _CUTS if spared.allows(margins, names, spam, cut)]
    best = max(allowed or [_CUTS[-1]], key=lambda cut: (good(cut), -abs(cut)))
    return Curve(made.slope, made.offset - best)


_ENOUGH: Final = 200
_CUTS: Final = tuple(step / 20 for step in range(-30, 31))
_BLUR: Final = (-0.3, -0.15, 0.0, 0.15, 0.3)


def _f1(called: Labels, spam: Labels) -> float:
    return 2 * int((called & spam).sum()) / max(int(called.sum()) + int(spam.sum()), 1)


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
