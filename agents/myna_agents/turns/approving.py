"""An operator's word on a use of a tool: asked for within a turn, done outside of one, told in the next."""

import time
from collections.abc import Mapping
from typing import Any

from myna.errors import Conflict
from myna.ids import new_id
from myna.model.ticket import Turn
from myna_agents.answers.answer import Offer, message_body
from myna_agents.answers.phrases import Phrase, say
from myna_agents.approvals import LAPSES_S, Approval, ApprovalState
from myna_agents.hearing.scene import Scene
from myna_agents.text.language import spoken
from myna_agents.tools.tool import Caller, ToolFailed
from myna_agents.tools.toolbox import Pending, Toolbox
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.errands import done_body, label
from myna_agents.turns.world import World


async def ask_approval(
    world: World, turn: Turn, scene: Scene, pending: Pending, caller: Caller
) -> tuple[Decision, dict[str, Any]]:
    """Keep what waits for an operator; the decision, and what the customer is told."""
    lang = spoken(scene.lang, scene.profile.languages)
    if world.approvals is not None:
        asked = Approval(
            new_id(),
            turn.workspace,
            turn.conversation,
            turn.agent,
            caller.user,
            pending.tool,
            pending.arguments,
            caller.key,
            world.clock(),
        )
        await world.approvals.ask(asked)
    text = say(Phrase.AWAITS_APPROVAL, lang, tool=label(pending.tool))
    return Decision(Kind.ANSWER, "awaits_approval"), message_body(text, lang, scene.newest_seq)


async def decide(world: World, approval: Approval, by: int, *, agrees: bool, note: str) -> Approval:
    """An operator's decision. What they agree to is done now; the agent tells the customer in its next turn, which begins at once
    where the conversation is the agent's.

    A use that was begun by a server that died is begun again, under the same idempotency key.

    Raises:
        Conflict: it was decided already, or lapsed; nothing has changed.
    """
    assert world.approvals is not None
    now = time.time()
    if approval.state is ApprovalState.WAITING and now - approval.asked_at > LAPSES_S:
        raise Conflict("This was asked for more than a day ago.", code="lapsed")
    take = world.approvals.begin if agrees else world.approvals.refuse
    if not await take(approval.id, by, note, now):
        raise Conflict("This was decided already.", code="already_decided")
    if agrees:
        await _done(world, approval)
    await world.rouse(approval.conversation)
    decided = await world.approvals.one(approval.workspace, approval.id)
    assert decided is not None
    return decided


async def told(
    world: World, turn: Turn, scene: Scene
) -> tuple[Decision, dict[str, Any], Mapping[str, Any]] | None:
    """What the customer has still to be told of an operator's decision: decision, message and trace; None when nothing.

    A question that waits meanwhile stays unanswered by it, for the next turn.
    """
    if world.approvals is None or not scene.supports:
        return None
    ended = await world.approvals.untold(turn.conversation, turn.id)
    if ended is None:
        return None
    lang = spoken(scene.lang, scene.profile.languages)
    covers = scene.newest_seq if scene.covered else 0
    trace = {
        "tool": ended.tool,
        "arguments": dict(ended.arguments),
        "outcome": ended.state.value,
        "approved_by": str(ended.decided_by),
    }
    person = [Offer("hand_off", say(Phrase.OFFER_HUMAN, lang))]
    match ended.state:
        case ApprovalState.DONE:
            body = done_body(ended.tool, ended.result, lang, covers)
            return Decision(Kind.ANSWER, "tool_done"), body, trace
        case ApprovalState.REFUSED:
            text = say(Phrase.NOT_APPROVED, lang, tool=label(ended.tool))
            body = message_body(text, lang, covers, offers=person)
            return Decision(Kind.DECLINE, "not_approved"), body, trace
        case _:
            body = message_body(say(Phrase.TOOL_FAILED, lang), lang, covers, offers=person)
            return Decision(Kind.DECLINE, "tool_failed"), body, trace


async def _done(world: World, approval: Approval) -> None:
    """Use the tool, as the agent is configured now, and keep what came of it."""
    assert world.approvals is not None
    state, result = ApprovalState.FAILED, "The agent has no such tool any more."
    profile = await world.profiles(approval.agent)
    if profile is not None:
        users = await world.people.users([approval.customer], approval.workspace)
        verified = bool(users) and await world.verified(users[0])
        caller = Caller(approval.customer, approval.conversation, approval.key, verified=verified)
        box = Toolbox(await world.tools(profile), caller)
        try:
            result = await box.use(approval.tool, approval.arguments, confirmed=True, approved=True)
            state = ApprovalState.DONE
        except ToolFailed as failed:
            result = failed.message
    await world.approvals.end(approval.id, state, result)
