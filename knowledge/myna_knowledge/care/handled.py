"""Handled conversations as knowledge: what customers asked and what the team answered, without personal data. Pure."""

from collections.abc import Iterator

from myna_knowledge.care.masking import masked
from myna_knowledge.care.model import Handled, HandledConversation
from myna_knowledge.model import FaqEntry
from myna_knowledge.text import language, topic_terms

MIN_QUESTION_TERMS = 2
"""A greeting or a thank you is no question."""
MIN_ANSWER_TERMS = 4
"""Neither is a question back, or "one moment please", an answer."""
MAX_CHARS = 2000


def entries(conversation: HandledConversation) -> list[FaqEntry]:
    """Pairs of what the visitor wrote and what a person of the team wrote next, masked; none where it did not help."""
    if conversation.unhelpful:
        return []
    found: list[FaqEntry] = []
    for asked, answered in _pairs(conversation.messages):
        question = masked(" ".join(asked), conversation.names)[:MAX_CHARS].strip()
        answer = masked("\n".join(answered), conversation.names)[:MAX_CHARS].strip()
        if len(topic_terms(question)) < MIN_QUESTION_TERMS or len(topic_terms(answer)) < MIN_ANSWER_TERMS:
            continue
        if answer.rstrip().endswith(("?", "？")):
            continue
        found.append(FaqEntry(question, answer, lang=language(question)))
    return found


def _pairs(messages: tuple[Handled, ...]) -> Iterator[tuple[list[str], list[str]]]:
    """Runs of visitor's messages with the run of human messages that follows; what a bot said between is left out."""
    asked: list[str] = []
    answered: list[str] = []
    for message in messages:
        if message.role == "visitor":
            if answered:
                yield asked, answered
                asked, answered = [], []
            asked.append(message.text)
        elif message.role == "human" and asked:
            answered.append(message.text)
    if asked and answered:
        yield asked, answered
