"""A FAQ entry proposed for a gap: its questions as wordings, a person's answer as answer, and the entry it would change."""

from collections.abc import Sequence

import numpy as np

from myna_knowledge.care.model import EntryDraft, Gap, HumanAnswer, Question
from myna_knowledge.model import SourceKind
from myna_knowledge.ports import Store
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.lexical import overlap
from myna_knowledge.retrieval.memory import Memories
from myna_knowledge.text import topic_terms

MAX_VARIANTS = 10
ABOUT_THE_SAME = 0.55
"""Mean centred cosine of a gap's questions with an entry's wordings from which the entry is about them: above what makes two
questions one gap, for changing an entry that answers others must be surer than collecting questions."""
SAME_WORDING = 0.8
"""Wordings whose topic words overlap this much are one."""
FEWEST_WORDS = 4
"""An answer with fewer topic words is no entry yet."""


async def draft_for(
    gap: Gap,
    questions: Sequence[Question],
    answers: Sequence[HumanAnswer],
    memories: Memories,
    asking: Asking,
    store: Store,
) -> EntryDraft:
    """The proposal. The newest answer that says something stands for all."""
    answer = next((each.text for each in answers if len(topic_terms(each.text)) >= FEWEST_WORDS), "")
    variants = _distinct(gap.question, [each.text for each in questions if each.lang == gap.lang])
    draft = EntryDraft(gap.question, answer, variants, gap.lang)
    nearest = await _nearest_entry(gap, questions, memories, asking, store)
    if nearest is None:
        return draft
    source, question, was, known = nearest
    return EntryDraft(
        question,
        answer or was,
        tuple(dict.fromkeys((*known, gap.question, *variants)))[: MAX_VARIANTS + len(known)],
        gap.lang,
        source,
        was,
    )


def _distinct(question: str, wordings: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    said = [frozenset(topic_terms(question))]
    for wording in wordings:
        words = frozenset(topic_terms(wording))
        if words and overlap(words, said) < SAME_WORDING:
            said.append(words)
            kept.append(wording)
    return tuple(kept[:MAX_VARIANTS])


async def _nearest_entry(
    gap: Gap, questions: Sequence[Question], memories: Memories, asking: Asking, store: Store
) -> tuple[int, str, str, tuple[str, ...]] | None:
    """The one-entry FAQ source that is about the same: its id, question, answer and other wordings."""
    vectors = [each.vector for each in questions if each.vector is not None and each.lang == gap.lang]
    if asking.embedder is None or not vectors:
        return None
    memory = await memories.current(gap.base)
    faqs = [each for each in memory.sections if each.kind == "faq" and each.lang == gap.lang]
    own = {each.id for each in await store.catalog.sources(gap.base) if each.kind is SourceKind.FAQ}
    ids = [each.id for each in faqs if each.source in own]
    spots = await store.pieces.spots(asking.embedder.name, sections=ids)
    if not spots:
        return None
    general = None if gap.lang in memory.space.asking else await asking.common(gap.lang)
    asked = np.stack([memory.space.question(vector, gap.lang, general) for vector in vectors])
    wordings = memory.space.pieces(np.stack([spot.vector for spot in spots]), gap.lang)
    near = (wordings @ asked.T).mean(axis=1)
    best = int(near.argmax())
    if near[best] < ABOUT_THE_SAME:
        return None
    found = (await store.pieces.chunks([spots[best].chunk])).get(spots[best].chunk)
    if found is None or found[1].question is None:
        return None
    section = found[1]
    return section.source, section.question or "", section.answer or "", section.variants
