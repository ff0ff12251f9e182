"""Cosines that can be compared: vectors of one base, freed of what all texts of a language have in common.

Sentence embeddings share a large common part, per language and per manner (a question, a page), which says nothing of
the subject and drowns a right page in another language. Taking the mean away is the first step of "all but the top"
(Mu & Viswanath, ICLR 2018). Measured on the demo help centre, questions whose page exists in the other language only:
right page first among that language for 7 of 18 as they come, for 17 with means taken away; 132 to 134 of 171 in one
language.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from myna_knowledge.vectors import Vectors

FEW = 12
"""Fewer wordings of FAQ than this do not tell how people ask in this base; general questions then do."""
WEIGHT_OF_NONE = 16
"""A mean of n vectors is trusted by n / (n + this): the mean of three pages is mostly those pages."""
USUAL_MEAN, USUAL_SPREAD = 0.0, 0.12
"""Centred cosines of unrelated texts, as good as `WEIGHT_OF_NONE` observations in a small base."""


@dataclass(frozen=True, slots=True)
class Level:
    """Mean and spread of a question's cosines with unrelated pieces."""

    mean: float
    spread: float

    def z(self, cosine: float) -> float:
        """How far a cosine stands above the unrelated ones."""
        return (cosine - self.mean) / self.spread


@dataclass(frozen=True, slots=True)
class Space:
    """The common parts of one base's vectors, by language, and a sample of what is left."""

    common: Mapping[str, Vectors]
    asking: Mapping[str, Vectors]
    """Common part of questions, for languages with enough FAQ."""
    sample: Mapping[str, Vectors]

    @classmethod
    def of(cls, pages: Mapping[str, Vectors], faqs: Mapping[str, Vectors]) -> "Space":
        """The space of a base from samples of its vectors, float32 [n, d] by language."""
        common = {lang: _mean(vectors) for lang, vectors in pages.items()}
        asking = {lang: _mean(vectors) for lang, vectors in faqs.items() if len(vectors) >= FEW}
        return cls(common, asking, {lang: _unit(vectors - common[lang]) for lang, vectors in pages.items()})

    def pieces(self, vectors: Vectors, lang: str) -> Vectors:
        """Unit vectors of pieces in one language without what they have in common: float32 [n, d]."""
        common = self.common.get(lang)
        return vectors if common is None else _unit(vectors - common)

    def question(self, vector: Vectors, lang: str, general: Vectors | None) -> Vectors:
        """A question's unit vector without what questions of its language have in common: float32 [d]."""
        common = self.asking.get(lang, general)
        return vector if common is None else _unit((vector - common)[None])[0]

    def levels(self, question: Vectors) -> dict[str, Level]:
        """What is usual for this centred question, by language of the pieces."""
        found: dict[str, Level] = {}
        for lang, sample in self.sample.items():
            cosines = sample @ question
            weight = len(cosines) / (len(cosines) + WEIGHT_OF_NONE)
            mean = weight * float(cosines.mean()) + (1 - weight) * USUAL_MEAN
            spread = weight * float(cosines.std()) + (1 - weight) * USUAL_SPREAD
            found[lang] = Level(mean, max(spread, 0.01))
        return found


def _mean(vectors: Vectors) -> Vectors:
    weight = len(vectors) / (len(vectors) + WEIGHT_OF_NONE)
    mean: Vectors = (weight * vectors.mean(axis=0)).astype(np.float32)
    return mean


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit
