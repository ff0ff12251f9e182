"""Requests to an application in this process, over httpx."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from myna_bots.client.ports import Reply
from myna_bots.client.problems import checked
from myna_bots.client.wire import encode


class AsgiHttp:
    """`Http` without a network; see `myna_bots.client.ports.Http`."""

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
        content: bytes | None = None,
    ) -> Reply:
        """The answer."""
        sent = dict(headers or {})
        if json is not None:
            content, sent["Content-Type"] = encode(json), "application/json"
        got = await self._client.request(method, path, content=content, params=query, headers=sent)
        return Reply(got.status_code, got.content, dict(got.headers))

    @asynccontextmanager
    async def lines(
        self, path: str, headers: Mapping[str, str], json: Any = None
    ) -> AsyncGenerator[AsyncIterator[str], None]:
        """The lines of an answer; without a network they come when the answer is whole."""
        method = "GET" if json is None else "POST"
        reply = await self.request(method, path, json=json, headers=headers)
        if reply.status != 200:
            checked(reply)
        yield _split(reply.body.decode())

    async def close(self) -> None:
        """End it."""
        await self._client.aclose()


async def _split(text: str) -> AsyncIterator[str]:
    for line in text.split("\n"):
        yield line.removesuffix("\r")
