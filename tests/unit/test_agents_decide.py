"""What an agent does with a message, as tables: who is heard, when it speaks, when a human comes in."""

from dataclasses import replace
from typing import Any

import pytest

from myna.model.conversation import ConversationKind
from myna_agents.answers.phrases import Phrase, catalogue, say
from myna_agents.hearing.addressed import calls, mentions
from myna_agents.hearing.scene import Scene, build_scene
from myna_agents.text.language import conversation_language, script_language
from myna_agents.turns.decide import first_look, queries, unfounded, unsure, weigh
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.summary import summary
from myna_knowledge.model import Passage, Retrieval
from support.agents_world import AGENT, ANN, BOB, OTHER_BOT, PROFILE, RETURNS, SHIPPING, Platform

UNKNOWN: dict[str, Any] = {"offers": [{"action": "hand_off", "label": "Talk to a person"}]}


async def scene_of(platform: Platform) -> Scene:
    """The scene of the newest turn."""
    turn = platform.queue.get_nowait()
    while not platform.queue.empty():
        turn = platform.queue.get_nowait()
    users = {user.id: user for user in await platform.users([AGENT, ANN, BOB, OTHER_BOT], 1)}
    return build_scene(turn, PROFILE, platform.log, users)


def retrieved(confidence: float, *passages: Passage) -> Retrieval:
    return Retrieval(passages or (RETURNS, SHIPPING), confidence, 0.5, confidence >= 0.5)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("hello", Kind.ANSWER, "small_talk"),
        ("thanks!", Kind.ANSWER, "small_talk"),
        ("你是机器人吗？", Kind.ANSWER, "small_talk"),
        ("I want to talk to a human", Kind.HAND_OFF, "asked_for_human"),
        ("hi, get me a human please", Kind.HAND_OFF, "asked_for_human"),
        ("转人工", Kind.HAND_OFF, "asked_for_human"),
        ("???", Kind.ASK_BACK, "no_question"),
    ],
)
async def test_what_needs_no_knowledge_is_decided_at_once(text: str, kind: Kind, reason: str) -> None:
    platform = Platform()
    platform.asks(text)
    decision = first_look(await scene_of(platform))
    assert decision is not None
    assert (decision.kind, decision.reason) == (kind, reason)


async def test_a_question_is_looked_up() -> None:
    platform = Platform()
    platform.asks("hi, how long can I return a lamp?")
    assert first_look(await scene_of(platform)) is None


async def test_what_is_still_being_read_is_said_instead_of_not_known() -> None:
    platform = Platform()
    platform.asks("how long can I return a lamp?")
    scene = await scene_of(platform)
    reading = replace(retrieved(0.1), reading=True)
    assert weigh(scene, reading) == Decision(
        Kind.DECLINE, "still_reading", Phrase.STILL_READING, offer_human=True
    )
    assert weigh(scene, replace(retrieved(0.9), reading=True)).kind is Kind.ANSWER


async def test_nothing_is_suggested_to_a_question_about_something_else() -> None:
    platform = Platform()
    platform.asks("who won the football cup?")
    lax = replace(await scene_of(platform), profile=replace(PROFILE, threshold=0.35))
    assert weigh(lax, retrieved(0.19)).kind is Kind.DECLINE
    assert weigh(lax, retrieved(0.21)).kind is Kind.ASK_BACK


@pytest.mark.parametrize(
    ("confidence", "misses", "kind", "reason"),
    [
        (0.9, 0, Kind.ANSWER, "confident"),
        (0.5, 0, Kind.ANSWER, "confident"),
        (0.9, 1, Kind.ANSWER, "confident"),
        (0.4, 0, Kind.ASK_BACK, "near_miss"),
        (0.1, 0, Kind.DECLINE, "low_confidence"),
        (0.4, 1, Kind.HAND_OFF, "low_confidence"),
        (0.1, 1, Kind.HAND_OFF, "low_confidence"),
    ],
)
async def test_confidence_and_misses_in_a_row_decide(
    confidence: float, misses: int, kind: Kind, reason: str
) -> None:
    platform = Platform()
    for _ in range(misses):
        platform.says(ANN, "what about Mars?")
        platform.says(AGENT, "I don't know.", **UNKNOWN)
    platform.asks("can I send it back?")
    decision = weigh(await scene_of(platform), retrieved(confidence))
    assert (decision.kind, decision.reason) == (kind, reason)
    if kind is Kind.ASK_BACK:
        assert decision.suggestions == ("How long can I return a lamp?", "Shipping")
    assert decision.offer_human == (kind in {Kind.ASK_BACK, Kind.DECLINE})


