"""The agents' routes."""

from myna_agents.api.routes import routers

__all__ = ["routers"]
