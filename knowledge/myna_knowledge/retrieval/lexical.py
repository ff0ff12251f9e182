"""BM25 over the sections of one knowledge base, in memory, immutable once built.

Okapi BM25 with k1 = 1.2, b = 0.75 and idf = ln(1 + (N - df + 0.5) / (df + 0.5)) (Robertson & Zaragoza 2009, the
never negative idf of Lucene). One section may hold several entries, as a FAQ does: one per wording.
"""

import copy
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.model import Section
from myna_knowledge.text import slips, spellable, terms, topic_terms

K1 = 1.2
B = 0.75
TITLE_WEIGHT = 2.0
"""A term in the title or a heading counts as often as this in the body."""
ANSWER_WEIGHT = 0.3
"""A term of a FAQ's answer counts as this share of one in its question: customers ask in the question's words."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """The weighted terms of one text section or of one wording of a FAQ."""

    weights: Mapping[str, float]


def entries(section: Section) -> tuple[Entry, ...]:
    """What the index holds for a section."""
    if section.kind == "faq" and section.question is not None:
        weak = Counter(terms(section.answer or ""))
        found: list[Entry] = []
        for wording in dict.fromkeys((section.question, *section.variants)):
            weights: dict[str, float] = {term: ANSWER_WEIGHT * count for term, count in weak.items()}
            for term, count in Counter(terms(wording)).items():
                weights[term] = weights.get(term, 0.0) + count
            found.append(Entry(weights))
        return tuple(found)
    weights = {term: float(count) for term, count in Counter(terms(section.text)).items()}
    for field, weight in (
        (f"{section.title} {section.heading}", TITLE_WEIGHT),
        (" ".join(section.tags), 1.0),
    ):
        for term, count in Counter(terms(field)).items():
            weights[term] = weights.get(term, 0.0) + weight * count
    return (Entry(weights),)


@dataclass(frozen=True, slots=True)
class Scores:
    """How well every section matches a question by words, 0 where no term does: float32 [sections] each."""

    best: Floats
    """BM25 of the best of its entries: how surely it says just this."""
    joined: Floats
    """BM25 of all its entries taken for one text: what it is about, and so how high it ranks. Of FAQ with several wordings
    each the right one comes first more often: by words alone on BANKING77, five wordings each, for 0.627 instead of 0.562; fused
    with meaning there as often (0.742), on bq_dev for 0.250 instead of 0.242."""


class Lexicon:
    """The postings of one knowledge base. Position i in every result stands for the i-th section it was built from."""

    def __init__(self, sections: Sequence[Sequence[Entry]]) -> None:
        self.size = len(sections)
        flat = [(at, entry) for at, found in enumerate(sections) for entry in found]
        self._owner: Ints = np.array([at for at, _ in flat], dtype=np.int64)
        vocabulary: dict[str, int] = {}
        ids: list[int] = []
        weights: list[float] = []
        rows: list[int] = []
        for row, (_, entry) in enumerate(flat):
            for term, weight in entry.weights.items():
                ids.append(vocabulary.setdefault(term, len(vocabulary)))
                weights.append(weight)
                rows.append(row)
        self._vocabulary = vocabulary
        self._build(
            np.array(ids, dtype=np.int64), np.array(rows, dtype=np.int64), np.array(weights, dtype=np.float32)
        )

    def _build(self, ids: Ints, rows: Ints, weights: Floats) -> None:
        count = len(self._owner)
        lengths = np.bincount(rows, weights=weights, minlength=count)
        # Rounded, so that it does not depend on the order in which they are added up.
        mean = round(float(lengths.mean()), 4) if count else 1.0
        norm = (K1 * (1 - B + B * lengths / max(mean, 1e-6))).astype(np.float32)
        impact = weights * (K1 + 1) / (weights + norm[rows])
        order = np.argsort(ids, kind="stable")
        self._rows, self._impact = rows[order], impact[order].astype(np.float32)
        self._weights, self._lengths = weights[order], lengths
        self._starts = np.searchsorted(ids[order], np.arange(len(self._vocabulary) + 1))
        # df counts sections, not wordings: a term of a FAQ with twenty variants is not common for that.
        pairs = np.unique(ids * max(self.size, 1) + self._owner[rows]) if len(ids) else ids
        df = np.bincount(pairs // max(self.size, 1), minlength=len(self._vocabulary))
        self._idf = np.log1p((self.size - df + 0.5) / (df + 0.5)).astype(np.float32)

    def arranged(self, order: Sequence[int]) -> "Lexicon":
        """The same words with the sections in another order: the i-th is the one that was at `order[i]`. Entries keep their
        numbers, the postings are shared."""
        rank = np.empty(self.size, dtype=np.int64)
        rank[np.asarray(order, dtype=np.int64)] = np.arange(self.size)
        other = copy.copy(self)
        other._owner = rank[self._owner]
        return other

    def idf(self, term: str) -> float:
        """The idf of a term; that of a term no section holds is the greatest possible."""
        at = self._vocabulary.get(term)
        return float(np.log1p((self.size + 0.5) / 0.5)) if at is None else float(self._idf[at])

    def meant(self, query: str) -> dict[str, str]:
        """Misspelt terms of a query, held by no section, each with the one that most sections hold of what it may stand for."""
        found: dict[str, str] = {}
        for term, word in spellable(query).items():
            if term in self._vocabulary:
                continue
            held = [other for other in slips(word) if other in self._vocabulary]
            if held:
                found[term] = min(held, key=self.idf)
        return found

    def scores(self, query: str, *, hidden: Collection[int] = (), otherwise: Collection[str] = ()) -> Scores:
        """The scores of all sections, in the order they were given.

        `hidden` entries (numbered as they were given, all sections together) count as absent, but for idf; terms said
        `otherwise` as found nowhere.
        """
        found = np.zeros(len(self._owner), dtype=np.float32)
        postings = list(self._postings(query, otherwise))
        for count, idf, span in postings:
            found[self._rows[span]] += count * idf * self._impact[span]
        found[list(hidden)] = 0.0
        best = np.zeros(self.size, dtype=np.float32)
        np.maximum.at(best, self._owner, found)
        several = len(self._owner) > self.size
        return Scores(best, self._joined(postings, list(hidden)) if several else best)

    def _postings(self, query: str, otherwise: Collection[str]) -> Iterator[tuple[int, np.float32, slice]]:
        """How often each known term is asked, its idf, and where its postings stand."""
        meant = self.meant(query)
        for term, count in Counter(meant.get(term, term) for term in terms(query)).items():
            at = self._vocabulary.get(term)
            if at is not None and term not in otherwise:
                yield count, self._idf[at], slice(self._starts[at], self._starts[at + 1])

    def _joined(self, postings: Iterable[tuple[int, np.float32, slice]], hidden: list[int]) -> Floats:
        lengths = np.bincount(self._owner, weights=self._lengths, minlength=self.size)
        mean = max(round(float(lengths.mean()), 4), 1e-6)
        np.subtract.at(lengths, self._owner[hidden], self._lengths[hidden])
        norm = K1 * (1 - B + B * lengths / mean)
        found = np.zeros(self.size)
        for count, idf, span in postings:
            rows = self._rows[span]
            weights = (
                np.where(np.isin(rows, hidden), 0.0, self._weights[span]) if hidden else self._weights[span]
            )
            # A section's entries stand together, so that its postings do, too.
            owners = self._owner[rows]
            first = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
            often, at = np.add.reduceat(weights, first), owners[first]
            found[at] += count * idf * often * (K1 + 1) / (often + norm[at])
        return found.astype(np.float32)

    def bound(self, query: str) -> float:
        """An upper bound of `scores` for this query, reached by a section made of nothing but its terms."""
        meant = self.meant(query)
        return sum(self.idf(term) for term in {meant.get(term, term): None for term in terms(query)}) * (
            K1 + 1
        )

    def coverage(
        self,
        query: str,
        sections: Sequence[int],
        *,
        hidden: Collection[int] = (),
        otherwise: Collection[str] = (),
    ) -> tuple[float, float]:
        """Shares 0..1 of the query's idf mass on topic terms: held by any of these sections, and unknown to the base."""
        meant = self.meant(query)
        wanted = list({meant.get(term, term): None for term in topic_terms(query)})
        total = sum(self.idf(term) for term in wanted)
        if not total:
            return 0.0, 1.0
        held = unknown = 0.0
        for term in wanted:
            rows = self._rows[:0] if term in otherwise else self._rows_of(term)
            if hidden:
                rows = rows[~np.isin(rows, list(hidden))]
            if not len(rows):
                unknown += self.idf(term)
            elif np.isin(self._owner[rows], sections).any():
                held += self.idf(term)
        return held / total, unknown / total

    def entries_of(self, section: int) -> Ints:
        """The numbers of a section's entries, in the order given."""
        return np.flatnonzero(self._owner == section)

    def _rows_of(self, term: str) -> Ints:
        at = self._vocabulary.get(term)
        return self._rows[:0] if at is None else self._rows[self._starts[at] : self._starts[at + 1]]


def overlap(asked: frozenset[str], wordings: Iterable[frozenset[str]]) -> float:
    """Greatest Jaccard overlap 0..1 of a question's topic terms with those of any of the wordings."""
    return max((len(asked & other) / len(asked | other) for other in wordings if asked or other), default=0.0)
