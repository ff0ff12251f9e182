"""Answers from quotes: the FAQ's own answer, or the best sentences of the best passages, with citations. Pure."""

from collections.abc import Sequence

from myna_agents.answers.answer import Answer, Citation, cite
from myna_agents.answers.extract import Extract, extract
from myna_agents.answers.guard import marks
from myna_agents.answers.phrases import Phrase, language_name, say
from myna_agents.text.language import same_language, spoken
from myna_knowledge.model import Passage

PARAGRAPH = "\n\n"


def quoted_answer(
    question: str, lang: str, passages: Sequence[Passage], languages: Sequence[str], engine: str
) -> Answer | None:
    """The offline answer; None when the passages hold nothing to quote.

    Guarantees: every paragraph but the one sentence about another language is an exact quote of a passage (table rows
    with their headings written out) and ends with its mark; the same input gives the same answer.
    """
    found = extract(question, passages)
    if not found:
        return None
    citations = tuple(cite(n, one.passage, one.start, one.end) for n, one in enumerate(found, 1))
    parts = [f"{_shown(one)} [{n}]" for n, one in enumerate(found, 1)]
    own = spoken(lang, languages)
    origin = found[0].passage.lang
    if not same_language(origin, lang):
        parts.insert(0, say(Phrase.OTHER_LANGUAGE, own, language=language_name(origin, own)))
    return Answer(PARAGRAPH.join(parts), own, citations, tuple(one.passage for one in found), engine)


def cited_answer(text: str, lang: str, passages: Sequence[Passage], engine: str) -> Answer:
    """A model's text with the citations that its marks name; marks of passages that do not exist are taken out.

    The quote of a citation is the part of the passage that supports the sentence before the mark.
    """
    for number in marks(text):
        if not 1 <= number <= len(passages):
            text = text.replace(f" [{number}]", "").replace(f"[{number}]", "")
    citations: list[Citation] = []
    cited: list[Passage] = []
    for number in marks(text):
        passage = passages[number - 1]
        support = extract(_before(text, number), [passage])
        start, end = (support[0].start, support[0].end) if support else (passage.start, passage.end)
        citations.append(cite(number, passage, start, end))
        cited.append(passage)
    return Answer(text.strip(), lang, tuple(citations), tuple(cited), engine)


def _shown(one: Extract) -> str:
    if not one.rows:
        return one.quote
    return one.rows[0] if len(one.rows) == 1 else "\n".join(f"- {row}" for row in one.rows)


def _before(text: str, number: int) -> str:
    """The statement that a mark closes: from the mark before it, at most some sentences."""
    head = text.split(f"[{number}]", 1)[0]
    return head.rsplit("]", 1)[-1][-400:]