async def test_an_answer_between_two_misses_starts_the_count_again() -> None:
    platform = Platform()
    for body in (UNKNOWN, {"citations": [{"title": "Shipping"}]}):
        platform.says(ANN, "what about Mars?")
        platform.says(AGENT, "…", **body)
    platform.asks("and Venus?")
    assert weigh(await scene_of(platform), retrieved(0.1)).kind is Kind.DECLINE


async def test_an_agents_own_threshold_beats_the_calibrated_one() -> None:
    platform = Platform()
    platform.asks("can I send it back?")
    scene = replace(await scene_of(platform), profile=replace(PROFILE, threshold=0.95))
    assert weigh(scene, retrieved(0.9)).kind is not Kind.ANSWER


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        ("yes please", Kind.HAND_OFF, "offered"),
        ("好的，谢谢", Kind.HAND_OFF, "offered"),
        ("no thanks", Kind.ANSWER, "offer_refused"),
        ("不用了", Kind.ANSWER, "offer_refused"),
        ("that didn't help", Kind.HAND_OFF, "not_helpful"),
    ],
)
async def test_the_reply_to_an_offered_human_is_understood(reply: str, kind: Kind, reason: str) -> None:
    platform = Platform()
    platform.says(ANN, "what about Mars?")
    platform.says(AGENT, "I don't know. Shall I bring in a colleague?", **UNKNOWN)
    platform.asks(reply)
    decision = first_look(await scene_of(platform))
    assert decision is not None
    assert (decision.kind, decision.reason) == (kind, reason)


async def test_yes_without_an_offer_brings_nobody_in() -> None:
    platform = Platform()
    platform.says(ANN, "how long?")
    platform.says(AGENT, "30 days [1]", citations=[{"title": "Returns"}])
    platform.asks("ok")
    decision = first_look(await scene_of(platform))
    assert decision == Decision(Kind.ANSWER, "small_talk", Phrase.OFFER_REFUSED)


async def test_yes_to_the_only_suggestion_asks_it() -> None:
    platform = Platform()
    platform.says(ANN, "sending back?")
    platform.says(
        AGENT, "Did you mean this?", offers=[{"action": "ask", "text": RETURNS.question}, *UNKNOWN["offers"]]
    )
    platform.asks("yes")
    scene = await scene_of(platform)
    assert first_look(scene) is None
    assert scene.question == RETURNS.question


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("@myna how long can I return a lamp?", True),
        ("@Myna?", True),
        ("Myna, how long can I return a lamp?", True),
        ("hey Myna how long can I return a lamp", True),
        ("how long can I return a lamp, Myna?", True),
        ("小八，退货期限多久", True),
        ("@小八 退货期限多久", True),
        ("how long can I return a lamp?", False),
        ("Myna said 30 days yesterday", False),
        ("I asked Myna and it worked", False),
        ("@mynah are you there", False),
        ("write to ann@myna.example", False),
        ("minor question: who is in today?", False),
        ("hello everybody", False),
    ],
)
async def test_in_groups_only_who_is_addressed_speaks(text: str, speaks: bool) -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks(text)
    decision = first_look(await scene_of(platform))
    silent = decision is not None and decision.kind is Kind.SILENT
    assert silent is not speaks
    if decision is not None and silent:
        assert decision.reason == "not_addressed"


async def test_in_groups_a_reply_to_the_agent_addresses_it() -> None:
    platform = Platform(ConversationKind.GROUP)
    own = platform.says(AGENT, "30 days [1]")
    platform.says(BOB, "good to know")
    platform.asks("and for bulbs?", reply_to=own.seq)
    assert first_look(await scene_of(platform)) is None


async def test_in_groups_nobody_is_handed_over() -> None:
    platform = Platform(ConversationKind.GROUP)
    platform.asks("@myna I want to talk to a human")
    scene = await scene_of(platform)
    decision = first_look(scene)
    assert decision == Decision(Kind.DECLINE, "asked_for_human", Phrase.NO_QUEUE_HERE)
    assert weigh(scene, retrieved(0.1)) == Decision(Kind.DECLINE, "low_confidence", Phrase.UNKNOWN_HERE)
    assert unfounded(scene).kind is Kind.DECLINE


async def test_what_an_answer_covers_is_not_answered_twice() -> None:
    platform = Platform()
    platform.says(ANN, "how long can I return a lamp?")
    platform.says(AGENT, "30 days [1]", covers=2)
    platform.log.pop()
    platform.asks("a desk lamp")
    platform.says(AGENT, "30 days [1]", covers=2)
    assert first_look(await scene_of(platform)) == Decision(Kind.SILENT, "already_answered")


