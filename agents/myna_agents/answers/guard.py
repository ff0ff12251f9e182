"""Nothing is said that the sources do not say: every fact of an answer must occur in the passages that it cites."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from myna_agents.answers.grounding import leaks, unsupported
from myna_agents.text.facts import Fact, FactKind, bare_value, facts, without_marks
from myna_knowledge.model import Passage
from myna_knowledge.text import sentences

MARK = re.compile(r"\[(\d{1,2})\]")
"""A citation mark in a text."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A fact that no cited passage holds, and the sentence that claims it; or a claim without any citation."""

    code: str
    shown: str
    sentence: str


class Evidence:
    """The facts of some passages, ready to be asked."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        text = "\n\n".join(
            "\n".join((one.title, one.heading, one.question or "", one.answer or "", one.text, one.url or ""))
            for one in passages
        )
        found = facts(text)
        self._values = {(fact.kind, fact.value) for fact in found}
        self._bare = {
            bare_value(fact) for fact in found if fact.kind is FactKind.NUMBER and " " not in fact.value
        }
        self._numbers = {bare_value(fact) for fact in found if fact.kind is FactKind.NUMBER}
        self._dates = [fact.value.split("-") for fact in found if fact.kind is FactKind.DATE]
        self._plain = _squeezed(text)

    def holds(self, fact: Fact) -> bool:
        """Whether the passages state the fact, in whatever notation."""
        if (fact.kind, fact.value) in self._values:
            return True
        match fact.kind:
            case FactKind.DATE:
                return any(_within(fact.value.split("-"), date) for date in self._dates)
            case FactKind.NUMBER:
                return self._holds_number(fact)
            case FactKind.TIME:
                return False
            case FactKind.URL | FactKind.EMAIL | FactKind.IDENTIFIER:
                return bool(
                    re.search(rf"(?<![a-z0-9]){re.escape(_squeezed(fact.shown))}(?![a-z0-9])", self._plain)
                )

    def _holds_number(self, fact: Fact) -> bool:
        """A number without a unit needs the same value anywhere; one with a unit the same unit, or a bare number whose
        unit stands elsewhere, as in the heading of a table."""
        if " " not in fact.value:
            return fact.value in self._numbers
        shown = re.sub(r"[^\d.]", "", fact.shown.replace(",", "")).strip(".")
        return bare_value(fact) in self._bare or (bool(shown) and shown in self._bare)


def violations(text: str, passages: Sequence[Passage]) -> list[Violation]:
    """The facts of a text that none of the passages holds, in order, each with its sentence."""
    return unbacked(text, Evidence(passages))


def unfounded(text: str, passages: Sequence[Passage], secret: str = "") -> list[Violation]:
    """Everything in a text that its passages do not say: facts, whole sentences, and what repeats the instructions `secret`."""
    return [
        *violations(text, passages),
        *(Violation("unsupported", one, one) for one in unsupported(text, passages)),
        *(Violation("leak", one, one) for one in leaks(text, secret, passages)),
    ]


def unbacked(text: str, evidence: Evidence) -> list[Violation]:
    """The facts of a text that the evidence does not hold."""
    plain = without_marks(text)
    return [
        Violation(fact.kind, fact.shown, text[start:end])
        for start, end in sentences(text)
        for fact in facts(plain[start:end])
        if not evidence.holds(fact)
    ]


def without(text: str, found: Sequence[Violation]) -> str:
    """The text without the sentences that violate; empty when nothing that is cited remains."""
    bad = {one.sentence for one in found}
    kept: list[str] = []
    at = 0
    for start, end in sentences(text):
        if text[start:end] not in bad:
            kept.append(text[at:start] if kept else "")
            kept.append(text[start:end])
        at = end
    left = "".join(kept).strip()
    says_something = re.search(r"\w", MARK.sub("", left)) is not None
    return left if says_something and MARK.search(left) else ""


def marks(text: str) -> tuple[int, ...]:
    """The numbers of the citation marks of a text in order, each once."""
    return tuple(dict.fromkeys(int(number) for number in MARK.findall(text)))


def _within(said: Sequence[str], known: Sequence[str]) -> bool:
    """Whether a date says no more than a known one: `1 May` is in `2025-05-01`, not the other way round."""
    if len(said) != 3 or len(known) != 3:
        return False
    return all(not part or part == other for part, other in zip(said, known, strict=True))


def _squeezed(text: str) -> str:
    return re.sub(r"(?<=\w)[-_/#](?=\w)", "", text.lower())
