"""Logistic regression over hashed n-grams, with its reasons."""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from importlib.resources import files
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation import features
from myna_agents.moderation.normalise import Normalised, normalise
from myna_agents.moderation.sounds import heard, pinyin

_HAN: Final = re.compile("[\u3400-\u9fff]")
_FORMAT: Final = 2
PIECE_CHARS: Final = 400
"""Longer messages are judged by pieces, so that an advertisement cannot hide in a long harmless text."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one n-gram moved the score; positive is towards spam."""

    ngram: str
    weight: float


@dataclass(frozen=True, slots=True)
class Curve:
    """P = 1 / (1 + exp(-(slope * score + offset)))."""

    slope: float
    offset: float

    def at(self, score: float) -> float:
        """The probability, 0..1, that belongs to a raw score."""
        margin = max(-60.0, min(60.0, self.slope * score + self.offset))
        return 1.0 / (1.0 + math.exp(-margin))


@dataclass(frozen=True, slots=True)
class LinearModel:
    """P(spam) of a message from one table of weights.

    With S the distinct slots of a message, score = sum(w[s] for s in S) * scale / sqrt(|S|) + bias; the curve that
    makes it a probability was fitted on messages kept out of training (Platt, Probabilistic Outputs for Support Vector
    Machines, 1999), one for messages with Chinese in them and one for the others.
    """

    weights: NDArray[np.int8]
    """int8 [2^bits + META_SLOTS]"""
    scale: float
    bias: float
    english: Curve
    chinese: Curve
    bits: int

    def probability(self, message: Normalised) -> float:
        """P(spam), 0..1, of a message of at most a few hundred characters."""
        return self.from_slots(message, features.slots(message, self.bits))

    def from_slots(self, message: Normalised, filled: features.Slots) -> float:
        """P(spam), 0..1, of a message that fills these slots."""
        curve = self.chinese if is_chinese(message.skeleton) else self.english
        return curve.at(self._score(filled))

    def score(self, message: Normalised) -> float:
        """The raw score; it means nothing but its order."""
        return self._score(features.slots(message, self.bits))

    def _score(self, filled: features.Slots) -> float:
        total = int(self.weights.take(filled).sum(dtype=np.int64))
        return total * self.scale / math.sqrt(len(filled)) + self.bias

    def worst(self, message: Normalised) -> tuple[float, Normalised]:
        """P(spam) of the most suspicious piece of a message, and that piece; 0 if it is not English or
        Chinese.

        Linear in the length of the message.
        """
        scored = [(self.probability(piece) if piece.readable else 0.0, piece) for piece in pieces(message)]
        chance, piece = max(scored, key=itemgetter(0))
        return among(chance, len(scored)), piece

    def explain(self, message: Normalised, limit: int = 5) -> list[Contribution]:
        """The n-grams that pushed the message most towards spam, strongest first; none inside a stronger one.

        Those of digits only, and letters that stand together only without their blanks, come last: a reviewer learns
        little from pieces of a phone number.
        """
        text = message.raw.casefold()
        forms = features.Forms.of(message)
        norm = self.scale / math.sqrt(len(features.slots_of(forms, message, self.bits)))
        chosen: dict[str, int] = {}
        later: list[tuple[str, int]] = []
        # Few of hundreds are shown: only the strongest are spelt out.
        for ngram, pull in self._telling(message, forms):
            if len(chosen) == limit:
                break
            if ngram.isdigit() or (_LETTER.search(ngram) and ngram.casefold() not in text):
                later.append((ngram, pull))
            elif not _within(ngram, chosen):
                chosen[ngram] = pull
        for ngram, pull in later:
            if len(chosen) < limit and not _within(ngram, chosen):
                chosen[ngram] = pull
        return [Contribution(ngram, pull * norm) for ngram, pull in chosen.items()]

    def _telling(self, message: Normalised, forms: features.Forms) -> Iterator[tuple[str, int]]:
        """The n-grams that push towards spam as a reader knows them, with their weights: strongest first."""
        hashes = features.ngrams(forms)
        pulls = self.weights.take(features.mixed(np.concatenate(hashes), self.bits))
        found = np.flatnonzero(pulls > 0)
        found = found[np.argsort(pulls[found], kind="stable")][::-1]
        ends = list(accumulate(map(len, hashes)))
        read = _reader(message, forms)

        def ngram_at(index: int) -> str:
            size = 2 + bisect_right(ends, index)
            return read(len(forms.row) - size + 1 - ends[size - 2] + index, size)

        for pull, same in groupby(zip(pulls[found].tolist(), found.tolist(), strict=True), itemgetter(0)):
            for ngram in sorted(ngram_at(index) for _, index in same):
                if "\x03" not in ngram and len(ngram) > 1:
                    yield ngram, pull

    def save(self, path: Path) -> None:
        """Write the model as a compressed .npz without pickled objects; equal models give equal bytes."""
        head = np.array(
            [_FORMAT, self.bits, self.scale, self.bias, *astuple(self.english), *astuple(self.chinese)],
            dtype=np.float64,
        )
        np.savez_compressed(path, head=head, weights=self.weights)


