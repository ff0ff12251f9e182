"""Which gap a question belongs to. Pure: vectors in, a gap or None out.

Leader clustering with average linkage: a question joins the gap whose questions are on average nearest to it, if near enough.
Gaps so keep their identity while questions come in one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from myna_knowledge.retrieval.lexical import overlap
from myna_knowledge.text import topic_terms
from myna_knowledge.vectors import Vectors

WORDS = 0.5
"""What the share of common topic words counts beside the cosine."""
SAME = 0.38
"""Mean of both from which a question belongs to a gap. Measured on the 240 wordings of the demo's FAQ, each asked of all others:
four of five that join anything join their own entry's wordings; at 0.30 a third join others, at 0.45 hardly any joins."""
SAME_WORDS = 0.5
"""Share of common topic words for the same, without an embedder."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its centred unit vector, float32 [d]; without an embedder None."""

    text: str
    vector: Vectors | None


def nearest(question: Asked, members: Sequence[Asked], gaps: Sequence[int]) -> int | None:
    """The gap that a question belongs to; `gaps` are those of the members."""
    words = frozenset(topic_terms(question.text))
    shared = [overlap(words, [frozenset(topic_terms(each.text))]) for each in members]
    if question.vector is None:
        return _best(zip(gaps, shared, strict=True), SAME_WORDS)
    own = question.vector
    near = [
        (gap, float(each.vector @ own) + WORDS * same)
        for gap, each, same in zip(gaps, members, shared, strict=True)
        if each.vector is not None
    ]
    return _best(near, SAME)


def _best(near: Iterable[tuple[int, float]], least: float) -> int | None:
    by_gap: dict[int, list[float]] = {}
    for gap, nearness in near:
        by_gap.setdefault(gap, []).append(nearness)
    means = {gap: sum(values) / len(values) for gap, values in by_gap.items()}
    best = max(means, key=lambda gap: means[gap], default=None)
    return best if best is not None and means[best] >= least else None


def typical(vectors: Vectors) -> int:
    """The place of the question that is nearest to all others of its gap."""
    return int((vectors @ vectors.mean(axis=0)).argmax()) if len(vectors) else 0
