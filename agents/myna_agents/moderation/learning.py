"""What one community's moderators have taught, on top of a shipped model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation import features
from myna_agents.moderation.linear import Curve, LinearModel, among, pieces
from myna_agents.moderation.normalise import Normalised, normalise
from myna_agents.moderation.training import Rows, Vector, curve, fit

BITS: Final = 16
FEWEST: Final = 5
"""Decisions of each kind before anything is learned: fewer say more about chance than about the community."""
MOST: Final = 4_000
"""Decisions that are learned from, the newest ones; a community changes."""
STRENGTH: Final = 0.01
"""The L2 penalty for all examples together, as for the shipped model."""
_PRIOR: Final = 0.05
_TEXT_CHARS: Final = 400
_SURE: Final = 6.0  # logits beyond which the shipped model's word counts no more


@dataclass(frozen=True, slots=True)
class Taught:
    """P(spam) as this community's moderators see it.

    The shipped model's logit, stretched and moved by `trust` (near 0 where it knows nothing of this traffic), plus
    weights of n-grams that the decisions gave.
    """

    trust: Curve
    weights: NDArray[np.float32]
    """float32 [2^BITS + META_SLOTS]"""
    bias: float
    examples: int

    def probability(self, model: LinearModel, message: Normalised) -> float:
        """P(spam), 0..1, of a message of at most a few hundred characters, in any script."""
        return self.from_slots(model, message, features.slots(message, model.bits))

    def from_slots(self, model: LinearModel, message: Normalised, filled: features.Slots) -> float:
        """P(spam), 0..1, of a message that fills these slots."""
        base = logit(model.from_slots(message, filled)) if message.readable else 0.0
        own = float(self.weights.take(folded(filled, model.bits)).sum()) / math.sqrt(len(filled))
        return Curve(1.0, self.bias).at(self.trust.slope * base + self.trust.offset + own)

    def worst(self, model: LinearModel, message: Normalised) -> tuple[float, Normalised]:
        """P(spam) of the most suspicious piece of a message, and that piece. Linear in the length of the message."""
        scored = [(self.probability(model, piece), piece) for piece in pieces(message)]
        chance, piece = max(scored, key=itemgetter(0))
        return among(chance, len(scored)), piece


def logit(chance: float) -> float:
    """The logit of a probability, bounded."""
    inside = min(max(chance, 1e-9), 1 - 1e-9)
    return max(-_SURE, min(_SURE, math.log(inside / (1 - inside))))


def folded(slots: features.Slots, bits: int) -> features.Slots:
    """Slots of a table of 2^bits n-grams as slots of one of 2^BITS; traits keep their own."""
    return np.where(slots < 1 << bits, slots >> (bits - BITS), slots - (1 << bits) + (1 << BITS)).astype(
        np.int32
    )


def teach(model: LinearModel, decided: Sequence[tuple[str, bool]]) -> Taught | None:
    """What decisions (text, whether it is unwanted), newest last, teach; None while there are too few of a kind.

    Deterministic. Takes about a second for 4,000 decisions: call it off the event loop.
    """
    newest = decided[-MOST:]
    spam = np.array([unwanted for _, unwanted in newest], dtype=np.bool_)
    if min(int(spam.sum()), int((~spam).sum())) < FEWEST:
        return None
    messages = [normalise(text[:_TEXT_CHARS]) for text, _ in newest]
    parts = [features.slots(message, model.bits) for message in messages]
    base = np.array(
        [
            logit(model.from_slots(message, part)) if message.readable else 0.0
            for message, part in zip(messages, parts, strict=True)
        ]
    )
    # Both kinds count the same: moderators see mostly what was held, which is not what the community writes.
    importance: Vector = np.where(spam, 0.5 / int(spam.sum()), 0.5 / int((~spam).sum())).astype(np.float64)
    trust = curve(base, spam, importance, prior=_PRIOR)
    if trust.slope <= 0:
        trust = Curve(0.0, 0.0)
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    rows = Rows(
        np.concatenate([folded(part, model.bits) for part in parts]),
        np.concatenate(([0], np.cumsum(lengths)[:-1])),
        lengths,
    )
    known = trust.slope * base + trust.offset
    weights, bias = fit(rows, spam, importance, BITS, STRENGTH / len(newest), known=known)
    return Taught(trust, weights.astype(np.float32), bias, len(newest))
