"""Which part of a passage answers a question: the best few sentences by shared words, with what they need to be understood.

Retrieval has compared meanings already and says which piece matched; inside it rare shared words decide, then whether the
words of the question stand together, then whether a sentence holds the kind of thing that was asked for. Fitted on half of
XQuAD en and the trial part of CMRC 2018, 1 to 5 ms; `myna eval answers` measures it. Asking an embedding model about the
closest units as well gave one point more for 220 to 280 ms at the 95th percentile: not worth it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from myna_agents.answers.expected import expectation
from myna_agents.text.clauses import clauses
from myna_agents.text.units import Unit, UnitKind, cells, units
from myna_knowledge.model import Passage
from myna_knowledge.text import terms, topic_terms

IN_PIECE = 0.15
"""Bonus of a unit inside the piece that retrieval matched."""
RANK = 0.12
"""What each rank of its passage costs a unit."""
EXPECTED = 0.1
"""Bonus of a sentence that holds the kind of thing that was asked for."""
TOGETHER = 0.3
"""What the share of the question's weight that a run of sentences covers together adds to its best sentence."""
COMPANY = 0.1
"""What the other sentences of a run add by their own scores."""
CENTRED = 0.02
"""Of runs alike, the one with its best sentence in the middle: what is before and after it explains it."""
MAX_SENTENCES = 3
WORDLESS = 0.05
"""Below this share of the question's weight, words say nothing (another language, a paraphrase): the piece decides."""
LATIN_CHARS = 700
HAN_CHARS = 220
"""How long a run of sentences may be."""
LIST_CHARS = 900
"""Lists and tables up to this length are shown whole."""
UNCOVERED = 0.4
"""A second passage is quoted for a question whose weight the first leaves uncovered by this share …"""
CONSIDERED = 4
"""How many passages a run of sentences is looked for in; each rank has its price."""
ADDED = 0.35
"""… when it covers at least this share of it. Only for two clauses or more: one loose word in common is no second question."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What to quote: `passage.text[start:end]`. Table rows come with their header as `rows`, ready to be shown."""

    passage: Passage
    start: int
    end: int
    rows: tuple[str, ...] = ()

    @property
    def quote(self) -> str:
        """The exact text."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit in the race with its score by words."""

    passage: Passage
    unit: Unit
    words: float
    prior: float
    covers: Mapping[str, float]
    """The question's terms that it holds, each with its share of the question's weight."""
    fits: float
    """How well it holds the kind of thing that was asked for, 0..1."""

    @property
    def score(self) -> float:
        """How good the unit is alone."""
        return self.words + self.prior + EXPECTED * self.fits


def rank_by_words(question: str, passages: Sequence[Passage]) -> list[Candidate]:
    """All units of the passages, the likeliest first, by shared words weighted by their rarity among these units."""
    fits = expectation(question)
    found = [(passage, place, unit) for place, passage in enumerate(passages) for unit in units(passage.text)]
    bags = [Counter(terms(passage.text[unit.start : unit.end])) for passage, _, unit in found]
    weights = _weights(question, bags)
    total = sum(weights.values()) or 1.0
    mean = sum(bag.total() for bag in bags) / max(len(bags), 1) or 1.0
    ranked = [
        Candidate(
            passage,
            unit,
            _score(bag, weights, mean) / total,
            _prior(passage, place, unit),
            {term: weight / total for term, weight in weights.items() if term in bag},
            fits(passage.text[unit.start : unit.end]),
        )
        for (passage, place, unit), bag in zip(found, bags, strict=True)
        if unit.kind is not UnitKind.HEADER
    ]
    return sorted(ranked, key=lambda one: -one.score)


def extract(question: str, passages: Sequence[Passage]) -> list[Extract]:
    """What to quote for a question: from the first passage, and from another one for what the first leaves open.

    Deterministic. Empty only when there are no passages or the first is blank.
    """
    first = _from(question, passages[:CONSIDERED], MAX_SENTENCES)
    if first is None:
        return []
    others = [passage for passage in passages[:4] if passage is not first.passage]
    second = _for_the_rest(question, first.passage, others)
    if second is None:
        return [first]
    return [_from(question, [first.passage], MAX_SENTENCES - 1) or first, second]


def _from(question: str, passages: Sequence[Passage], most: int) -> Extract | None:
    if passages and passages[0].kind == "faq" and passages[0].answer:
        return _stored_answer(passages[0], passages[0].answer.strip())
    ranked = rank_by_words(question, passages)
    if not ranked:
        return None
    if ranked[0].words < WORDLESS:
        return _piece(ranked[0].passage, ranked)
    return _run(ranked, most) if ranked[0].unit.kind is UnitKind.SENTENCE else grow(ranked[0], ranked)


def _run(ranked: Sequence[Candidate], most: int) -> Extract:
    """The best run of at most so many sentences of one paragraph, and the list that its last line introduces."""
    best: tuple[float, Passage, Unit, Unit] | None = None
    runs: dict[tuple[int, int], list[Candidate]] = {}
    for one in sorted(ranked, key=lambda each: each.unit.start):
        if one.unit.kind is UnitKind.SENTENCE:
            runs.setdefault((id(one.passage), one.unit.block), []).append(one)
    for block in runs.values():
        for at in range(len(block)):
            for end in range(at + 1, min(at + most, len(block)) + 1):
                run = block[at:end]
                score = _together(run)
                if score is not None and (best is None or score > best[0]):
                    best = (score, run[0].passage, run[0].unit, run[-1].unit)
    assert best is not None
    _, passage, first, last = best
    parts = units(passage.text)
    after = next((part for part in parts if part.start >= last.end), None)
    introduces = passage.text[last.end - 1] in ":：" and after is not None
    return Extract(
        passage, first.start, _block_end(passage.text, after, parts) if introduces and after else last.end
    )


def _together(run: Sequence[Candidate]) -> float | None:
    """How good a run is, None when it is too long."""
    text = run[0].passage.text
    if len(run) > 1 and run[-1].unit.end - run[0].unit.start > _limit(text):
        return None
    own = [one.words + EXPECTED * one.fits for one in run]
    best = max(own)
    covered: dict[str, float] = {}
    for one in run:
        covered.update(one.covers)
    centred = CENTRED if len(run) == MAX_SENTENCES and own[1] >= best else 0.0
    return (
        best
        + TOGETHER * sum(covered.values())
        + COMPANY * (sum(own) - best)
        + max(one.prior for one in run)
        + centred
        + 0.001 * len(run)
    )


def _stored_answer(passage: Passage, answer: str) -> Extract:
    """A FAQ's own answer, whole; the matched piece when its text was cut differently."""
    start = passage.text.rfind(answer)
    return (
        Extract(passage, start, start + len(answer))
        if start >= 0
        else Extract(passage, passage.start, passage.end)
    )


def _for_the_rest(question: str, first: Passage, others: Sequence[Passage]) -> Extract | None:
    parts = [part for part in clauses(question) if topic_terms(part)]
    if len(parts) < 2:
        return None
    wanted = frozenset(topic_terms(question))
    left = wanted - set(terms(_all_of(first)))
    near = [passage for passage in others if passage.lang == first.lang]
    if not near or len(left) < UNCOVERED * len(wanted):
        return None
    gains = [len(left & set(terms(_all_of(passage)))) for passage in near]
    best = gains.index(max(gains))
    return _from(question, near[best : best + 1], 1) if gains[best] >= ADDED * len(wanted) else None


def _all_of(passage: Passage) -> str:
    return f"{passage.title}\n{passage.heading}\n{passage.question or ''}\n{passage.text}"