async def test_a_question_that_came_while_another_was_answered_is_still_heard() -> None:
    platform = Platform()
    platform.says(ANN, "how long can I return a lamp?")
    platform.asks("and what does shipping cost?")
    platform.says(AGENT, "30 days [1]", covers=1)
    scene = await scene_of(platform)
    assert scene.question == "and what does shipping cost?"
    assert first_look(scene) is None


async def test_one_question_in_several_messages_is_heard_as_one() -> None:
    platform = Platform()
    platform.says(ANN, "hi")
    platform.says(ANN, "I bought a lamp")
    platform.asks("how long can I return it?")
    scene = await scene_of(platform)
    assert scene.question == "I bought a lamp\nhow long can I return it?"


async def test_a_question_that_leans_on_the_one_before_is_looked_up_with_it() -> None:
    platform = Platform()
    platform.says(ANN, "What does shipping to France cost?")
    platform.says(AGENT, "9.90 EUR [1]", citations=[{"title": "Shipping"}])
    platform.asks("and how long does it take?")
    assert queries(await scene_of(platform)) == (
        "and how long does it take?",
        "What does shipping to France cost?\nand how long does it take?",
    )


async def test_an_engine_that_finds_nothing_counts_as_a_miss() -> None:
    platform = Platform()
    platform.asks("what about Mars?")
    assert unsure(await scene_of(platform)).kind is Kind.DECLINE
    platform.says(AGENT, "I don't know.", **UNKNOWN)
    platform.asks("and Venus?")
    assert unsure(await scene_of(platform)).kind is Kind.HAND_OFF


@pytest.mark.parametrize(
    ("texts", "lang"),
    [
        (["how do I return a lamp?"], "en"),
        (["怎么退货"], "zh"),
        (["iPhone 15 Pro Max 怎么退货"], "zh"),
        (["怎么退货", "ok"], "zh"),
        (["怎么退货", "iPhone 15"], "zh"),
        (["怎么退货", "12345"], "zh"),
        (["怎么退货", "sorry, I will write in English now"], "en"),
        (["how do I return", "怎么退货"], "zh"),
        (["ok"], "en"),
        (["???"], "zh"),
        ([], "zh"),
        (["返品したいのですが"], "ja"),
        (["https://example.com/页面"], "zh"),
    ],
)
def test_the_conversation_has_a_language(texts: list[str], lang: str) -> None:
    assert conversation_language(texts, "zh") == lang


def test_numbers_and_emoji_have_no_language() -> None:
    assert script_language("12345 👍") is None


def test_names_are_matched_as_words() -> None:
    assert mentions("ping @myna!", ["myna"])
    assert not mentions("mail a@myna.example", ["myna"])
    assert not calls("Mynah, come here", ["Myna"])


async def test_the_summary_tells_why_what_was_asked_and_what_was_tried() -> None:
    platform = Platform()
    platform.says(ANN, "How long can I return a lamp?")
    platform.says(AGENT, "30 days [1]", citations=[{"title": "Returns"}])
    platform.says(ANN, "What about Mars?")
    platform.says(AGENT, "I don't know.", **UNKNOWN)
    platform.asks("get me a human please")
    assert summary(await scene_of(platform), "asked_for_human").split("\n") == [
        "Why: the customer asked for a person",
        "Asked: How long can I return a lamp?",
        "Asked: What about Mars?",
        "Agent answered from: Returns",
        "The agent said once that it does not know.",
    ]


async def test_the_summary_is_in_the_customers_language() -> None:
    platform = Platform()
    platform.says(ANN, "灯坏了怎么办")
    platform.asks("转人工")
    assert (
        summary(await scene_of(platform), "asked_for_human") == "原因：客户要求人工服务\n客户问：灯坏了怎么办"
    )


@pytest.mark.parametrize("phrase", list(Phrase))
def test_every_phrase_exists_in_both_languages_with_the_same_blanks(phrase: Phrase) -> None:
    values = {
        "name": "Myna",
        "language": "English",
        "text": "x",
        "tool": "t",
        "arguments": "a",
        "result": "r",
        "count": 2,
        "facts": "f",
        "days": 30,
        "minutes": 3,
        "day": "2026-12-24",
        "time": "09:00",
        "zone": "UTC",
        "title": "Return",
    }
    texts = catalogue()[phrase]
    assert set(texts) == {"en", "zh"}
    assert all(say(phrase, lang, **values) for lang in texts)
    assert {name in texts["en"] for name in ("{name}",)} == {name in texts["zh"] for name in ("{name}",)}
