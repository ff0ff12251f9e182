"""Requests to addresses that users gave, over httpx, to public addresses only unless the operator allows others.

The name is resolved once, the result is checked, and the connection goes to that very address: a second answer of the name
server (DNS rebinding) is never asked for.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from myna.errors import Malformed, MynaError, TooLarge
from myna_bots.errors import Unreachable
from myna_bots.host.delivering import Answer

MAX_ANSWER_BYTES = 64 * 1024
"""What is read of an answer; the rest is not."""
RESOLVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Download:
    """What was fetched."""

    status: int
    type: str
    body: bytes


class GuardedEgress:
    """`Egress` and `Checks` for webhooks. Redirects are not followed."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        # No proxy of the environment: it would resolve the name again, past the guard.
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=64)
        )

    async def check(self, url: str) -> None:
        """Raises Malformed when the address may not be called."""
        await self._address(url)

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
        address = await self._address(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        target = httpx.URL(url).copy_with(host=f"[{address}]" if ":" in address else address)
        sent = {**headers, "Host": parts.netloc.rpartition("@")[2]}
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    method,
                    target,
                    content=body,
                    headers=sent,
                    timeout=timeout_s,
                    extensions={"sni_hostname": host},
                ) as answer,
            ):
                yield answer
        except TimeoutError as late:
            raise Unreachable(f"{host} did not answer within {timeout_s:g} s.") from late
        except httpx.HTTPError as failed:
            raise Unreachable(
                f"There is no answer from {host}: {failed or type(failed).__name__}."
            ) from failed

    async def _address(self, url: str) -> str:
        host = urlsplit(url).hostname or ""
        addresses = _literal(host) or await _resolved(host)
        for address in addresses:
            # All of them: a name with one public and one private address is refused, not tried at random.
            if not self._allow_private and not _public(address):
                raise Malformed(
                    f"{host} is a private address; webhooks go to public ones. The operator may allow others "
                    "(MYNA_PRIVATE_WEBHOOKS=1).",
                    code="private_address",
                )
        return addresses[0]


async def _read(answer: httpx.Response, most: int) -> bytes:
    got = b""
    async for piece in answer.aiter_bytes():
        got += piece
        if len(got) >= most:
            break
    return got


def _literal(host: str) -> list[str]:
    """The address that a host is already."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return []


async def _resolved(host: str) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as unknown:
        raise MynaError(
            f"The name {host!r} could not be resolved.", status=400, code="unknown_host"
        ) from unknown
    return [str(each[4][0]) for each in found]


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return found.is_global and not found.is_multicast


def _retry_after(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None