def load(source: Path | Literal["spam", "offensive"] = "spam") -> LinearModel:
    """The model in a file, or one that Myna ships.

    Raises:
        ValueError: the file is of another format or its table has the wrong size.
    """
    path = files("myna_agents.moderation") / "model" / f"{source}.npz" if isinstance(source, str) else source
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        head, weights = stored["head"], stored["weights"]
    version, bits = int(head[0]), int(head[1])
    if version != _FORMAT or len(weights) != (1 << bits) + features.META_SLOTS:
        raise ValueError(
            f"spam model of format {version} with {len(weights)} weights cannot be read: train it again"
        )
    scale, bias, *numbers = map(float, head[2:8])
    return LinearModel(weights, scale, bias, Curve(*numbers[:2]), Curve(*numbers[2:]), bits)


def _reader(message: Normalised, forms: features.Forms) -> Callable[[int, int], str]:
    """Gives the n-gram of a place and size in a row as a person reads it.

    Letters come with the rest of their word, Chinese as it stands in the text, or in pinyin where only the sound is known.
    """
    ears = heard(message.skeleton)
    shown = f"\x02{message.raw}\x03{message.skeleton}\x03" + (
        f"{message.skeleton}\x03" if len(ears) == len(message.skeleton) else ""
    )

    def read(place: int, size: int) -> str:
        if place >= len(shown):
            return pinyin(ears[place - forms.skeleton : place - forms.skeleton + size])
        ngram = shown[place : place + size].strip("\x02\x03 ")
        return _whole_words(ngram, message.raw) if _LETTER.search(ngram) else ngram

    return read


_LETTER: Final = re.compile("[a-zA-Z]")


def _whole_words(ngram: str, text: str) -> str:
    """An n-gram with letters, with the rest of the words that it stands in; as it is where the text has it only in disguise."""
    found = re.search(f"[a-z0-9]{{0,20}}{re.escape(ngram)}[a-z0-9]{{0,20}}", text, re.IGNORECASE)
    return ngram if found is None else found.group()


def _within(ngram: str, others: Iterable[str]) -> bool:
    return any(ngram in other or other in ngram for other in others)


def among(chance: float, count: int) -> float:
    """P(spam) of the most suspicious of `count` pieces: its odds over their number.

    The more pieces one looks at, the likelier that one of a harmless text looks bad by chance (Bonferroni's bound).
    """
    return chance / (chance + count * (1.0 - chance))


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return _HAN.search(text) is not None


def pieces(message: Normalised) -> list[Normalised]:
    """The pieces that a message is judged by; a short one is its own piece."""
    raw = message.raw
    if len(raw) <= PIECE_CHARS:
        return [message]
    return [normalise(raw[start : start + PIECE_CHARS]) for start in range(0, len(raw), PIECE_CHARS)]
