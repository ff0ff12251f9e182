"""Requests to addresses that users gave, over httpx, to public addresses only unless the operator allows others."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from myna.adapters.authorities import authorities
from myna.adapters.public_web import PublicWeb
from myna.errors import TooLarge
from myna_bots.client.errors import Unreachable
from myna_bots.host.delivering import Answer

MAX_ANSWER_BYTES = 64 * 1024
"""What is read of an answer; the rest is not."""


@dataclass(frozen=True, slots=True)
class Download:
    """What was fetched."""

    status: int
    type: str
    body: bytes


class GuardedEgress:
    """`Egress` and `Checks` for webhooks. Redirects are not followed."""

    def __init__(self, *, allow_private: bool) -> None:
        self._web = PublicWeb(
            allow_private=allow_private, hint="The operator may allow others (MYNA_PRIVATE_WEBHOOKS=1)."
        )
        # No proxy of the environment: it would resolve the name again, past the guard.
        self._client = httpx.AsyncClient(
            verify=authorities(),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=64),
        )

    async def check(self, url: str) -> None:
        """Raises Malformed when the address may not be called."""
        await self._web.target(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """The answer, whatever its status; see `Egress`."""
        async with self._asked("POST", url, body, headers, timeout_s) as answer:
            got = await _read(answer, MAX_ANSWER_BYTES)
            return Answer(answer.status_code, got, _retry_after(answer.headers.get("retry-after")))

    async def get(self, url: str, timeout_s: float, most: int) -> Download:
        """What stands behind an address, at most so many bytes.

        Raises:
            MynaError: the address is not allowed, there was no answer, or it is too large.
        """
        async with self._asked("GET", url, None, {}, timeout_s) as answer:
            got = await _read(answer, most + 1)
            if len(got) > most:
                raise TooLarge(f"At most {most} bytes are fetched.")
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Download(answer.status_code, kind, got)

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> AsyncIterator[httpx.Response]:
        target = await self._web.target(url)
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    method,
                    target.url,
                    content=body,
                    headers={**headers, **target.headers},
                    timeout=timeout_s,
                    extensions=target.extensions,
                ) as answer,
            ):
                yield answer
        except TimeoutError as late:
            raise Unreachable(f"{target.host} did not answer within {timeout_s:g} s.") from late
        except httpx.HTTPError as failed:
            raise Unreachable(
                f"There is no answer from {target.host}: {failed or type(failed).__name__}."
            ) from failed


async def _read(answer: httpx.Response, most: int) -> bytes:
    got = b""
    async for piece in answer.aiter_bytes():
        got += piece
        if len(got) >= most:
            break
    return got


def _retry_after(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None
