"""Order and evidence: the fused ranking of candidate sections, and the features on which "I don't know" is decided.

Both are pure functions, used alike for a live question and for the questions of calibration.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.lexical import overlap
from myna_knowledge.memory import Held, Memory
from myna_knowledge.space import Level
from myna_knowledge.text import topic_terms

LEXICAL_WEIGHT = 0.2
DENSE_WEIGHT = 0.8
"""Fusion of z-scores, measured better than reciprocal ranks on seven sets, most on FAQ paraphrases (3 to 17 points)."""
SAME_LANGUAGE = 0.25
"""Added to the fused score of a section in the question's language: enough to prefer a translation in the right
language, too little to prefer a wrong page."""
LEXICAL_CANDIDATES = 24

FEATURES = (
    "cosine",
    "cosine_z",
    "cosine_gap",
    "fused_gap",
    "coverage",
    "unknown",
    "bm25",
    "agree",
    "overlap",
    "cross",
    "faq",
    "length",
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """A section that was found, by words or with the cosine of its nearest chunk and what is usual for that."""

    memory: Memory
    place: int
    chunk: int | None = None
    cosine: float | None = None
    level: Level = Level(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found section with its place in the order."""

    found: Found
    lexical: float
    fused: float

    @property
    def held(self) -> Held:
        """The section."""
        return self.found.memory.sections[self.found.place]

    @property
    def section(self) -> int:
        """The section's id."""
        return self.held.id


def lexical_top(scores: Floats, limit: int = LEXICAL_CANDIDATES) -> list[int]:
    """Places of the best positive scores, best first."""
    count = min(limit, len(scores))
    if not count:
        return []
    top = np.argpartition(-scores, count - 1)[:count]
    return [int(at) for at in top[np.argsort(-scores[top], kind="stable")] if scores[at] > 0]


def fuse(
    candidates: Sequence[Found],
    scores: Mapping[int, Floats],
    lang: str,
) -> list[Candidate]:
    """Candidates, best first; `scores` are BM25 by base.

    The fused score is 0.2 z(BM25) + 0.8 z(cosine), z over all sections for BM25 and over unrelated pieces for cosines;
    without any cosine BM25 alone, and z(cosine) alone for a section in another language, where words cannot match.
    Ties go to the older section, so that the order is always the same.
    """
    pooled = np.concatenate([*scores.values(), np.zeros(1, dtype=np.float32)])
    mean, spread = float(pooled.mean()), float(pooled.std()) or 1.0
    dense = any(each.cosine is not None for each in candidates)
    found: list[Candidate] = []
    for each in candidates:
        lexical = float(scores[each.memory.base][each.place])
        own = each.memory.sections[each.place].lang
        fused = (lexical - mean) / spread
        if dense:
            near = 0.0 if each.cosine is None else each.level.z(each.cosine)
            fused = LEXICAL_WEIGHT * fused + DENSE_WEIGHT * near if own == lang else near
        fused += SAME_LANGUAGE * (own == lang)
        found.append(Candidate(each, lexical, fused))
    return sorted(found, key=lambda each: (-each.fused, each.section))


def evidence(
    query: str, lang: str, ranked: Sequence[Candidate], *, hidden: Collection[int] = ()
) -> dict[str, float]:
    """The features of a ranking, by the names in `FEATURES`, each of order one. All zero but `unknown` for no candidate.

    Coverage and overlap are zero when the best section is in another language (`cross`): words cannot match there.
    """
    features = dict.fromkeys(FEATURES, 0.0)
    if not ranked:
        return {**features, "unknown": 1.0}
    best, others = ranked[0], ranked[1:]
    section, lexicon = best.held, best.found.memory.lexicon
    topics = frozenset(topic_terms(query))
    cross = section.lang != lang
    held, unknown = lexicon.coverage(query, best.found.place, hidden=hidden)
    features |= {
        "fused_gap": min(best.fused - others[0].fused, 3.0) if others else 3.0,
        "coverage": 0.0 if cross else held,
        "unknown": 0.0 if cross else unknown,
        "bm25": best.lexical / max(lexicon.bound(query), 1e-6),
        "overlap": 0.0 if cross else overlap(topics, section.wordings),
        "agree": float(best.lexical > 0 and best.lexical >= max(each.lexical for each in ranked)),
        "cross": float(cross),
        "faq": float(section.kind == "faq"),
        "length": math.log1p(len(topics)),
    }
    cosine, level = best.found.cosine, best.found.level
    if cosine is not None:
        rivals = [
            each.found.cosine for each in others if each.held.lang == section.lang and each.found.cosine
        ]
        features |= {
            "cosine": cosine,
            "cosine_z": level.z(cosine),
            "cosine_gap": (cosine - max(rivals, default=level.mean)) / level.spread,
        }
    return features
