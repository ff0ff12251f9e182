"""Questions made from a base itself, to learn from: how well it finds, and how sure it may be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from myna_knowledge.model import Section
from myna_knowledge.reading.chunking import SEPARATOR
from myna_knowledge.retrieval.memory import digest
from myna_knowledge.text import HAN, language, sentences, topic_terms

MAX_WORDINGS, MAX_STATEMENTS, MAX_HEADINGS = 160, 160, 40
STATEMENT_WORDS, STATEMENT_HAN = (6, 12), (10, 24)
"""How much of a sentence is asked: people name some of what a sentence says and ask for the rest."""
SAID_OTHERWISE = 0.6
"""Of the topic words of such a question at most this share is taken to be said in other words. Measured: the real
questions of XQuAD lack 28 % of the weight of their words in the right passage, those of FAQ sets 45 %."""
WORDED_OTHERWISE = 0.4
"""The same for FAQ wordings: those written down are nearer to each other than to what customers type."""
FEW_TERMS = 3
OFF_TOPIC_WEIGHT = 0.5
HEADING_WEIGHT = 0.5
"""A heading is asked only with its page taken out: with it, it is easier than what people ask."""

_HAN_TEXT = re.compile(f"[{HAN}]")

OFF_TOPIC = (
    "What is the capital of Australia?",
    "Who painted the Mona Lisa?",
    "Write me a poem about autumn leaves.",
    "How do I bake sourdough bread?",
    "What will the weather be like tomorrow?",
    "Explain how black holes form.",
    "Which team won the world cup in 1998?",
    "Translate good morning into Spanish.",
    "How tall is Mount Everest?",
    "What is the square root of 144?",
    "Tell me a joke about penguins.",
    "Who was the first person on the moon?",
    "How do I fix a leaking kitchen tap?",
    "What does my horoscope say today?",
    "Recommend a good science fiction film.",
    "How does photosynthesis work?",
    "法国的首都是哪里？",
    "给我写一首关于春天的诗",
    "明天会下雨吗？",
    "红烧肉怎么做好吃？",
    "谁写了《红楼梦》？",
    "地球到月亮有多远？",
    "帮我算一下 37 乘以 48",
    "最近有什么好看的电影推荐？",
    "怎么学会弹吉他？",
    "恐龙是怎么灭绝的？",
    "股票今天涨了吗？",
    "讲个笑话给我听",
    "世界上最高的山是哪座？",
    "感冒了吃什么药好？",
    "Python 里怎么写循环？",
    "今天是星期几？",
)
"""Questions that hardly any help centre answers, in both languages."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question made from a section: `place` is where the answer stands, `wording` the entry it was taken from."""

    text: str
    place: int | None
    wording: int | None
    weight: float
    otherwise: frozenset[str] = frozenset()
    """Topic terms that count as said in other words: no text holds them."""
    statement: bool = False
    """Made of a sentence, so that it can be asked with the answer in place."""


def probes(sections: Sequence[Section]) -> Iterator[Probe]:
    """FAQ wordings, the first variant of each before the second of any; parts of sentences, headings; off-topic ones.

    Sections that say the same give the same questions, whatever their ids; in the same order, the same order.
    """
    asked: list[tuple[int, Probe]] = []
    told: list[Probe] = []
    headed: list[Probe] = []
    for place, section in enumerate(sections):
        if section.kind == "faq" and section.question is not None:
            wordings = tuple(dict.fromkeys((section.question, *section.variants)))
            asked += [(number or 90, Probe(text, place, number, 1.0)) for number, text in enumerate(wordings)]
        else:
            heading = section.heading.split(SEPARATOR)[-1] or section.title
            headed.append(Probe(heading, place, None, HEADING_WEIGHT))
            statement = _statement(section, place)
            if statement is not None:
                told.append(statement)
    asked.sort(key=lambda each: each[0])
    yield from spread([probe for _, probe in asked], MAX_WORDINGS)
    yield from spread(told, MAX_STATEMENTS)
    if asked:
        yield from spread(headed, MAX_HEADINGS)
    yield from (Probe(text, None, None, OFF_TOPIC_WEIGHT) for text in OFF_TOPIC)


def _statement(section: Section, place: int) -> Probe | None:
    """A part of one of the section's sentences, drawn by what the section says: the same text is always asked the same."""
    draw = np.random.default_rng(int.from_bytes(digest(section)[:8]))
    spans = [
        (start, end)
        for start, end in sentences(section.text)
        if len(topic_terms(section.text[start:end])) > 2 * FEW_TERMS and "|" not in section.text[start:end]
    ]
    if not spans:
        return None
    start, end = spans[int(draw.integers(len(spans)))]
    text = _part(section.text[start:end], draw)
    if len(topic_terms(text)) < FEW_TERMS:
        return None
    return Probe(text, place, None, 1.0, _otherwise(text, draw, SAID_OTHERWISE), statement=True)


def _otherwise(text: str, draw: np.random.Generator, most: float) -> frozenset[str]:
    """Some of the topic terms of a text, a share of them that is drawn too."""
    share = draw.uniform(0.0, most)
    return frozenset(term for term in topic_terms(text) if draw.random() < share)


def _part(sentence: str, draw: np.random.Generator) -> str:
    """Neighbouring words of a sentence, about as many as a question has."""
    if _HAN_TEXT.search(sentence) and language(sentence) == "zh":
        length = int(draw.integers(*STATEMENT_HAN))
        first = int(draw.integers(max(1, len(sentence) - length)))
        return sentence[first : first + length]
    words = sentence.split()
    length = int(draw.integers(*STATEMENT_WORDS))
    first = int(draw.integers(max(1, len(words) - length)))
    return " ".join(words[first : first + length])


def spread(found: Sequence[Probe], limit: int) -> list[Probe]:
    """At most so many, evenly over all."""
    step = max(1.0, len(found) / limit)
    return [found[int(at * step)] for at in range(min(len(found), limit))]
