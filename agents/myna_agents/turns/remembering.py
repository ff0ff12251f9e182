"""Memory within a turn: what the customer let agents remember is read before, what they told is kept after they agreed, and
whoever was never asked is asked once."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from myna.errors import MynaError
from myna.model.ticket import Turn
from myna.model.workspace import UserKind
from myna_agents.answers.answer import Offer, message_body
from myna_agents.answers.phrases import Phrase, fact_name, say
from myna_agents.hearing.replies import says_no, says_yes
from myna_agents.hearing.scene import Said, Scene, Speaker
from myna_agents.memory import KEEP_S, Fact, told
from myna_agents.text.language import spoken
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.world import World

MEMORY_S = 3.0
LAPSES_S = 600.0
"""How long a question for consent can be answered with a word."""
DAY_S = 86_400
WAITS = "remember"
"""Key of `pending` in the message that asks for consent."""

logger = logging.getLogger(__name__)


async def remembered(world: World, turn: Turn, scene: Scene) -> Scene:
    """The scene with what is remembered of the asker, after keeping what they have just told, and with what they are to be
    asked for.

    Only between the agent and one customer: in groups others would read along. A memory that does not answer is none.
    """
    if world.memory is None or not _private(scene):
        return scene
    assert scene.asker is not None
    try:
        async with asyncio.timeout(MEMORY_S):
            now = world.clock()
            new = _facts(turn, scene, scene.burst, now)
            asks: tuple[str, ...] = ()
            if new and not await world.memory.remember(new) and not _asked_before(scene):
                never = await world.memory.consent(scene.asker.id) is None
                asks = tuple(dict.fromkeys(fact.name for fact in new)) if never else ()
            facts = await world.memory.facts(scene.asker.id, turn.workspace, now)
    except (MynaError, TimeoutError) as failed:
        logger.warning(
            "turn %d goes on without memory: %s", turn.id, str(failed) or "it did not answer in time"
        )
        return scene
    known = tuple((fact.name, fact.value) for fact in facts)
    return replace(scene, known=known, asks_consent=asks)


async def consented(world: World, turn: Turn, scene: Scene) -> tuple[Decision, dict[str, Any]] | None:
    """What the agent says to a customer who has just said whether it may remember; None when they said something else.

    With their consent what they told before they were asked is kept, too.

    Raises:
        MynaError, TimeoutError: it could not be stored.
    """
    last = scene.last_own
    if world.memory is None or not _private(scene) or last is None or not scene.burst:
        return None
    assert scene.asker is not None
    waits, said = last.pending or {}, scene.burst[-1]
    if (
        WAITS not in waits
        or str(said.sender) != str(waits.get("asker"))
        or said.seq < last.seq
        or said.at - last.at > LAPSES_S
    ):
        return None
    agreed = says_yes(scene.text)
    if not agreed and not says_no(scene.text):
        return None
    now = world.clock()
    async with asyncio.timeout(MEMORY_S):
        await world.memory.set_consent(scene.asker.id, turn.workspace, agreed, now)
        if agreed and (facts := _facts(turn, scene, scene.earlier, now)):
            await world.memory.remember(facts)
    lang = spoken(scene.lang, scene.profile.languages)
    days = round(KEEP_S / DAY_S)
    text = say(Phrase.REMEMBERS, lang, days=days) if agreed else say(Phrase.REMEMBERS_NOT, lang)
    reason = "consent_given" if agreed else "consent_refused"
    return Decision(Kind.ANSWER, reason), message_body(text, lang, scene.newest_seq)


def asking_consent(scene: Scene, body: Mapping[str, Any]) -> dict[str, Any]:
    """The message with the question whether the agent may remember; as it is when there is nothing to ask, or when it asks
    something else already."""
    if not scene.asks_consent or "offers" in body or "pending" in body or scene.asker is None:
        return dict(body)
    lang = spoken(scene.lang, scene.profile.languages)
    facts = ("、" if lang == "zh" else ", ").join(fact_name(each, lang) for each in scene.asks_consent)
    asks = say(Phrase.MAY_REMEMBER, lang, facts=facts)
    answers = [say(phrase, lang) for phrase in (Phrase.MAY_YES, Phrase.MAY_NO)]
    return {
        **body,
        "text": f"{body.get('text', '')}\n\n{asks}",
        "offers": [Offer("ask", each, each).as_json() for each in answers],
        "pending": {WAITS: list(scene.asks_consent), "asker": str(scene.asker.id)},
    }


def _private(scene: Scene) -> bool:
    asker = scene.asker
    return (
        scene.profile.remember and not scene.in_group and asker is not None and asker.kind is not UserKind.BOT
    )


def _asked_before(scene: Scene) -> bool:
    """Whether the agent asked in this conversation already; whoever passed the question over is left alone."""
    return any(said.pending is not None and WAITS in said.pending for said in scene.earlier)


def _facts(turn: Turn, scene: Scene, said: Iterable[Said], now: float) -> list[Fact]:
    assert scene.asker is not None
    return [
        Fact(scene.asker.id, turn.workspace, name, value, turn.conversation, each.seq, now, now + KEEP_S)
        for each in said
        if each.speaker is Speaker.ASKER
        for name, value in told(each.text).items()
    ]
