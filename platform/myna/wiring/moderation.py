"""The composition root of moderation: the shipped filter, what stands after it, and what it learns from."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from myna.adapters.sql.database import Database
from myna.adapters.sql.safety.moderation import SqlModeration
from myna.core import Core
from myna.moderation.standing import Standings
from myna.ports.moderator import Moderator
from myna.settings import Settings
from myna.wiring.core import build_core

if TYPE_CHECKING:
    from myna_agents.moderation.moderator import LayeredModerator
    from myna_bots.plugins import Plugin


def open_filter(settings: Settings) -> "LayeredModerator | None":
    """The shipped filter; None when moderation is off."""
    from myna_agents.moderation.moderator import LayeredModerator

    if not settings.moderation:
        return None
    model = Path(settings.moderation_model) if settings.moderation_model else None
    if not settings.moderation_rules:
        return LayeredModerator(model=model)
    from myna_agents.moderation.rulefile import read_rules

    policy, lists, rulebook = read_rules(Path(settings.moderation_rules))
    return LayeredModerator(policy, lists=lists, rulebook=rulebook, model=model)


@asynccontextmanager
async def _opened_moderator(
    settings: Settings, database: Database, plugins: "Sequence[Plugin]", shipped: "LayeredModerator"
) -> AsyncGenerator[Moderator, None]:
    """The shipped filter, with a model's second opinion, plugins and bots after it."""
    from myna_agents.moderation.opening import doubting, opened_judge
    from myna_bots.opening import opened_judges
    from myna_bots.plugins import PluginModerator

    async with (
        opened_judge(settings) as judge,
        opened_judges(database, settings, shipped.failures) as bots,
    ):
        yield PluginModerator(doubting(settings, shipped, judge), [*plugins, bots], shipped.failures)


async def judged_core(
    settings: Settings, database: Database, plugins: "Sequence[Plugin]", stack: AsyncExitStack
) -> "tuple[Core, LayeredModerator | None]":
    """The core with its filter, and the filter; what the filter opens is closed with the stack."""
    from myna_agents.adapters.sql_own_texts import SqlOwnTexts
    from myna_agents.moderation.near import groups
    from myna_agents.moderation.normalise import normalise
    from myna_agents.moderation.own import OwnTexts
    from myna_agents.moderation.places import check_listing
    from myna_agents.moderation.rules import contacts_of

    shipped, moderator = open_filter(settings), None
    if shipped is not None:
        moderator = await stack.enter_async_context(_opened_moderator(settings, database, plugins, shipped))
    core = build_core(settings, database, moderator)
    if shipped is not None:
        services = core.services
        if services.sender.judging is not None:
            services.sender.judging.failures = shipped.failures
            if settings.moderation_judge:
                services.sender.judging.wait_s += settings.moderation_judge_ms / 1000
        shipped.standing = Standings(SqlModeration(database)).of
        shipped.own = OwnTexts(SqlOwnTexts(database).alike).include
        services.filters.check, services.filters.server = check_listing, shipped.server
        services.filters.contacts = lambda text: contacts_of(normalise(text).text)
        services.review.alike = lambda texts: asyncio.to_thread(
            lambda: groups([normalise(text).skeleton for text in texts])
        )
    return core, shipped


def learns(core: Core, shipped: "LayeredModerator | None") -> Callable[[], Awaitable[None]] | None:
    """How the shipped filter learns from what moderators decide, as a task that runs for ever; None without a filter."""
    if shipped is None:
        return None
    review = core.services.review
    review.decided = lambda workspace: shipped.lessons.note(workspace, time.time())
    return lambda: shipped.learn(review.lessons)
