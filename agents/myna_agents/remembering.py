"""Memory within a turn: what the customer let agents remember is read before, and what they told is kept after they agreed."""

import asyncio
import logging
from dataclasses import replace

from myna.errors import MynaError
from myna.model import Turn, UserKind
from myna_agents.memory import KEEP_S, Fact, told
from myna_agents.scene import Scene, Speaker
from myna_agents.world import World

MEMORY_S = 3.0

logger = logging.getLogger(__name__)


async def remembered(world: World, turn: Turn, scene: Scene) -> Scene:
    """The scene with what is remembered of the asker, after keeping what they have just told.

    Only between the agent and one customer: in groups others would read along. A memory that does not answer is none.
    """
    asker = scene.asker
    if (
        world.memory is None
        or not scene.profile.remember
        or scene.in_group
        or asker is None
        or asker.kind is UserKind.BOT
    ):
        return scene
    try:
        async with asyncio.timeout(MEMORY_S):
            now = world.clock()
            new = [
                Fact(asker.id, turn.workspace, name, value, turn.conversation, said.seq, now, now + KEEP_S)
                for said in scene.burst
                if said.speaker is Speaker.ASKER
                for name, value in told(said.text).items()
            ]
            if new:
                await world.memory.remember(new)
            facts = await world.memory.facts(asker.id, turn.workspace, now)
    except (MynaError, TimeoutError) as failed:
        logger.warning("turn %d goes on without memory: %s", turn.id, failed or "it did not answer in time")
        return scene
    return replace(scene, known=tuple((fact.name, fact.value) for fact in facts))
