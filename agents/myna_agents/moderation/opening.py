"""The second opinion that the settings name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from myna.ports.moderator import Moderator
from myna.settings import Settings
from myna_agents.engines.langchain import Endpoint, LangChainEngine
from myna_agents.moderation.moderator import LayeredModerator
from myna_agents.moderation.second import SecondOpinion


@asynccontextmanager
async def opened_judge(settings: Settings) -> AsyncGenerator[LangChainEngine | None, None]:
    """The language model for doubtful messages, if there is one, until the block ends.

    Raises:
        MynaError: the setting names no model.
    """
    if not settings.moderation or not settings.moderation_judge:
        yield None
        return
    wait_s = settings.moderation_judge_ms / 1000
    endpoint = Endpoint.parse(settings.moderation_judge)
    judge = LangChainEngine(endpoint, settings.moderation_judge_key, silence_s=wait_s, retries=0)
    try:
        yield judge
    finally:
        await judge.close()


def doubting(settings: Settings, shipped: LayeredModerator, judge: LangChainEngine | None) -> Moderator:
    """The filter with the second opinion of a model, if there is one."""
    if judge is None:
        return shipped
    return SecondOpinion(
        shipped,
        judge,
        shipped.failures,
        deadline_s=settings.moderation_judge_ms / 1000,
        per_minute=max(1, settings.moderation_judge_per_minute),
    )
