"""How a turn ends without an answer from the knowledge: with one of the agent's own sentences, a form, a hand-off, or silence."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.errors import MynaError
from myna.model.ticket import Turn, TurnDecision
from myna_agents.answers.answer import Offer, message_body, trace_of
from myna_agents.answers.phrases import Phrase, say
from myna_agents.hearing.scene import Scene
from myna_agents.ledger import Prices, Usage
from myna_agents.text.language import spoken
from myna_agents.tools.tool import ToolSpec
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.forms import form_body
from myna_agents.turns.outlook import expected
from myna_agents.turns.outlook import offers as form_of
from myna_agents.turns.speaking import say_last
from myna_agents.turns.spending import note_spend, tokens
from myna_agents.turns.summary import summary
from myna_agents.turns.world import World
from myna_knowledge.model import Retrieval

OUTLOOK_S = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Findings:
    """What one retrieval gave, and how long the turn runs already."""

    retrieval: Retrieval | None
    started: float
    heard: str = ""
    """In groups, how likely the message was meant for the agent, and why."""
    usage: list[Usage] = field(default_factory=list[Usage])
    """What models took in this turn."""
    prices: Prices = field(default_factory=Prices)
    """What that costs."""
    trace: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else led to the decision."""

    def decision(self, decision: Decision, engine: str) -> TurnDecision:
        """The trace of the turn."""
        found = self.retrieval
        return TurnDecision(
            decision=decision.kind,
            reason=decision.reason,
            engine=engine,
            confidence=None if found is None else round(found.confidence, 4),
            threshold=None if found is None else round(found.threshold, 4),
            passages=() if found is None else tuple(trace_of(passage) for passage in found.passages),
            took_ms=round((time.perf_counter() - self.started) * 1000, 1),
            trace={
                **({"heard": self.heard} if self.heard else {}),
                **self.trace,
                **tokens(self.usage, self.prices),
            },
        )


async def close(
    world: World, turn: Turn, scene: Scene, decision: Decision, findings: Findings, engine: str = ""
) -> None:
    """End a turn with one of the agent's own sentences, or without any."""
    trace = findings.decision(decision, engine)
    if decision.kind is Kind.WAIT:
        await world.turns.defer(turn, decision.until)
        return
    if decision.kind is Kind.SILENT or decision.phrase is None:
        await world.turns.skip(turn, trace)
        return
    lang = spoken(scene.lang, scene.profile.languages)
    offers = [Offer("ask", question, question) for question in decision.suggestions]
    if decision.offer_human:
        offers.append(Offer("hand_off", say(Phrase.OFFER_HUMAN, lang)))
    text = say(decision.phrase, lang, name=scene.profile.name)
    if decision.kind is Kind.HAND_OFF and (outlook := await _outlook(world, turn)) is not None:
        text = " ".join(filter(None, (text, expected(outlook, lang))))
        offers.extend(form_of(outlook, lang))
    body = message_body(text, lang, scene.newest_seq, offers=offers)
    if decision.kind is Kind.HAND_OFF:
        await world.turns.hand_off(turn, decision.reason, summary(scene, decision.reason), body, trace)
    else:
        await say_last(world, turn, scene, body, trace)
    if findings.retrieval is not None:
        await note_spend(world, turn, scene, findings.usage, decision.kind, engine)


async def show_form(
    world: World, turn: Turn, scene: Scene, findings: Findings, form: ToolSpec, engine: str = ""
) -> None:
    """Ask the customer to fill in a form."""
    asks = Decision(Kind.ASK_BACK, "form")
    await world.turns.finish(turn, form_body(scene, form), findings.decision(asks, engine))
    if findings.retrieval is not None:
        await note_spend(world, turn, scene, findings.usage, asks.kind, engine)


async def _outlook(world: World, turn: Turn) -> Mapping[str, Any] | None:
    """What the customer may expect; a desk that does not answer promises nothing and holds no hand-off up."""
    if world.outlook is None:
        return None
    try:
        async with asyncio.timeout(OUTLOOK_S):
            return await world.outlook(turn.conversation)
    except (MynaError, TimeoutError) as failed:
        logger.warning("turn %d: the desk does not say what to expect: %s", turn.id, failed)
        return None
