"""Whether the sentences of an answer say what their passages say, beyond the checkable facts; and passages that give orders.

Facts (`facts.py`) catch what was invented in numbers, dates and addresses. A model that was talked into something else says
other *words* than the passages: a sentence most of whose content words stand in none of them was not written from them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from myna_agents.answers.orders import gives_orders
from myna_agents.text.facts import without_marks
from myna_agents.text.language import script_language
from myna_knowledge.model import Passage
from myna_knowledge.text import sentences, terms, topic_terms

LEAST_SHARE = 0.5
"""Least share of a sentence's content words that must stand in the passages. Sentences from a passage, however shortened,
have 0.8 and more; what a model says after "ignore your instructions" has next to none."""
SHINGLE = 5
"""So many words in a row out of the instructions are a leak of them."""

_ALWAYS = frozenset(
    terms("yes no sure okay not never please thank sorry also page passage source company customer")
)
_LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]{3,}|\d[\d.,:/-]*")


def unsupported(text: str, passages: Iterable[Passage]) -> list[str]:
    """The sentences of a text that were not made from the passages, in order.

    Within a language by the share of shared content words. Across languages only names, Latin words and digits can be
    compared; the facts are checked elsewhere in every language.
    """
    known = list(passages)
    said = frozenset(
        term
        for one in known
        for term in terms(
            "\n".join((one.title, one.heading, one.question or "", one.answer or "", one.text, one.url or ""))
        )
    )
    langs = {script_language(one.text) for one in known}
    plain = without_marks(text)
    return [
        text[start:end] for start, end in sentences(text) if not _supported(plain[start:end], said, langs)
    ]


def leaks(text: str, secret: str, passages: Sequence[Passage]) -> list[str]:
    """The sentences of a text that repeat the instructions word for word where no passage says the same."""
    hidden = _shingles(secret) - _shingles("\n".join(one.text for one in passages))
    return [text[start:end] for start, end in sentences(text) if _shingles(text[start:end]) & hidden]


def inert(passage: Passage) -> Passage:
    """The passage without the sentences that give orders to whoever reads it by machine; spans stay true.

    They are blanked, not cut, so that every other character keeps its place.
    """
    return replace(passage, text=inert_text(passage.text)) if gives_orders(passage.text) else passage


def inert_text(text: str) -> str:
    """A text with its orders blanked, every other character in its place."""
    if not gives_orders(text):
        return text
    for start, end in sentences(text):
        if gives_orders(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    # An order that only the joined sentences make: nothing of it can be trusted.
    return " " * len(text) if gives_orders(text) else text


def _supported(sentence: str, said: frozenset[str], langs: set[str | None]) -> bool:
    if script_language(sentence) in langs:
        words = [term for term in topic_terms(sentence) if term not in _ALWAYS]
        return not words or sum(word in said for word in words) >= LEAST_SHARE * len(words)
    latin = [word for found in _LATIN.findall(sentence) for word in terms(found)]
    return sum(word in said for word in latin) >= LEAST_SHARE * len(latin)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = terms(text)
    return {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
