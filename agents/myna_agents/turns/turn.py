"""One turn: read, decide, look up, compose, guard, stream, end. The same for every engine."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from myna.errors import MynaError
from myna.model.ticket import Turn, TurnDecision
from myna_agents.agent import Topic
from myna_agents.answers.answer import Answer, Offer, message_body, trace_of
from myna_agents.answers.engine import CannotAnswer
from myna_agents.answers.guidance import GUIDANCE, heeded
from myna_agents.answers.phrases import Phrase, say
from myna_agents.hearing.scene import Scene, build_scene
from myna_agents.ledger import Usage
from myna_agents.text.language import spoken
from myna_agents.tools.toolbox import NeedsApproval, NeedsConfirmation, Toolbox
from myna_agents.turns.acting import act, toolbox_for
from myna_agents.turns.answering import Making, Unfounded, make_answer, retrieve
from myna_agents.turns.approving import ask_approval, told
from myna_agents.turns.decide import first_look, unsure, weigh
from myna_agents.turns.decide import unfounded as not_founded
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.errands import Heard, ask_body, heard
from myna_agents.turns.outlook import expected
from myna_agents.turns.outlook import offers as form
from myna_agents.turns.passing import notice, topic_of
from myna_agents.turns.remembering import consented, remembered
from myna_agents.turns.speaking import Speech, say_last
from myna_agents.turns.spending import allowance, asks_models, note_spend, tokens
from myna_agents.turns.summary import summary
from myna_agents.turns.world import World
from myna_knowledge.model import Retrieval

HISTORY = 40
"""How many messages an agent reads."""
READ_S = 5.0

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
            trace={**({"heard": self.heard} if self.heard else {}), **self.trace, **tokens(self.usage)},
        )


async def take_turn(world: World, turn: Turn) -> None:
    """Bring one leased turn to its end: an answer, a question back, a hand-off, or silence with its reason.

    Raises:
        StaleTurn: somebody else owns the conversation now; nothing was said.
        MynaError, TimeoutError: the platform or the knowledge base failed; the turn is still leased. `give_up` ends it.
    """
    started = time.perf_counter()
    scene = await _look(world, turn)
    if scene is None:
        gone = Decision(Kind.SILENT, "no_such_agent")
        await world.turns.skip(turn, Findings(None, started).decision(gone, ""))
        return
    turn = replace(turn, thread=scene.thread)
    findings = Findings(None, started, scene.hearing.why if scene.in_group else "")
    if await _told(world, turn, scene, findings):
        return
    scene = await _guided(world, turn, scene, findings)
    if (topic := topic_of(scene)) is not None and await _passed_on(world, turn, topic, findings):
        return
    scene = await remembered(world, turn, scene)
    if (consent := await consented(world, turn, scene)) is not None:
        await world.turns.finish(turn, consent[1], findings.decision(consent[0], ""))
        return
    toolbox = await toolbox_for(world, turn, scene)
    if (reply := heard(scene)) is not None and toolbox.tools:
        await _act(world, turn, scene, findings, toolbox, reply)
        return
    decision = first_look(scene, world.clock())
    if decision is not None:
        await _close(world, turn, scene, decision, findings)
        return
    if visible := scene.addressed and not scene.whispers:
        await world.turns.typing(turn, True)
    try:
        retrieval = await retrieve(world, scene)
        findings = replace(findings, retrieval=retrieval)
        decision = weigh(scene, retrieval)
        # Knowledge alone may not suffice where a tool, or what a colleague said, does.
        more = bool(toolbox.offered or scene.guidance) and scene.addressed and asks_models(world, scene)
        if decision.kind is Kind.ANSWER or more:
            await _answer(world, turn, scene, findings, toolbox)
        else:
            await _close(world, turn, scene, decision, findings)
    finally:
        if visible:
            await world.turns.typing(turn, False)


async def give_up(world: World, turn: Turn) -> None:
    """End a turn that failed: bring a human in, or say that it failed where there is no queue.

    Raises:
        StaleTurn: somebody else owns the conversation now.
        MynaError, TimeoutError: not even that was possible; the platform asks for a person when the lease ends.
    """
    started = time.perf_counter()
    scene = await _look(world, turn)
    failed = Findings(None, started)
    if scene is None or not scene.addressed:
        await world.turns.skip(turn, failed.decision(Decision(Kind.SILENT, "agent_failed"), ""))
    elif scene.supports:
        decision = Decision(Kind.HAND_OFF, "agent_failed", Phrase.HANDING_OFF_FAILED)
        await _close(world, turn, scene, decision, failed)
    else:
        decision = Decision(Kind.DECLINE, "agent_failed", Phrase.FAILED_HERE)
        await _close(world, turn, scene, decision, failed)


async def _look(world: World, turn: Turn) -> Scene | None:
    async with asyncio.timeout(READ_S):
        live = await world.profiles(turn.agent)
        if live is None:
            return None
        profile = await world.variant(turn, live)
        messages = await world.history.messages(
            turn.conversation, floor=1, before=None, after=None, limit=HISTORY
        )
        senders = sorted({message.sender for message in messages})
        users = await world.people.users(senders, turn.workspace)
    return build_scene(turn, profile, messages, {user.id: user for user in users})


async def _answer(world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox) -> None:
    """Compose, and end the turn with the first founded answer. Where knowledge alone does not suffice, only with one that a
    tool gave."""
    assert findings.retrieval is not None
    decided = weigh(scene, findings.retrieval)
    degraded, left = await allowance(world, scene)
    making = Making(
        Speech(world.turns, turn, silent=scene.whispers).show,
        findings.retrieval,
        findings.usage,
        degraded=degraded,
        toolbox=toolbox,
        only_founded=decided.kind is not Kind.ANSWER,
        left=left,
    )
    findings.trace.update({"budget": degraded} if degraded else {})
    other = decided if making.only_founded else None
    if degraded and other is not None:
        await _close(world, turn, scene, other, findings)
        return
    try:
        answer = await make_answer(world, scene, making)
        if other is not None and not any(passage.kind in {"tool", GUIDANCE} for passage in answer.cited):
            raise Unfounded
    except NeedsApproval as wanted:
        findings.trace["tools"] = toolbox.trace
        waits, body = await ask_approval(world, turn, scene, wanted.pending, toolbox.caller)
        await world.turns.finish(turn, body, findings.decision(waits, world.engine.name))
        await note_spend(world, turn, scene, findings.usage, waits.kind, world.engine.name)
    except NeedsConfirmation as asked:
        findings.trace["tools"] = toolbox.trace
        lang = spoken(scene.lang, scene.profile.languages)
        body = ask_body(asked.pending, toolbox.caller.user, lang, scene.newest_seq)
        confirm = Decision(Kind.ASK_BACK, "confirm_tool")
        await world.turns.finish(turn, body, findings.decision(confirm, world.engine.name))
        await note_spend(world, turn, scene, findings.usage, confirm.kind, world.engine.name)
    except (CannotAnswer, Unfounded) as none:
        findings.trace.update({"tools": toolbox.trace} if toolbox.trace else {})
        instead = unsure(scene) if isinstance(none, CannotAnswer) else not_founded(scene)
        await _close(world, turn, scene, other or instead, findings, world.engine.name)
    else:
        findings.trace.update({"tools": toolbox.trace} if toolbox.trace else {})
        said = decided if other is None else Decision(Kind.ANSWER, _founded_by(answer))
        body = message_body(answer.text, answer.lang, scene.newest_seq, answer.citations)
        await say_last(world, turn, scene, body, findings.decision(said, answer.engine))
        await note_spend(world, turn, scene, findings.usage, said.kind, answer.engine)


async def _passed_on(world: World, turn: Turn, topic: Topic, findings: Findings) -> bool:
    """Let the agent of the topic answer; False when there is none any more."""
    agents = await world.people.users([topic.agent], turn.workspace)
    if not agents or await world.profiles(topic.agent) is None:
        return False
    decision = Decision(Kind.SILENT, "passed_on")
    await world.turns.pass_on(turn, agents[0], findings.decision(decision, ""), notice(agents[0]))
    return True


async def _act(
    world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox, reply: Heard
) -> None:
    """Do what the customer agreed to, or leave it, and say so."""
    decision, body = await act(world, turn, scene, reply, toolbox)
    findings.trace["tools"] = toolbox.trace
    await world.turns.finish(turn, body, findings.decision(decision, ""))


async def _close(
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
        offers.extend(form(outlook, lang))
    body = message_body(text, lang, scene.newest_seq, offers=offers)
    if decision.kind is Kind.HAND_OFF:
        await world.turns.hand_off(turn, decision.reason, summary(scene, decision.reason), body, trace)
    else:
        await say_last(world, turn, scene, body, trace)
    if findings.retrieval is not None:
        await note_spend(world, turn, scene, findings.usage, decision.kind, engine)


async def _told(world: World, turn: Turn, scene: Scene, findings: Findings) -> bool:
    """Tell the customer what an operator decided, if there is anything to tell; what was asked meanwhile gets the next turn."""
    found = await told(world, turn, scene)
    if found is None:
        return False
    decision, body, use = found
    findings.trace["tools"] = [use]
    await world.turns.finish(turn, body, findings.decision(decision, ""))
    if scene.burst and not scene.covered:
        await world.rouse(turn.conversation)
    return True


async def _guided(world: World, turn: Turn, scene: Scene, findings: Findings) -> Scene:
    """The scene with what operators told the agent here."""
    if world.guidance is None or not scene.supports:
        return scene
    async with asyncio.timeout(READ_S):
        scene = heeded(scene, await world.guidance.of(turn.conversation))
    if scene.guidance:
        findings.trace["guidance"] = list(scene.guidance)
    return scene


def _founded_by(answer: Answer) -> str:
    return "by_tool" if any(passage.kind == "tool" for passage in answer.cited) else "by_guidance"


async def _outlook(world: World, turn: Turn) -> Mapping[str, Any] | None:
    """What the customer may expect; a desk that does not answer promises nothing and holds no hand-off up."""
    if world.outlook is None:
        return None
    try:
        async with asyncio.timeout(READ_S):
            return await world.outlook(turn.conversation)
    except (MynaError, TimeoutError) as failed:
        logger.warning("turn %d: the desk does not say what to expect: %s", turn.id, failed)
        return None
