"""All routers of the bot platform, for the composition root."""

from fastapi import APIRouter

from myna_bots.api import bots, interactions, lookups, telegram, updates


def bot_routers() -> list[APIRouter]:
    """The routers; they serve the platform in `app.state.bots`."""
    return [bots.router, interactions.router, lookups.router, updates.router, telegram.router]
