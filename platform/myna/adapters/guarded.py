"""Requests to checked addresses only, for libraries that ask over httpx2."""

import httpx2

from myna.adapters.authorities import authorities2
from myna.adapters.public_web import PublicWeb


class Guarded(httpx2.AsyncBaseTransport):
    """Asks the very address that was checked, without the environment's proxies.

    Stays open when a client over it closes; obligation: `end` gives the connections back.
    """

    def __init__(self, web: PublicWeb) -> None:
        self._web, self._inner = web, httpx2.AsyncHTTPTransport(verify=authorities2(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer. Raises AddressRefused before anything is sent."""
        target = await self._web.target(str(request.url))
        request.url = httpx2.URL(str(target.url))
        request.headers.update(target.headers)
        request.extensions = {**request.extensions, **target.extensions}
        return await self._inner.handle_async_request(request)

    async def end(self) -> None:
        """End all connections."""
        await self._inner.aclose()
