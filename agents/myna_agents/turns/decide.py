"""What to do with a message: answer, ask back, hand off, decline or stay silent. Pure; every decision has its reason."""

import re
from collections.abc import Sequence

from myna_agents.answers.phrases import Phrase
from myna_agents.hearing.replies import says_no, says_unhelpful, says_yes
from myna_agents.hearing.rules import rule
from myna_agents.hearing.scene import Scene
from myna_agents.hearing.smalltalk import SmallTalk, small_talk
from myna_agents.hearing.wants import asks_for_person
from myna_agents.text.clauses import clauses
from myna_agents.text.language import same_language
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.groups import keeps_quiet, unasked
from myna_knowledge.model import Passage, Retrieval
from myna_knowledge.retrieval.naming import label

MAX_SUGGESTIONS = 3
LEAST_SUGGESTED = 0.2
"""Confidence below which nothing is suggested, however low an agent's threshold: to a question about something else every
suggestion is silly."""


_TALK: dict[SmallTalk, Phrase] = {
    SmallTalk.FILLER: Phrase.OFFER_REFUSED,
    SmallTalk.GREETING: Phrase.GREETING,
    SmallTalk.HOW_ARE_YOU: Phrase.HOW_ARE_YOU,
    SmallTalk.THANKS: Phrase.THANKS,
    SmallTalk.BYE: Phrase.BYE,
    SmallTalk.ABILITIES: Phrase.ABILITIES,
    SmallTalk.IDENTITY: Phrase.IDENTITY,
}

_LEANS = re.compile(
    r"^(?:and|what about|how about|then|also|but)\b|\b(?:it|that|this|they|them|those|these|one|ones|there)\b|"
    r"^(?:那|那么|还有|另外|如果是)|(?:它|它们|这个|那个|这种|那种|这样|那边)|呢$"
)


def first_look(scene: Scene, now: float = 0.0) -> Decision | None:
    """The decision that needs no knowledge, or None when the message is a question to look up.

    `now`, in unix seconds, counts only for an agent that may speak unasked in groups.
    """
    if not scene.burst:
        return Decision(Kind.SILENT, "already_answered" if scene.covered else "nothing_to_answer")
    if scene.in_group:
        quiet = keeps_quiet(scene, now)
        if quiet is not None or not scene.addressed:
            return quiet
    asks = any(asks_for_person(said.text) for said in scene.burst)
    if asks:
        return _bring_in(scene, "asked_for_human", Phrase.HANDING_OFF)
    required = rule(scene) if scene.supports else None
    if required is not None:
        return _bring_in(scene, required, Phrase.HANDING_OFF_RULE)
    return _to_last_words(scene) or _small_talk(scene)


def weigh(scene: Scene, retrieval: Retrieval) -> Decision:
    """What to do with a question, given what the knowledge base found.

    The calibrated confidence decides, before any model is asked: at or above the threshold it is answered. Below, similar
    questions and headings are offered when one is near; the second miss in a row brings a human in.
    """
    if not scene.addressed:
        return unasked(scene, retrieval)
    threshold = scene.profile.threshold if scene.profile.threshold is not None else retrieval.threshold
    sure = retrieval.confidence >= threshold if scene.profile.threshold is not None else retrieval.answerable
    if sure and retrieval.passages:
        return Decision(Kind.ANSWER, "confident")
    if retrieval.reading:
        return Decision(Kind.DECLINE, "still_reading", Phrase.STILL_READING, offer_human=scene.supports)
    if _enough(scene):
        return _bring_in(scene, "low_confidence", Phrase.HANDING_OFF_UNKNOWN)
    near = retrieval.confidence >= max(scene.profile.near_miss * threshold, LEAST_SUGGESTED)
    offers = similar(scene.question, retrieval.passages, scene.lang) if near else ()
    if offers:
        return Decision(Kind.ASK_BACK, "near_miss", Phrase.DID_YOU_MEAN, offers, offer_human=scene.supports)
    return _decline(scene, "low_confidence")


def unsure(scene: Scene) -> Decision:
    """What to do when the engine, having read the passages, finds no answer in them."""
    if _enough(scene):
        return _bring_in(scene, "low_confidence", Phrase.HANDING_OFF_UNKNOWN)
    return _decline(scene, "not_in_passages")


def unfounded(scene: Scene) -> Decision:
    """What to do when no answer could be made whose every fact stands in the sources."""
    if scene.supports:
        return _bring_in(scene, "unfounded", Phrase.HANDING_OFF_UNKNOWN)
    return _decline(scene, "unfounded")


def queries(scene: Scene) -> tuple[str, ...]:
    """What to look up: the question, and for one that leans on the question before it also both together.

    Rewriting only ever adds a query; the one with the higher confidence is used.
    """
    question = scene.question
    previous = scene.previous_question
    found = clauses(question)
    leans = bool(found) and any(_LEANS.search(clause) for clause in found) and len(question) < 80
    return (question, f"{previous}\n{question}") if leans and previous else (question,)


def _bring_in(scene: Scene, reason: str, phrase: Phrase) -> Decision:
    if scene.supports:
        return Decision(Kind.HAND_OFF, reason, phrase)
    return Decision(Kind.DECLINE, reason, Phrase.NO_QUEUE_HERE)


def _enough(scene: Scene) -> bool:
    """Whether one more miss brings a human in."""
    return scene.supports and scene.misses + 1 >= scene.profile.misses_before_hand_off


def _decline(scene: Scene, reason: str) -> Decision:
    if scene.supports:
        return Decision(Kind.DECLINE, reason, Phrase.UNKNOWN, offer_human=True)
    return Decision(Kind.DECLINE, reason, Phrase.UNKNOWN_HERE)


def _to_last_words(scene: Scene) -> Decision | None:
    """Reactions that mean something only after what the agent said last."""
    last = scene.last_own
    offered = last is not None and last.offers_human
    suggested = last.suggestions if last else ()
    if says_yes(scene.text):
        if len(suggested) == 1:
            return None
        if suggested:
            return Decision(
                Kind.ASK_BACK, "which_question", Phrase.WHICH_QUESTION, suggested, offer_human=offered
            )
        return _bring_in(scene, "offered", Phrase.HANDING_OFF) if offered else None
    if offered and says_no(scene.text):
        return Decision(Kind.ANSWER, "offer_refused", Phrase.OFFER_REFUSED)
    if last is not None and says_unhelpful(scene.text):
        if _enough(scene):
            return _bring_in(scene, "not_helpful", Phrase.HANDING_OFF)
        return Decision(Kind.DECLINE, "not_helpful", Phrase.UNHELPFUL, offer_human=scene.supports)
    return None


def _small_talk(scene: Scene) -> Decision | None:
    kinds = [small_talk(said.text) for said in scene.burst]
    talk = [kind for kind in kinds if kind is not None]
    if not scene.question:
        if not talk:
            return Decision(Kind.ASK_BACK, "no_question", Phrase.WHICH_QUESTION)
        return Decision(Kind.ANSWER, "small_talk", _TALK[max(talk)])
    return None


def similar(asked: str, passages: Sequence[Passage], lang: str) -> tuple[str, ...]:
    """What the best passages in the asker's language are called, at most `MAX_SUGGESTIONS` and never what was asked. Each, sent
    as a question, is answered by its passage."""
    names = [
        label(each.title, each.heading, each.question) for each in passages if same_language(each.lang, lang)
    ]
    others = [name for name in names if name and name.casefold() != asked.casefold().strip()]
    return tuple(dict.fromkeys(others))[:MAX_SUGGESTIONS]
