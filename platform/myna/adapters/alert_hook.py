"""Alerts to somebody else's server: one POST each, signed, to public addresses only unless the operator allows others."""

import asyncio
import time

import httpx

from myna.adapters.authorities import authorities
from myna.adapters.public_web import PublicWeb
from myna.errors import MynaError
from myna.intrusion.model import Hook
from myna.signing import HEADER, signature

TIMEOUT_S = 10.0


class AlertHook:
    """See `myna.intrusion.ports.Herald`."""

    def __init__(self, *, allow_private: bool) -> None:
        self._web = PublicWeb(
            allow_private=allow_private, hint="The operator may allow others (MYNA_PRIVATE_WEBHOOKS=1)."
        )
        # No proxy of the environment: it would resolve the name again, past the guard.
        self._client = httpx.AsyncClient(verify=authorities(), follow_redirects=False, trust_env=False)

    async def check(self, url: str) -> None:
        """Raises Malformed when the address may not be called."""
        await self._web.target(url)

    async def tell(self, hook: Hook, body: bytes) -> None:
        """Send one; anything but 2xx is a failure."""
        target = await self._web.target(hook.url)
        headers = {
            **target.headers,
            "Content-Type": "application/json",
            HEADER: signature(body, [hook.secret], int(time.time())),
        }
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._client.post(
                    target.url, content=body, headers=headers, extensions=target.extensions
                )
        except (httpx.HTTPError, TimeoutError) as failed:
            raise MynaError(f"There is no answer from {target.host}.", code="unreachable") from failed
        if not answer.is_success:
            raise MynaError(f"{target.host} answered {answer.status_code}.", code="unreachable")

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()
