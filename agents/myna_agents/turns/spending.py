"""What a turn may spend, and what it spent: budgets are looked at before a model is asked, the ledger is written after."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from myna.errors import MynaError
from myna.ids import new_id
from myna.model.ticket import Turn
from myna_agents.hearing.scene import Scene
from myna_agents.ledger import Prices, Spend, Usage
from myna_agents.turns.world import World

LEDGER_S = 5.0
DAY_S = 86_400

logger = logging.getLogger(__name__)


async def allowance(world: World, scene: Scene) -> tuple[str, float | None]:
    """Why the agent's models are not asked (empty when they are), and what they may still cost; None sets no limit.

    A ledger that does not answer counts as spent: money is not given out blindly, and quotes cost nothing.
    """
    budget = scene.profile.budget
    if world.ledger is None or not asks_models(world, scene):
        return "", None
    now = world.clock()
    midnight = now - now % DAY_S
    limits = (("day", budget.day, None), ("customer_day", budget.customer_day, scene.burst[-1].sender))
    left: float | None = None
    try:
        async with asyncio.timeout(LEDGER_S):
            for name, limit, customer in limits:
                if limit is None:
                    continue
                rest = limit - await world.ledger.spent(scene.profile.user, customer, midnight)
                if rest <= 0:
                    return name, 0.0
                left = rest if left is None else min(left, rest)
    except (MynaError, TimeoutError) as failed:
        logger.warning("the ledger does not answer, so models are not asked: %s", failed)
        return "ledger", 0.0
    return "", left


def asks_models(world: World, scene: Scene) -> bool:
    """Whether the agent's own engine is a model."""
    return world.fallback.name not in {world.engine.name, scene.profile.model}


async def note_spend(
    world: World, turn: Turn, scene: Scene, usage: Sequence[Usage], outcome: str, engine: str
) -> None:
    """Write down what a turn took. The turn has ended already: a ledger that fails costs a line, not an answer."""
    if world.ledger is None or not scene.burst:
        return
    used = list(usage) or [Usage(engine or world.fallback.name)]
    at = world.clock()
    spends = [
        Spend(
            new_id(),
            turn.workspace,
            turn.agent,
            scene.profile.version,
            turn.id,
            turn.conversation,
            scene.burst[-1].sender,
            each,
            world.prices.cost(each),
            outcome,
            at,
        )
        for each in used
    ]
    try:
        async with asyncio.timeout(LEDGER_S):
            await world.ledger.note(spends)
    except (MynaError, TimeoutError) as failed:
        logger.warning("turn %d is not in the ledger: %s", turn.id, failed)


def tokens(usage: Sequence[Usage], prices: Prices) -> dict[str, Any]:
    """What models took and what it cost, as the turn's trace keeps it; the cost is null without a price."""
    if not usage:
        return {}
    return {
        "tokens": [
            {
                "model": each.model,
                "in": each.tokens_in,
                "cached": each.tokens_cached,
                "out": each.tokens_out,
                "cost": prices.cost(each),
            }
            for each in usage
        ]
    }
