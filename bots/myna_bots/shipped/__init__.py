"""The plugins that come with Myna; each shows a hook at work."""

from myna_bots.shipped.api.directory import BotDirectory
from myna_bots.shipped.clock import Clock
from myna_bots.shipped.feeds import Feeds
from myna_bots.shipped.meetings import Meetings
from myna_bots.shipped.runaway import RunawayBots

__all__ = ["BotDirectory", "Clock", "Feeds", "Meetings", "RunawayBots"]