def _piece(passage: Passage, ranked: Sequence[Candidate]) -> Extract:
    """The piece that retrieval matched, whole units of it."""
    parts = units(passage.text)
    inside = [part for part in parts if part.start < passage.end and part.end > passage.start] or list(parts)
    tables = [part for part in inside if part.kind in {UnitKind.ROW, UnitKind.HEADER}]
    if len(tables) == len(inside):
        best = next(one for one in ranked if one.passage is passage and one.unit.block == inside[0].block)
        return _rows(best, parts, ranked)
    return Extract(passage, inside[0].start, inside[-1].end)


def grow(best: Candidate, ranked: Sequence[Candidate]) -> Extract:
    """The extract around a unit: the whole of a short list, a row with its header, a sentence as it is."""
    passage, unit = best.passage, best.unit
    parts = units(passage.text)
    match unit.kind:
        case UnitKind.ROW | UnitKind.HEADER:
            return _rows(best, parts, ranked)
        case UnitKind.ITEM:
            start, end = _list_span(passage.text, unit, parts)
        case UnitKind.SENTENCE:
            start, end = unit.start, unit.end
    return Extract(passage, start, end)


def _weights(question: str, bags: Sequence[Counter[str]]) -> dict[str, float]:
    wanted = topic_terms(question) or list(dict.fromkeys(terms(question)))
    size = len(bags)
    return {
        term: math.log1p((size - df + 0.5) / (df + 0.5))
        for term in wanted
        for df in (sum(term in bag for bag in bags),)
    }


def _score(bag: Counter[str], weights: dict[str, float], mean: float) -> float:
    """BM25 with k1 = 1.2 and b = 0.4: units are short, so length says less than in whole pages."""
    norm = 1.2 * (0.6 + 0.4 * bag.total() / mean)
    return sum(
        weight * bag[term] * 2.2 / (bag[term] + norm) for term, weight in weights.items() if term in bag
    )


def _prior(passage: Passage, place: int, unit: Unit) -> float:
    inside = (
        passage.start <= unit.start
        and unit.end <= passage.end
        and passage.end - passage.start < len(passage.text)
    )
    return IN_PIECE * inside - RANK * place


def _limit(text: str) -> int:
    return HAN_CHARS if any("\u4e00" <= letter <= "\u9fff" for letter in text[:200]) else LATIN_CHARS


def _list_span(text: str, unit: Unit, parts: Sequence[Unit]) -> tuple[int, int]:
    """The whole list when it is short, else the item; with the line that introduces it when that is near."""
    own = [part for part in parts if part.block == unit.block]
    start, end = own[0].start, own[-1].end
    whole = end - start <= LIST_CHARS
    if not whole:
        return unit.start, unit.end
    before = [part for part in parts if part.end <= start]
    if before and text[before[-1].end - 1] in ":：":
        start = before[-1].start
    return start, end


def _block_end(text: str, first: Unit, parts: Sequence[Unit]) -> int:
    """The end of the block that begins with `first`, or of `first` alone when the block is long."""
    end = max(part.end for part in parts if part.block == first.block)
    return end if end - first.start <= LIST_CHARS else first.end


def _rows(best: Candidate, parts: Sequence[Unit], ranked: Sequence[Candidate]) -> Extract:
    """The row, or all rows when the question does not tell them apart and the table is short."""
    passage = best.passage
    table = [part for part in parts if part.block == best.unit.block]
    rivals = [
        one
        for one in ranked
        if one.passage is passage and one.unit.block == best.unit.block and one.words >= 0.9 * best.words
    ]
    short = table[-1].end - table[0].start <= LIST_CHARS
    shown = table[1:] if len(rivals) * 2 > len(table) - 1 and short else [best.unit]
    header = passage.text[table[0].start : table[0].end]
    rows = tuple(readable_row(header, passage.text[row.start : row.end]) for row in shown)
    return Extract(passage, shown[0].start, shown[-1].end, rows)


def readable_row(header: str, row: str) -> str:
    """A table row as a line of `Heading: cell` pairs; a first cell under an empty heading stands alone."""
    pairs = [
        f"{name}: {cell}" if name else cell
        for name, cell in zip(cells(header), cells(row), strict=True)
        if cell
    ]
    return "; ".join(pairs)
