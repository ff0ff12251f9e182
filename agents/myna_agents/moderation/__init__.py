"""Judging messages before they are stored."""

from myna_agents.moderation.moderator import LayeredModerator
from myna_agents.moderation.policy import Policy
from myna_agents.moderation.rules import Lists
from myna_agents.moderation.window import SenderWindow, WindowLimits

__all__ = ["LayeredModerator", "Lists", "Policy", "SenderWindow", "WindowLimits"]
