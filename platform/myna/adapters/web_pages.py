"""Pages of the web for previews, from public addresses only.

Each name is resolved once, all its addresses are checked, and the connection goes to that very address, so a second answer of
the name server (DNS rebinding) is never asked for. The same holds for every redirect.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import httpx

from myna.errors import Malformed, MynaError, NotFound
from myna.ports_content import WebPage

MAX_BYTES = 512 * 1024
"""What is read of a page; titles stand at its beginning."""
MAX_REDIRECTS = 3
TIMEOUT_S = 5.0
PORTS = frozenset({80, 443})


class WebPages:
    """Fetches pages. With `allow_private` any address and port may be asked: for tests only."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        # No proxy of the environment: it would resolve the name again, past the guard.
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=16)
        )

    async def page(self, url: str) -> WebPage:
        """The beginning of the page behind an address.

        Raises:
            Malformed: the address is none of the public web; nothing was asked.
            NotFound: there is no page.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                for _ in range(MAX_REDIRECTS + 1):
                    found = await self._one(url)
                    if isinstance(found, WebPage):
                        return found
                    url = urljoin(url, found)
        except TimeoutError as late:
            raise NotFound("The page did not answer in time.", code="no_page") from late
        except httpx.HTTPError as failed:
            raise NotFound("The page could not be read.", code="no_page") from failed
        raise NotFound("The page redirects too often.", code="no_page")

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _one(self, url: str) -> WebPage | str:
        address = await self._address(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        target = httpx.URL(url).copy_with(host=address)
        headers = {
            "Host": parts.netloc.rpartition("@")[2],
            "User-Agent": "MynaPreview/1",
            "Accept": "text/html",
        }
        asked = self._client.stream(
            "GET", target, headers=headers, timeout=TIMEOUT_S, extensions={"sni_hostname": host}
        )
        async with asked as answer:
            if answer.is_redirect:
                return str(answer.headers.get("location", ""))
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if answer.status_code != 200 or kind not in {"text/html", "application/xhtml+xml"}:
                raise NotFound("There is no page to preview.", code="no_page")
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) >= MAX_BYTES:
                    break
            text = bytes(body[:MAX_BYTES]).decode(answer.charset_encoding or "utf-8", "replace")
        return WebPage(url, text)

    async def _address(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise Malformed(f"{url[:100]!r} is no address of the web.") from None
        plain = parts.username is None and parts.password is None
        if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
            raise Malformed(f"{url[:100]!r} is no address of the web.")
        if port not in PORTS and not self._allow_private:
            raise Malformed("Previews are made of ports 80 and 443 only.", code="private_address")
        addresses = await _resolved(parts.hostname)
        for address in addresses:
            # All of them: a name with one public and one private address is refused, not tried at random.
            if not self._allow_private and not _public(address):
                raise Malformed("This address is not public.", code="private_address")
        return addresses[0]


async def _resolved(host: str) -> list[str]:
    if (literal := _literal(host)) is not None:
        return [literal]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as unknown:
        raise MynaError(f"The name {host[:100]!r} is not known.", status=404, code="no_page") from unknown
    return [str(each[4][0]) for each in found]


def _literal(host: str) -> str | None:
    """The address that a host is already, also in the old ways (`2130706433`, `0x7f.1`) that resolvers still take."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None and not (inner.is_global and not inner.is_multicast):
            return False
    return found.is_global and not found.is_multicast
