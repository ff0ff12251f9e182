"""Order and evidence: the fused ranking of candidate sections, and the features on which "I don't know" is decided.

Both are pure functions, used alike for a live question and for the questions of calibration.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.retrieval.lexical import Scores, overlap
from myna_knowledge.retrieval.memory import Held, Memory
from myna_knowledge.retrieval.space import Level
from myna_knowledge.text import topic_terms
from myna_knowledge.vectors import Vectors

LEXICAL_WEIGHT = 0.2
"""What words count beside meaning (the rest to one) until a base's own questions say otherwise. Fusion of z-scores, measured
better than reciprocal ranks on seven sets, most on FAQ paraphrases (3 to 17 points)."""
CHANCE = 0.3
"""What a FAQ loses for each e-fold of wordings that it has more than is usual in its base. Its score is that of its best wording,
and the best of n unrelated ones grows with n (of independent normal ones about as sqrt(2 ln n), Fisher & Tippett 1928): without
this those with the most wordings attract what belongs to others. Measured on BANKING77 with one to five wordings of each intent,
right one first: 0.529 instead of 0.513. A base cannot learn it of itself: only FAQ with several wordings can be asked."""
SAME_LANGUAGE = 0.25
"""Added to the fused score of a section in the question's language: enough to prefer a translation in the right
language, too little to prefer a wrong page."""
SUPPORT = 0.6
SUPPORTERS = 3
"""How much the best sections of a subject lift each other: the weight of the mean of its three best fused scores. A
page several of whose sections are near, or whose translation and FAQ are, is rarely the wrong one. Measured on the demo
help centre: right page first for 0.79 instead of 0.76; where every subject is one section it changes nothing."""
TRANSLATION = 0.5
"""Centred cosine from which pieces in two languages say the same. Measured on the demo help centre's parallel pages: 99 % of
unrelated pairs are below 0.47, 95 % of translations above 0.52."""
LEXICAL_CANDIDATES = 24
TOGETHER = 4
"""Sections taken together for `coverage_all`."""

FEATURES: tuple[str, ...] = (
    "cosine",
    "cosine_z",
    "nearness",
    "margin",
    "coverage",
    "coverage_all",
    "unknown",
    "bm25",
    "agree",
    "focus",
    "overlap",
    "cross",
    "faq",
    "length",
)

Floats = NDArray[np.float32]
UNKNOWN_LEVEL = Level(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A section that was found, by words or with the cosine of its nearest chunk and what is usual for that."""

    memory: Memory
    place: int
    chunk: int | None = None
    cosine: float | None = None
    level: Level = UNKNOWN_LEVEL
    nearness: float = 0.0
    """The cosine as the embedder gives it, nothing taken away."""
    piece: Vectors | None = field(default=None, compare=False, repr=False)
    """The centred unit vector of the nearest chunk."""


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
    scores: Mapping[int, Scores],
    lang: str,
    words: float = LEXICAL_WEIGHT,
    *,
    hidden: Collection[int] = (),
) -> list[Candidate]:
    """Candidates, best first; `scores` are those by words, by base. BM25 is that of joined entries here.

    The fused score is words · z(BM25) + (1 - words) · z(cosine), z over all sections for BM25, over unrelated pieces for cosines;
    z(cosine) alone for a section in another language, where words cannot match. A section without a cosine, for it is not
    embedded yet, counts by its z(BM25) alone: nothing is known against it. FAQ with many wordings lose by `CHANCE`; `hidden`
    entries do not count.
    Whatever stands above its own translation into the question's language lets that pass first.
    Ties go to the older section, so that the order is always the same.
    """
    pooled = np.concatenate([*(each.joined for each in scores.values()), np.zeros(1, dtype=np.float32)])
    mean, spread = float(pooled.mean()), float(pooled.std()) or 1.0
    dense = any(each.cosine is not None for each in candidates)
    found: list[Candidate] = []
    for each in candidates:
        words_of = scores[each.memory.base]
        own = each.memory.sections[each.place].lang
        fused = (float(words_of.joined[each.place]) - mean) / spread
        if dense and each.cosine is not None:
            near = each.level.z(each.cosine)
            fused = words * fused + (1 - words) * near if own == lang else near
        fused += SAME_LANGUAGE * (own == lang) - CHANCE * _crowd(each, hidden)
        found.append(Candidate(each, float(words_of.best[each.place]), fused))
    return _translated(sorted(_supported(found), key=lambda each: (-each.fused, each.section)), lang)


def _translated(ranked: Sequence[Candidate], lang: str) -> list[Candidate]:
    """The ranking with the best translation of each section in another language right before it, as good as that is."""
    order: list[Candidate] = []
    moved: set[int] = set()
    for at, each in enumerate(ranked):
        if at in moved:
            continue
        if each.held.lang != lang:
            later = enumerate(ranked[at + 1 :], at + 1)
            own = next(
                (to for to, other in later if to not in moved and _translates(other, each, lang)), None
            )
            if own is not None:
                moved.add(own)
                order.append(replace(ranked[own], fused=each.fused))
        order.append(each)
    return order


def _translates(own: Candidate, other: Candidate, lang: str) -> bool:
    """Whether a candidate in the asker's language says what another one does."""
    if own.held.lang != lang or own.found.memory is not other.found.memory:
        return False
    here, there = own.found.piece, other.found.piece
    return here is not None and there is not None and float(here @ there) >= TRANSLATION


def _crowd(found: Found, hidden: Collection[int]) -> float:
    """By how much the logarithm of a FAQ's number of wordings is above what is usual in its base; 0 for other sections."""
    held = found.memory.sections[found.place]
    if held.kind != "faq":
        return 0.0
    count = len(held.entries)
    if hidden:
        count -= sum(int(entry) in hidden for entry in found.memory.lexicon.entries_of(found.place))
    return math.log(max(count, 1)) - found.memory.wordings


def _supported(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with what the others of their subject add; absent ones count as unrelated."""
    scores: dict[int | str, list[float]] = {}
    for each in found:
        scores.setdefault(_subject(each.held), []).append(max(each.fused, 0.0))
    shares = {
        subject: SUPPORT * sum(sorted(some)[-SUPPORTERS:]) / SUPPORTERS for subject, some in scores.items()
    }
    return [replace(each, fused=each.fused + shares[_subject(each.held)]) for each in found]


def evidence(
    query: str,
    lang: str,
    ranked: Sequence[Candidate],
    *,
    hidden: Collection[int] = (),
    unsaid: frozenset[str] | None = None,
    otherwise: frozenset[str] = frozenset(),
) -> dict[str, float]:
    """The features of a ranking, by the names in `FEATURES`, each of order one. All zero but `unknown` for no candidate.

    How far the first stands above the next counts subjects, not sections: where a FAQ, a page and its translation all
    answer, they are one. `hidden` entries and the wording with the topic terms `unsaid` count as absent,
    terms said `otherwise` as found nowhere.
    Coverage and overlap are zero when the best section is in another language (`cross`): words cannot match there.
    """
    features: dict[str, float] = dict.fromkeys(FEATURES, 0.0)
    if not ranked:
        return {**features, "unknown": 1.0}
    best = ranked[0]
    section, lexicon = best.held, best.found.memory.lexicon
    meant = lexicon.meant(query)
    topics = frozenset(meant.get(term, term) for term in topic_terms(query))
    cross = section.lang != lang
    held, unknown = lexicon.coverage(query, [best.found.place], hidden=hidden, otherwise=otherwise)
    first = [each.found.place for each in ranked[:TOGETHER] if each.found.memory is best.found.memory]
    together, _ = lexicon.coverage(query, first, hidden=hidden, otherwise=otherwise)
    wordings = [wording for wording in section.wordings if wording != unsaid]
    features |= {
        "coverage": 0.0 if cross else held,
        "coverage_all": together,
        "unknown": 0.0 if cross else unknown,
        "bm25": best.lexical / max(lexicon.bound(query), 1e-6),
        "overlap": 0.0 if cross else overlap(topics - otherwise, wordings),
        "focus": sum(_subject(each.held) == _subject(section) for each in ranked[:TOGETHER]) / TOGETHER,
        "agree": float(best.lexical > 0 and best.lexical >= max(each.lexical for each in ranked)),
        "cross": float(cross),
        "faq": float(section.kind == "faq"),
        "length": math.log1p(len(topics)),
        "margin": _margin(ranked),
    }
    cosine, level = best.found.cosine, best.found.level
    if cosine is not None:
        features |= {"cosine": cosine, "cosine_z": level.z(cosine), "nearness": best.found.nearness}
    return features


def _margin(ranked: Sequence[Candidate]) -> float:
    """How far the first stands above the best of another subject; above unrelated ones where there is no other."""
    own = _subject(ranked[0].held)
    rival = next((each.fused for each in ranked if _subject(each.held) != own), 0.0)
    return ranked[0].fused - rival


def _subject(section: Held) -> int | str:
    """What a section is about: its address where it has one, so that a FAQ, a page and its translation agree. A list of
    FAQ is about as many things as it has entries."""
    if section.url:
        return section.url
    return -section.id if section.kind == "faq" else section.source
