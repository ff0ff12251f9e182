"""Pages from addresses that people gave: public addresses only, bounded in size, time and redirects."""

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import httpx

from myna_knowledge.fetching import Fetched, Unfetchable

MAX_BYTES = 8_000_000
MAX_REDIRECTS = 5
FETCH_S = 20.0
RESOLVE_S = 5.0
AGENT = "MynaKnowledge/1 (+https://github.com/myna)"
PORTS = frozenset({80, 443, 8000, 8080, 8443, None})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class SafeFetch:
    """`Fetcher` over httpx.

    Every hop is checked anew: scheme, port and every address of the name. The connection then goes to the checked address
    itself, so a name server that answers differently the second time (DNS rebinding) is never asked a second time. No
    proxy of the environment is used, for it would resolve the name again.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(FETCH_S),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=0),
            headers={"User-Agent": AGENT, "Accept": "text/html,application/xhtml+xml,text/*;q=0.9,*/*;q=0.5"},
        )

    async def get(self, url: str) -> Fetched:
        """What stands at an address after redirects.

        Raises:
            Unfetchable: not allowed, no answer in time, an error status, or too large; says which.
        """
        try:
            async with asyncio.timeout(FETCH_S):
                for _ in range(MAX_REDIRECTS + 1):
                    answer = await self._hop(url)
                    if isinstance(answer, Fetched):
                        return answer
                    url = urljoin(url, answer)
        except TimeoutError:
            raise Unfetchable(f"{url} did not answer within {FETCH_S:.0f} s.", code="fetch_timeout") from None
        except httpx.HTTPError as failed:
            shown = str(failed) or type(failed).__name__
            raise Unfetchable(f"There is no answer from {url}: {shown}.", code="fetch_failed") from failed
        raise Unfetchable(f"{url} redirects more than {MAX_REDIRECTS} times.", code="too_many_redirects")

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _hop(self, url: str) -> Fetched | str:
        """The page, or where it redirects to."""
        address = await self._allowed(url)
        parts = urlsplit(url)
        target = httpx.URL(url).copy_with(host=address)
        async with self._client.stream(
            "GET",
            target,
            headers={"Host": parts.netloc.rpartition("@")[2]},
            extensions={"sni_hostname": parts.hostname or ""},
        ) as answer:
            if answer.status_code in REDIRECTS and "location" in answer.headers:
                return str(answer.headers["location"])
            if answer.status_code >= 400:
                missing, refused = answer.status_code in {404, 410}, answer.status_code < 500
                raise Unfetchable(
                    f"{url} answers {answer.status_code} {answer.reason_phrase}.",
                    code="gone" if missing else "refused" if refused else "fetch_failed",
                )
            body = bytearray()
            # Counted after decompression: a few compressed bytes may unpack to gigabytes.
            async for piece in answer.aiter_bytes(64 * 1024):
                body += piece
                if len(body) > MAX_BYTES:
                    raise Unfetchable(
                        f"{url} has more than {MAX_BYTES:,} bytes.", status=413, code="too_large"
                    )
            kind, _, rest = answer.headers.get("content-type", "").partition(";")
            charset = rest.partition("charset=")[2].strip().strip("\"'").partition(";")[0] or None
            return Fetched(url, kind.strip().lower(), charset, bytes(body))

    async def _allowed(self, url: str) -> str:
        """The address to connect to."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Unfetchable(f"{url!r} is no address of a page.", code="bad_address") from None
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            raise Unfetchable(f"{url!r}: only http and https addresses are read.", code="bad_address")
        if not self._allow_private and port not in PORTS:
            raise Unfetchable(f"{url!r}: port {port} is none of a website.", code="private_address")
        addresses = await _addresses(host)
        for address in addresses:
            # All of them: a name with one public and one private address is refused, not tried at random.
            if not self._allow_private and not is_public(address):
                raise Unfetchable(
                    f"{host} is a private address; sources come from public ones. The operator may allow others "
                    "(MYNA_PRIVATE_SOURCES=1).",
                    code="private_address",
                )
        return addresses[0]


async def _addresses(host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Unfetchable(f"The name {host!r} could not be resolved.", code="unknown_host") from None
    return [str(each[4][0]) for each in found]


def is_public(address: str) -> bool:
    """Whether an IP address may be asked: globally routable, no multicast, nor a private one dressed as IPv6.

    Covers IPv4-mapped (::ffff:0:0/96), 6to4 (2002::/16), Teredo and NAT64 (64:ff9b::/96, RFC 6052).
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast
