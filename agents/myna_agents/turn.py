"""One turn: read, decide, look up, compose, guard, stream, end. The same for every engine."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from myna.errors import MynaError
from myna.model import Turn, TurnDecision
from myna_agents.agent import AgentProfile
from myna_agents.answer import Answer, Offer, message_body, trace_of
from myna_agents.decide import first_look, queries, unsure, weigh
from myna_agents.decide import unfounded as not_founded
from myna_agents.decision import Decision, Kind
from myna_agents.engine import CannotAnswer, Engine, EngineFailed, Request, Restart, Shelf
from myna_agents.engines.prompt import secret_of
from myna_agents.gate import Gate
from myna_agents.grounding import inert
from myna_agents.guard import unfounded, without
from myna_agents.language import spoken
from myna_agents.outlook import expected
from myna_agents.outlook import offers as form
from myna_agents.phrases import Phrase, say
from myna_agents.ports import History, Knowledge, People, Profiles, Turns
from myna_agents.scene import Scene, build_scene
from myna_agents.summary import summary
from myna_knowledge.model import Passage, Retrieval

HISTORY = 40
"""How many messages an agent reads."""
READ_S = 5.0
RETRIEVE_S = 10.0
ANSWER_S = 60.0
"""How long one engine may take for one answer."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a turn reads from and answers through."""

    turns: Turns
    history: History
    people: People
    knowledge: Knowledge
    profiles: Profiles
    engine: Engine
    fallback: Engine
    """Takes the place of an engine that failed; the offline one. May be the same."""
    answer_s: float = ANSWER_S
    clock: Callable[[], float] = time.time
    outlook: Callable[[int], Awaitable[Mapping[str, Any]]] | None = None
    """What a customer handed over may expect, by conversation."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one retrieval gave, and how long the turn runs already."""

    retrieval: Retrieval | None
    started: float
    heard: str = ""
    """In groups, how likely the message was meant for the agent, and why."""

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
            trace={"heard": self.heard} if self.heard else {},
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
    heard = scene.hearing.why if scene.in_group else ""
    decision = first_look(scene, world.clock())
    if decision is not None:
        await _close(world, turn, scene, decision, Findings(None, started, heard))
        return
    if scene.addressed:
        await world.turns.typing(turn, True)
    try:
        retrieval = await _retrieve(world, scene)
        findings = Findings(retrieval, started, heard)
        decision = weigh(scene, retrieval)
        if decision.kind is Kind.ANSWER:
            await _answer(world, turn, scene, findings)
        else:
            await _close(world, turn, scene, decision, findings)
    finally:
        if scene.addressed:
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
        profile = await world.profiles(turn.agent)
        if profile is None:
            return None
        messages = await world.history.messages(
            turn.conversation, floor=1, before=None, after=None, limit=HISTORY
        )
        senders = sorted({message.sender for message in messages})
        users = await world.people.users(senders, turn.workspace)
    return build_scene(turn, profile, messages, {user.id: user for user in users})


async def _retrieve(world: World, scene: Scene) -> Retrieval:
    """The retrieval of the surest query."""
    found: list[Retrieval] = []
    for query in queries(scene):
        found.append(await _search(world, scene.profile, query, scene.lang))
    return max(found, key=lambda one: one.confidence)


async def _search(world: World, profile: AgentProfile, query: str, lang: str) -> Retrieval:
    """What is known, without the sentences of it that give orders to models: passages are data."""
    async with asyncio.timeout(RETRIEVE_S):
        found = await world.knowledge.retrieve(profile.bases, query, k=profile.passages, lang=lang)
    return replace(found, passages=tuple(inert(passage) for passage in found.passages))


async def _answer(world: World, turn: Turn, scene: Scene, findings: Findings) -> None:
    """Compose with the agent's engine, then with the fallback; end the turn with the first founded answer."""
    assert findings.retrieval is not None
    confident = weigh(scene, findings.retrieval)
    speech = _Speech(world.turns, turn)
    for engine in dict.fromkeys((world.engine, world.fallback)):
        try:
            answer = await _founded(world, engine, scene, findings.retrieval, speech)
        except CannotAnswer:
            await _close(world, turn, scene, unsure(scene), findings, engine.name)
            return
        except (EngineFailed, TimeoutError) as failed:
            logger.warning(
                "turn %d: %s; going on without it", turn.id, failed or f"{engine.name} took too long"
            )
            continue
        if answer is not None:
            body = message_body(answer.text, answer.lang, scene.newest_seq, answer.citations)
            await world.turns.finish(turn, body, findings.decision(confident, engine.name))
            return
    await _close(world, turn, scene, not_founded(scene), findings, world.engine.name)


async def _founded(
    world: World, engine: Engine, scene: Scene, retrieval: Retrieval, speech: "_Speech"
) -> Answer | None:
    """An answer all of whose facts stand in the passages it cites: as it is, without what does not, or a second try."""

    async def search(query: str) -> Sequence[Passage]:
        return (await _search(world, scene.profile, query, scene.lang)).passages

    request = Request(
        question=scene.question,
        lang=spoken(scene.lang, scene.profile.languages),
        shelf=Shelf(retrieval.passages),
        profile=scene.profile,
        history=scene.earlier,
        search=search,
    )
    if engine is world.fallback:
        request = replace(request, lang=scene.lang)
    for _ in range(1 if engine is world.fallback else 2):
        async with asyncio.timeout(world.answer_s):
            answer = await speech.compose(engine, request)
        found = unfounded(answer.text, answer.cited, secret_of(scene.profile))
        text = without(answer.text, found) if found else answer.text
        if text and answer.citations:
            return replace(answer, text=text)
        wrong = tuple(f"- {one.shown!r} stands in no passage that you cite" for one in found)
        request = replace(request, corrections=wrong or ("- the answer cited no passage",))
    return None


class _Speech:
    """What the customer sees of an answer in the making. The stream opens with the first sentence that may be shown."""

    def __init__(self, turns: Turns, turn: Turn) -> None:
        self._turns, self._turn = turns, turn
        self._open = False

    async def compose(self, engine: Engine, request: Request) -> Answer:
        """The engine's answer, shown while it is made; once an attempt has shown something, later ones show nothing:
        the final message replaces it.

        Raises:
            EngineFailed, CannotAnswer: the engine's.
        """
        gate = Gate(request.shelf, secret_of(request.profile))
        silent = self._open
        async with aclosing(engine.answer(request)) as items:
            async for item in items:
                match item:
                    case str():
                        await self._show("" if silent else gate.feed(item))
                    case Restart():
                        gate.restart()
                    case Answer():
                        await self._show("" if silent else gate.rest())
                        return item
        raise EngineFailed(f"{engine.name} ended without an answer.")

    async def _show(self, text: str) -> None:
        if not text:
            return
        if not self._open:
            await self._turns.open_stream(self._turn)
            self._open = True
        await self._turns.delta(self._turn, text)


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
        await world.turns.finish(turn, body, trace)


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
