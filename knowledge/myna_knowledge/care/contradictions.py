"""Passages that say different things of the same: other numbers, or yes here and no there. Pure.

Sentences are compared, not pages: two sentences whose topic words are mostly the same, with numbers of the same unit that
differ. Pages that are each other's translation (same address, other language) are compared as a whole, by their numbers.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from myna_knowledge.care.model import Finding, FindingKind
from myna_knowledge.model import Section
from myna_knowledge.text import HAN, normalise, sentences, topic_terms

SAME_THING = 0.6
"""Share of topic words, numbers left out, that two sentences must have in common (Jaccard)."""
SAME_SENTENCE = 0.8
"""For a no against a yes, where one word makes the difference."""
MIN_TERMS = 3
MAX_FINDINGS = 200
COMMON = 60
"""A word in more sentences than this brings none of them together."""

_NUMBER = re.compile(
    rf"(?P<money>[£$€¥]|\b(?:usd|eur|gbp|cny|rmb)\s?)?(?P<value>\d+(?:[.,]\d+)*)\s?(?P<unit>%|[£$€¥]|[a-z]+|[{HAN}])?"
)
_NOT = re.compile(
    r"\b(?:not|no|never|cannot|can't|won't|don't|doesn't|isn't|aren't|without|neither|nor)\b|不|没|無|无|勿|禁止|別|别"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence as it is compared."""

    section: Section
    text: str
    terms: frozenset[str]
    numbers: Mapping[str, frozenset[str]]
    """Values by unit."""
    denies: bool


def numbers(text: str) -> dict[str, frozenset[str]]:
    """The numbers of a text by unit: money by its sign, the others by the word that follows."""
    found: dict[str, set[str]] = {}
    for match in _NUMBER.finditer(normalise(text)):
        value = match["value"].replace(",", "")
        if "." in value:
            value = value.rstrip("0").rstrip(".")
        unit = (match["money"] or match["unit"] or "").strip().removesuffix("s")
        found.setdefault(unit, set()).add(value)
    return {unit: frozenset(values) for unit, values in found.items()}


def contradictions(sections: Sequence[Section]) -> list[Finding]:
    """At most `MAX_FINDINGS` contradictions between and within sections, in the order of the sections."""
    found: dict[str, Finding] = {}
    for one, other in _pairs([statement for each in sections for statement in _statements(each)]):
        why = _differ(one, other)
        if why is not None:
            made = _finding(why, one.section, one.text, other.section, other.text)
            found.setdefault(made.key, made)
    for first, second in _translations(sections):
        unlike = _unlike(first, second)
        if unlike:
            made = _finding("translation", first[0], unlike[0], second[0], unlike[1])
            found.setdefault(made.key, made)
    return list(found.values())[:MAX_FINDINGS]


def _statements(section: Section) -> Iterator[Statement]:
    text = section.answer if section.kind == "faq" and section.answer else section.text
    for start, end in sentences(text):
        said = text[start:end]
        if "|" in said:
            continue  # A row of a table says nothing without its header.
        terms = frozenset(term for term in topic_terms(said) if not any(letter.isdigit() for letter in term))
        if len(terms) >= MIN_TERMS:
            yield Statement(section, said, terms, numbers(said), bool(_NOT.search(normalise(said))))


def _pairs(statements: Sequence[Statement]) -> Iterator[tuple[Statement, Statement]]:
    """Statements that share at least half of the rarer words of one: found through the words, not by comparing all."""
    by_term: dict[tuple[str, str], list[int]] = {}
    for at, each in enumerate(statements):
        for term in each.terms:
            by_term.setdefault((each.section.lang, term), []).append(at)
    shared: dict[tuple[int, int], int] = {}
    for places in by_term.values():
        if len(places) <= COMMON:
            for pair in combinations(places, 2):
                shared[pair] = shared.get(pair, 0) + 1
    for (one, other), count in shared.items():
        first, second = statements[one], statements[other]
        if count * 3 >= min(len(first.terms), len(second.terms)) and first.text != second.text:
            yield first, second


def _differ(one: Statement, other: Statement) -> str | None:
    same = len(one.terms & other.terms) / len(one.terms | other.terms)
    if same >= SAME_THING and _clash(one.numbers, other.numbers):
        return "numbers"
    if same >= SAME_SENTENCE and one.denies != other.denies:
        return "denial"
    return None


def _clash(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> bool:
    """Whether a unit that both have has values of which neither side says all of the other's."""
    return any(
        not values <= other[unit] and not other[unit] <= values
        for unit, values in one.items()
        if unit in other
    )


def _translations(sections: Sequence[Section]) -> Iterator[tuple[list[Section], list[Section]]]:
    pages: dict[str, dict[str, list[Section]]] = {}
    for section in sections:
        if section.url and section.kind != "faq":
            pages.setdefault(section.url, {}).setdefault(section.lang, []).append(section)
    for by_language in pages.values():
        yield from combinations(by_language.values(), 2)


def _unlike(first: Sequence[Section], second: Sequence[Section]) -> tuple[str, str] | None:
    """The numbers that only one of two translations has, of each side; None when one side merely says less."""
    values = [
        {
            value
            for section in side
            for held in numbers(section.text).values()
            for value in held
            if len(value) > 1
        }
        for side in (first, second)
    ]
    here, there = values[0] - values[1], values[1] - values[0]
    return (", ".join(sorted(here)), ", ".join(sorted(there))) if here and there else None


def _finding(why: str, one: Section, said: str, other: Section, against: str) -> Finding:
    sides = sorted(
        ((section, text) for section, text in ((one, said), (other, against))), key=lambda side: side[0].id
    )
    told = [
        {
            "source": str(section.source),
            "title": section.title,
            "heading": section.heading,
            "lang": section.lang,
            "text": text,
        }
        for section, text in sides
    ]
    # Sections get another id when their page changes: the words say whether it is the same finding.
    key = hashlib.sha256("\0".join(f"{side['source']} {side['text']}" for side in told).encode()).hexdigest()
    return Finding(FindingKind.CONTRADICTION, key, {"why": why, "sides": told})
