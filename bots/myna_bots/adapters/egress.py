"""Requests to addresses that users gave, over httpx, to public addresses only unless the operator allows others.

The name is resolved once, the result is checked, and the connection goes to that very address: a second answer of the name
server (DNS rebinding) is never asked for.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from myna.errors import Malformed, MynaError
from myna_bots.errors import Unreachable
from myna_bots.host.delivering import Answer

MAX_ANSWER_BYTES = 64 * 1024
"""What is read of an answer; the rest is not."""
RESOLVE_S = 5.0


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
        address = await self._address(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        literal = f"[{address}]" if ":" in address else address
        target = httpx.URL(url).copy_with(host=literal)
        sent = {**headers, "Host": parts.netloc.rpartition("@")[2]}
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    "POST",
                    target,
                    content=body,
                    headers=sent,
                    timeout=timeout_s,
                    extensions={"sni_hostname": host},
                ) as answer,
            ):
                got = b""
                async for piece in answer.aiter_bytes():
                    got += piece
                    if len(got) >= MAX_ANSWER_BYTES:
                        break
                return Answer(answer.status_code, got, _retry_after(answer.headers.get("retry-after")))
        except TimeoutError as late:
            raise Unreachable(f"{host} did not answer within {timeout_s:g} s.") from late
        except httpx.HTTPError as failed:
            raise Unreachable(
                f"There is no answer from {host}: {failed or type(failed).__name__}."
            ) from failed

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _address(self, url: str) -> str:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await asyncio.get_running_loop().getaddrinfo(
                    parts.hostname, port, type=socket.SOCK_STREAM
                )
        except (OSError, UnicodeError, TimeoutError) as unknown:
            raise MynaError(
                f"The name {parts.hostname!r} could not be resolved.", status=400, code="unknown_host"
            ) from unknown
        addresses = [str(each[4][0]) for each in found]
        for address in addresses:
            # All of them: a name with one public and one private address is refused, not tried at random.
            if not self._allow_private and not _public(address):
                raise Malformed(
                    f"{parts.hostname} is a private address; webhooks go to public ones. The operator may allow "
                    "others (MYNA_PRIVATE_WEBHOOKS=1).",
                    code="private_address",
                )
        return addresses[0]


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return found.is_global and not found.is_multicast


def _retry_after(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None
