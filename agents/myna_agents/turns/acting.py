"""Tools within a turn: which ones there are for whoever asks, and doing what a customer agreed to."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from myna.errors import MynaError
from myna.model.ticket import Turn
from myna_agents.answers.answer import Offer, message_body
from myna_agents.answers.phrases import Phrase, say
from myna_agents.hearing.scene import Scene
from myna_agents.text.language import spoken
from myna_agents.tools.tool import Caller, ToolFailed
from myna_agents.tools.toolbox import NeedsApproval, Toolbox
from myna_agents.turns.approving import ask_approval
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.errands import Heard, done_body
from myna_agents.turns.world import World

TOOLS_S = 10.0
"""How long looking for tools may take; an agent answers without those that did not come."""

logger = logging.getLogger(__name__)


async def toolbox_for(world: World, turn: Turn, scene: Scene) -> Toolbox:
    """The tools of the agent for whoever asks; empty when they cannot be had in time."""
    caller = Caller(scene.burst[-1].sender if scene.burst else 0, turn.conversation, f"turn:{turn.id}")
    if not scene.profile.tools or not scene.burst:
        return Toolbox((), caller)
    try:
        async with asyncio.timeout(TOOLS_S):
            verified = scene.asker is not None and await world.verified(scene.asker)
            return Toolbox(await world.tools(scene.profile), replace(caller, verified=verified))
    except (MynaError, TimeoutError) as failed:
        logger.warning(
            "turn %d goes on without tools: %s", turn.id, str(failed) or "they did not come in time"
        )
        return Toolbox((), caller)


async def act(
    world: World, turn: Turn, scene: Scene, heard: Heard, toolbox: Toolbox
) -> tuple[Decision, dict[str, Any]]:
    """Do what the customer agreed to, or leave it; the decision, and what the agent says.

    The key names the message that asked, so a turn that is taken twice does it once.
    """
    lang = spoken(scene.lang, scene.profile.languages)
    if not heard.agreed:
        body = message_body(say(Phrase.NOT_DONE, lang), lang, scene.newest_seq)
        return Decision(Kind.ANSWER, "not_confirmed", Phrase.NOT_DONE), body
    key = f"confirm:{toolbox.caller.conversation}:{heard.seq}"
    toolbox.caller = replace(toolbox.caller, key=key)
    try:
        result = await toolbox.use(heard.pending.tool, heard.pending.arguments, confirmed=True)
    except NeedsApproval as asked:
        return await ask_approval(world, turn, scene, asked.pending, toolbox.caller)
    except ToolFailed as failed:
        logger.warning("what a customer agreed to was not done: %s", failed)
        offers = [Offer("hand_off", say(Phrase.OFFER_HUMAN, lang))] if scene.supports else []
        body = message_body(say(Phrase.TOOL_FAILED, lang), lang, scene.newest_seq, offers=offers)
        return Decision(Kind.DECLINE, "tool_failed", Phrase.TOOL_FAILED), body
    return Decision(Kind.ANSWER, "tool_done"), done_body(heard.pending.tool, result, lang, scene.newest_seq)
