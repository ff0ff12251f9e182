"""The plugins that come with Myna; each shows one hook at work."""

from myna_bots.shipped.api.directory import BotDirectory
from myna_bots.shipped.runaway import RunawayBots

__all__ = ["BotDirectory", "RunawayBots"]
