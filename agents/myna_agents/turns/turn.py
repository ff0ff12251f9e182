"""One turn: read, decide, look up, compose, guard, stream, end. The same for every engine."""

import asyncio
import time
from dataclasses import replace

from myna.model.ticket import Turn
from myna_agents.agent import Topic
from myna_agents.answers.answer import Answer, message_body
from myna_agents.answers.engine import CannotAnswer
from myna_agents.answers.guidance import GUIDANCE, heeded
from myna_agents.answers.phrases import Phrase
from myna_agents.hearing.scene import Scene, build_scene
from myna_agents.text.language import spoken
from myna_agents.tools.tool import ToolSpec
from myna_agents.tools.toolbox import NeedsApproval, NeedsConfirmation, NeedsForm, Toolbox
from myna_agents.turns.acting import act, toolbox_for
from myna_agents.turns.answering import Making, Unfounded, make_answer, retrieve
from myna_agents.turns.approving import ask_approval, told
from myna_agents.turns.decide import first_look, unsure, weigh
from myna_agents.turns.decide import unfounded as not_founded
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.ending import Findings, close, show_form
from myna_agents.turns.errands import Heard, ask_body, heard
from myna_agents.turns.forms import (
    FilledIn,
    asks_outright,
    filled_in,
    form_offer,
    take_form,
    usable,
    wanted_form,
)
from myna_agents.turns.passing import notice, topic_of
from myna_agents.turns.remembering import consented, remembered
from myna_agents.turns.speaking import Speech, say_last
from myna_agents.turns.spending import allowance, asks_models, note_spend
from myna_agents.turns.world import World

HISTORY = 40
"""How many messages an agent reads."""
READ_S = 5.0


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
    heard = scene.hearing.why if scene.in_group else ""
    findings = Findings(None, started, heard, prices=world.prices)
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
    if await _errand(world, turn, scene, findings, toolbox):
        return
    decision = first_look(scene, world.clock())
    if decision is not None:
        await close(world, turn, scene, decision, findings)
        return
    wanted = wanted_form(scene, toolbox)
    if wanted is not None and asks_outright(scene, wanted):
        await show_form(world, turn, scene, findings, wanted)
        return
    await _look_up(world, turn, scene, findings, toolbox, wanted)


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
        await close(world, turn, scene, decision, failed)
    else:
        decision = Decision(Kind.DECLINE, "agent_failed", Phrase.FAILED_HERE)
        await close(world, turn, scene, decision, failed)


async def _look(world: World, turn: Turn) -> Scene | None:
    async with asyncio.timeout(READ_S):
        live, messages = await asyncio.gather(
            world.profiles(turn.agent),
            world.history.messages(turn.conversation, floor=1, before=None, after=None, limit=HISTORY),
        )
        if live is None:
            return None
        profile = await world.variant(turn, live)
        senders = sorted({message.sender for message in messages})
        users = await world.people.users(senders, turn.workspace)
    return build_scene(turn, profile, messages, {user.id: user for user in users})


async def _look_up(
    world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox, wanted: ToolSpec | None
) -> None:
    """Answer from what is known, or say that it is not; `wanted` is a form that the question may be about."""
    if visible := scene.addressed and not scene.whispers:
        await world.turns.typing(turn, True)
    try:
        retrieval = await retrieve(world, scene)
        findings = replace(findings, retrieval=retrieval)
        decision = weigh(scene, retrieval)
        # Knowledge alone may not suffice where a tool, or what a colleague said, does.
        more = bool(toolbox.offered or scene.guidance) and scene.addressed and asks_models(world, scene)
        if wanted is not None and decision.kind is not Kind.ANSWER:
            await show_form(world, turn, scene, findings, wanted)
        elif decision.kind is Kind.ANSWER or more:
            await _answer(world, turn, scene, findings, toolbox, wanted)
        else:
            await close(world, turn, scene, decision, findings)
    finally:
        if visible:
            await world.turns.typing(turn, False)


async def _answer(
    world: World,
    turn: Turn,
    scene: Scene,
    findings: Findings,
    toolbox: Toolbox,
    wanted: ToolSpec | None = None,
) -> None:
    """Compose, and end the turn with the first founded answer. Where knowledge alone does not suffice, only with one that a
    tool gave. A form that may be `wanted` is offered below."""
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
        await close(world, turn, scene, other, findings)
        return
    try:
        answer = await make_answer(world, scene, making)
        if other is not None and not any(passage.kind in {"tool", GUIDANCE} for passage in answer.cited):
            raise Unfounded
    except NeedsForm as asked:
        findings.trace["tools"] = toolbox.trace
        form = next(each for each in usable(scene, toolbox) if each.name == asked.pending.tool)
        await show_form(world, turn, scene, findings, form, world.engine.name)
    except NeedsApproval as asked:
        findings.trace["tools"] = toolbox.trace
        waits, body = await ask_approval(world, turn, scene, asked.pending, toolbox.caller)
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
        await close(world, turn, scene, other or instead, findings, world.engine.name)
    else:
        findings.trace.update({"tools": toolbox.trace} if toolbox.trace else {})
        said = decided if other is None else Decision(Kind.ANSWER, _founded_by(answer))
        offers = [] if wanted is None else [form_offer(wanted)]
        body = message_body(answer.text, answer.lang, scene.newest_seq, answer.citations, offers)
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


async def _errand(world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox) -> bool:
    """Do what the customer sent a form for, or agreed to; False when it is neither."""
    if (filled := filled_in(scene)) is not None:
        await _take_form(world, turn, scene, findings, toolbox, filled)
        return True
    if (reply := heard(scene)) is not None and toolbox.tools:
        await _act(world, turn, scene, findings, toolbox, reply)
        return True
    return False


async def _act(
    world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox, reply: Heard
) -> None:
    """Do what the customer agreed to, or leave it, and say so."""
    decision, body = await act(world, turn, scene, reply, toolbox)
    findings.trace["tools"] = toolbox.trace
    await world.turns.finish(turn, body, findings.decision(decision, ""))


async def _take_form(
    world: World, turn: Turn, scene: Scene, findings: Findings, toolbox: Toolbox, filled: FilledIn
) -> None:
    """Do what a filled-in form asks for; what was said after it gets the next turn."""
    later = any(said.seq > filled.seq for said in scene.burst)
    scene = replace(scene, burst=tuple(said for said in scene.burst if said.seq <= filled.seq))
    decision, body = await take_form(world, turn, scene, filled, toolbox)
    findings.trace.update({"tools": toolbox.trace} if toolbox.trace else {})
    if decision.kind is Kind.HAND_OFF:
        await close(world, turn, scene, decision, findings)
        return
    await world.turns.finish(turn, body, findings.decision(decision, ""))
    if later:
        await world.rouse(turn.conversation)


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
