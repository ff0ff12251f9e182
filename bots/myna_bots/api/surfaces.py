"""All surfaces of the bot platform in one piece, for the composition root."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from picows import WSUpgradeRequest

from myna.api.live.watched import Watched
from myna_agents.tools.tool import Tool
from myna_bots.api import (
    attachments,
    bots,
    hooks,
    inline,
    interactions,
    lookups,
    photos,
    plugins,
    socket,
    telegram,
    updates,
)
from myna_bots.api.mcp import PATH, McpGate
from myna_bots.api.openai import openai_router
from myna_bots.host.platform import BotPlatform
from myna_bots.openai.agents import Agents
from myna_bots.plugged import Plugged
from myna_bots.plugins import Plugin


class BotSurfaces:
    """HTTP routes, the MCP server and the bots' WebSocket of one application."""

    def __init__(self, plugins: Sequence[Plugin], tools: Callable[[], dict[str, Tool]]) -> None:
        self.plugged, self._tools = Plugged(plugins), tools
        self._bots: BotPlatform | None = None
        self._mcp = McpGate(lambda: cast(BotPlatform, self._bots))

    @property
    def routers(self) -> list[APIRouter]:
        """The routes; they serve what `running` was given."""
        modules = (
            attachments,
            bots,
            hooks,
            inline,
            interactions,
            lookups,
            photos,
            plugins,
            updates,
            telegram,
        )
        return [*(each.router for each in modules), openai_router(_agents)]

    def mount(self, app: FastAPI) -> None:
        """Mount what is no route."""
        app.state.plugged = self.plugged
        app.mount(PATH, self._mcp)

    @asynccontextmanager
    async def running(
        self, app: FastAPI, platform: BotPlatform, agents: Agents
    ) -> AsyncGenerator[BotPlatform, None]:
        """Serve inside the block."""
        self._bots = app.state.bots = platform
        app.state.agents = agents
        platform.library.plugged.readers.update(self.plugged.sources)
        self._tools().update(self.plugged.tools)
        async with self._mcp.open(), platform.running():
            yield platform

    def sockets(
        self, spawn: Callable[[Any], asyncio.Task[None]]
    ) -> dict[bytes, Callable[[WSUpgradeRequest], Watched]]:
        """Listeners by path, for the server of sockets."""
        assert self._bots is not None
        return {socket.PATH: socket.accepting(self._bots, spawn)}


def _agents(request: Request) -> Agents:
    return cast(Agents, request.app.state.agents)
