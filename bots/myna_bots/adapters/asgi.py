"""Requests to an application in this process, over httpx."""

from collections.abc import Mapping
from typing import Any

import httpx

from myna_bots.ports import Reply
from myna_bots.wire import encode


class AsgiHttp:
    """`Http` without a network; see `myna_bots.ports.Http`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://myna")

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The answer."""
        sent = dict(headers or {})
        content: bytes | None = None
        if json is not None:
            content, sent["Content-Type"] = encode(json), "application/json"
        got = await self._client.request(method, path, content=content, params=query, headers=sent)
        return Reply(got.status_code, got.content, dict(got.headers))

    async def close(self) -> None:
        """End it."""
        await self._client.aclose()
