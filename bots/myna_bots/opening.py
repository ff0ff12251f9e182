"""The bot platform over a database and a running core."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import SqlLog
from myna.ports.conversations import Conversations
from myna.services import Services
from myna.settings import Settings
from myna_agents.turns.world import World
from myna_bots.adapters.egress import GuardedEgress
from myna_bots.adapters.provider import HttpxProvider
from myna_bots.adapters.sql_bots import SqlBots, SqlState
from myna_bots.adapters.sql_feed import SqlBotLog
from myna_bots.adapters.sql_files import FileLooks, SqlFiles
from myna_bots.adapters.sql_hooks import SqlHooks, SqlIncoming
from myna_bots.host.about import About
from myna_bots.host.delivering import Deliverer
from myna_bots.host.feed import Feed
from myna_bots.host.files import Files
from myna_bots.host.inline import Inline
from myna_bots.host.interactions import Interactions
from myna_bots.host.judges import ANSWER_S, SLACK_S, BotJudges
from myna_bots.host.model import HookKind
from myna_bots.host.platform import BotPlatform
from myna_bots.host.polls import Polls
from myna_bots.host.registry import Registry
from myna_bots.host.streams import Streams
from myna_bots.host.webhooks import Webhooks
from myna_bots.host.whispers import Whispers
from myna_bots.openai.agents import Agents
from myna_bots.plugins import Plugin
from myna_bots.slack.hooks import SlackHooks
from myna_bots.telegram.dispatch import Answers
from myna_bots.telegram.updates import TelegramHooks
from myna_knowledge.library import Library


def open_agents(settings: Settings, world: World) -> Agents:
    """The agents as the OpenAI-compatible surface asks them."""
    provider: HttpxProvider | None = None
    first = settings.model.split(",")[0].strip()
    if first != "offline:":
        model, _, base_url = first.removeprefix("openai:").rpartition("@")
        provider = HttpxProvider(model, base_url, settings.model_key.split(",")[0].strip())
    return Agents(world, provider)


@asynccontextmanager
async def opened_judges(
    database: Database, settings: Settings, failures: Counter[str]
) -> AsyncGenerator[Plugin, None]:
    """The bots that judge messages, as one more judge beside the plugins, until the block ends."""
    egress = GuardedEgress(allow_private=settings.private_webhooks)
    try:
        judges = BotJudges(SqlHooks(database), egress, failures)
        # Otherwise all that is said in the first moment would wait for this, and some of it too long.
        await judges.look()
        # The bots' own deadline comes first: what they miss is counted under their names.
        yield Plugin("bots", judges.judge, concerns=judges.concerns, wait_s=ANSWER_S + SLACK_S)
    finally:
        await egress.close()


def open_bots(
    database: Database, services: Services, conversations: Conversations, library: Library
) -> BotPlatform:
    """The platform, attached to the core and not yet running."""
    store, log, hooks, state = SqlBots(database), SqlBotLog(database), SqlHooks(database), SqlState(database)
    egress = GuardedEgress(allow_private=services.settings.private_webhooks)
    registry = Registry(store, services.accounts, conversations, services.access, services.committer)
    feed, deliverer = Feed(log), Deliverer(hooks, egress)
    interactions = Interactions(services, store, state, feed)
    platform = BotPlatform(
        services,
        registry,
        store,
        log,
        hooks,
        state,
        feed,
        deliverer,
        Webhooks(hooks, log, egress),
        Streams(services, state),
        interactions,
        library,
        SqlIncoming(database),
        Files(SqlFiles(database), FileLooks(egress)),
        conversations,
        SqlLog(database),
        Polls(services, registry, state, interactions),
        Inline(services, store, log, state, feed),
        Whispers(services, state),
        About(state),
    )
    platform.closings.append(egress.close)
    platform.attach()
    deliverer.translations[HookKind.SLACK] = SlackHooks(platform)
    deliverer.translations[HookKind.TELEGRAM] = TelegramHooks(platform, Answers(platform).run)
    return platform
