"""Connections of tools: to checked addresses only, without redirects or the environment's proxies."""

from collections.abc import Mapping
from typing import Any

import httpx
import httpx2

from myna.adapters.authorities import authorities
from myna.adapters.guarded import Guarded
from myna.adapters.public_web import PublicWeb

HINT = "Set MYNA_PRIVATE_TOOLS=1 if the company's own API stands there."
MAX_CONNECTIONS = 32


class _Guarded(httpx.AsyncBaseTransport):
    """Asks the very address that was checked."""

    def __init__(self, web: PublicWeb) -> None:
        self._web, self._inner = (
            web,
            httpx.AsyncHTTPTransport(
                verify=authorities(), trust_env=False, limits=httpx.Limits(max_connections=MAX_CONNECTIONS)
            ),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises AddressRefused before anything is sent."""
        target = await self._web.target(str(request.url))
        request.url = target.url
        request.headers.update(target.headers)
        request.extensions = {**request.extensions, **target.extensions}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """End all connections."""
        await self._inner.aclose()


class _OfOneSession(Guarded):
    """For the client of one MCP session, with which its connections end."""

    async def aclose(self) -> None:
        """End all connections."""
        await self.end()


class ToolEgress:
    """The clients that tools ask through. Obligation: `close` gives the connections back."""

    def __init__(self, *, allow_private: bool) -> None:
        self._web = PublicWeb(allow_private=allow_private, hint=HINT)
        self.http = httpx.AsyncClient(transport=_Guarded(self._web), follow_redirects=False, trust_env=False)

    def mcp(self, headers: Mapping[str, str]) -> Any:
        """A client for one MCP session; the session closes it."""
        return httpx2.AsyncClient(
            transport=_OfOneSession(self._web),
            headers=dict(headers),
            timeout=httpx2.Timeout(30.0, connect=10.0),
            trust_env=False,
        )

    async def close(self) -> None:
        """End all connections."""
        await self.http.aclose()
