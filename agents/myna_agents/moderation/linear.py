"""Logistic regression over hashed n-grams, with its reasons."""

import math
from dataclasses import dataclass
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation import features
from myna_agents.moderation.normalise import Normalised, normalise

_SHIPPED: Final = "spam.npz"
_FORMAT: Final = 1
PIECE_CHARS: Final = 400
"""Longer messages are judged by pieces, so that an advertisement cannot hide in a long harmless text."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one n-gram moved the score; positive is towards spam."""

    ngram: str
    weight: float


@dataclass(frozen=True, slots=True)
class LinearModel:
    """P(spam) of a message from one table of weights.

    With S the distinct slots of a message, score = sum(w[s] for s in S) * scale / sqrt(|S|) + bias, and
    P = 1 / (1 + exp(-(slope * score + offset))), where slope and offset were fitted on messages kept out of
    training (Platt, Probabilistic Outputs for Support Vector Machines, 1999).
    """

    weights: NDArray[np.int8]
    """int8 [2^bits + META_SLOTS]"""
    scale: float
    bias: float
    slope: float
    offset: float
    bits: int

    def probability(self, message: Normalised) -> float:
        """P(spam), 0..1, of a message of at most a few hundred characters."""
        filled = features.slots(message, self.bits)
        total = int(self.weights.take(filled).sum(dtype=np.int64))
        return self.calibrated(total * self.scale / math.sqrt(len(filled)) + self.bias)

    def calibrated(self, score: float) -> float:
        """The probability that belongs to a raw score."""
        margin = max(-60.0, min(60.0, self.slope * score + self.offset))
        return 1.0 / (1.0 + math.exp(-margin))

    def worst(self, message: Normalised) -> tuple[float, Normalised]:
        """P(spam) of the most suspicious piece of a message, and that piece; 0 if it is not English or
        Chinese.

        Linear in the length of the message.
        """
        raw = message.raw
        pieces = [message]
        if len(raw) > PIECE_CHARS:
            pieces = [
                normalise(raw[start : start + PIECE_CHARS]) for start in range(0, len(raw), PIECE_CHARS)
            ]
        scored = [(self.probability(piece) if piece.readable else 0.0, piece) for piece in pieces]
        return max(scored, key=itemgetter(0))

    def explain(self, message: Normalised, limit: int = 5) -> list[Contribution]:
        """The n-grams that pushed the message most towards spam, strongest first; none inside a stronger one.

        Those of digits only come last: a reviewer learns little from pieces of a phone number.
        """
        row = features.symbols(message)
        shown = f"\x02{message.raw}\x03{message.skeleton}\x03"
        norm = self.scale / math.sqrt(len(features.slots(message, self.bits)))
        found: dict[str, float] = {}
        for size in range(features.LONGEST_NGRAM, 1, -1):
            pulls = self.weights.take(features.ngram_slots(row, size, self.bits))
            for start in np.flatnonzero(pulls > 0):
                ngram = shown[start : start + size].strip("\x02\x03 ")
                if "\x03" not in ngram and len(ngram) > 1:
                    found[ngram] = max(found.get(ngram, 0.0), float(pulls[start]) * norm)
        chosen: list[Contribution] = []
        for ngram, weight in sorted(found.items(), key=lambda item: (item[0].isdigit(), -item[1], item[0])):
            if len(chosen) == limit:
                break
            if not any(ngram in other.ngram or other.ngram in ngram for other in chosen):
                chosen.append(Contribution(ngram, weight))
        return chosen

    def save(self, path: Path) -> None:
        """Write the model as a compressed .npz without pickled objects; equal models give equal bytes."""
        head = np.array(
            [_FORMAT, self.bits, self.scale, self.bias, self.slope, self.offset], dtype=np.float64
        )
        np.savez_compressed(path, head=head, weights=self.weights)


def load(path: Path | None = None) -> LinearModel:
    """The model in `path`, or the one Myna ships.

    Raises:
        ValueError: the file is of another format or its table has the wrong size.
    """
    source = files("myna_agents.moderation") / "model" / _SHIPPED if path is None else path
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        head, weights = stored["head"], stored["weights"]
    version, bits = int(head[0]), int(head[1])
    if version != _FORMAT or len(weights) != (1 << bits) + features.META_SLOTS:
        raise ValueError(
            f"spam model of format {version} with {len(weights)} weights cannot be read: train it again"
        )
    scale, bias, slope, offset = map(float, head[2:6])
    return LinearModel(weights=weights, scale=scale, bias=bias, slope=slope, offset=offset, bits=bits)
