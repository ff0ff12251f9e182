"""Requests over httpx."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from myna_bots.errors import Unreachable
from myna_bots.ports import Reply
from myna_bots.wire import encode

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
    ) -> Reply:
        """The answer; see `myna_bots.ports.Http`."""
        sent = dict(headers or {})
        content: bytes | None = None
        if json is not None:
            content, sent["Content-Type"] = encode(json), "application/json"
        try:
            got = await self._client.request(method, path, content=content, params=query, headers=sent)
        except httpx.HTTPError as failed:
            what = str(failed) or type(failed).__name__
            raise Unreachable(f"There is no answer from {self._base_url}: {what}.") from failed
        return Reply(got.status_code, got.content, dict(got.headers))

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()
