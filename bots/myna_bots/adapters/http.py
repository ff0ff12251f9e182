"""Requests over httpx."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from myna_bots.client.errors import Unreachable
from myna_bots.client.ports import SILENT_S, Reply
from myna_bots.client.problems import checked
from myna_bots.client.wire import encode

REQUEST_S = 15.0
"""How long a request may take."""


class HttpxHttp:
    """One server's connections, kept open between requests. `base_url` has no path."""

    def __init__(self, base_url: str, timeout_s: float = REQUEST_S) -> None:
        # Redirects are not followed: a request carries a token that belongs to this server alone.
        # A proxy of the environment is for the world outside; this machine is reached without it.
        here = urlsplit(base_url).hostname in {"localhost", "127.0.0.1", "::1"}
        self._client = httpx.AsyncClient(
            base_url=base_url, timeout=timeout_s, follow_redirects=False, trust_env=not here
        )
        self._base_url = base_url

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
        """The answer; see `myna_bots.client.ports.Http`."""
        sent = dict(headers or {})
        if json is not None:
            content, sent["Content-Type"] = encode(json), "application/json"
        try:
            got = await self._client.request(method, path, content=content, params=query, headers=sent)
        except httpx.HTTPError as failed:
            what = str(failed) or type(failed).__name__
            raise Unreachable(f"There is no answer from {self._base_url}: {what}.") from failed
        return Reply(got.status_code, got.content, dict(got.headers))

    @asynccontextmanager
    async def lines(
        self, path: str, headers: Mapping[str, str], json: Any = None
    ) -> AsyncGenerator[AsyncIterator[str], None]:
        """The lines of an answer as they come; see `myna_bots.client.ports.StreamingHttp`."""
        patience = httpx.Timeout(REQUEST_S, read=SILENT_S)
        method, content, sent = "GET", None, dict(headers)
        if json is not None:
            method, content, sent["Content-Type"] = "POST", encode(json), "application/json"
        try:
            async with self._client.stream(
                method, path, headers=sent, content=content, timeout=patience
            ) as got:
                if got.status_code != 200:
                    checked(Reply(got.status_code, await got.aread(), dict(got.headers)))
                yield lines_of(got)
        except httpx.HTTPError as failed:
            what = str(failed) or type(failed).__name__
            raise Unreachable(f"The stream from {self._base_url} broke: {what}.") from failed

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()


async def lines_of(got: httpx.Response) -> AsyncIterator[str]:
    """Lines by LF or CRLF: `aiter_lines` would also end one at U+2028, which may stand in a message."""
    rest = ""
    async for text in got.aiter_text():
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
