"""Pages of the web for previews, from public addresses only; each redirect is checked like the first address."""

import asyncio
from urllib.parse import urljoin

import httpx

from myna.adapters.authorities import authorities
from myna.adapters.public_web import AddressRefused, PublicWeb
from myna.errors import NotFound
from myna.ports.content import WebPage

MAX_BYTES = 512 * 1024
"""What is read of a page; titles stand at its beginning."""
MAX_REDIRECTS = 3
TIMEOUT_S = 5.0
PORTS = frozenset({80, 443})


class WebPages:
    """Fetches pages. With `allow_private` any address and port may be asked: for tests only."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._web = PublicWeb(allow_private=allow_private, ports=PORTS)
        # No proxy of the environment: it would resolve the name again, past the guard.
        self._client = httpx.AsyncClient(
            verify=authorities(),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=16),
        )

    async def page(self, url: str) -> WebPage:
        """The beginning of the page behind an address.

        Raises:
            AddressRefused: the address is none of the public web; nothing was asked.
            NotFound: there is no page.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                for _ in range(MAX_REDIRECTS + 1):
                    found = await self._one(url)
                    if isinstance(found, WebPage):
                        return found
                    url = urljoin(url, found)
        except AddressRefused as refused:
            if refused.code != "unknown_host":
                raise
            raise NotFound(refused.message, code="no_page") from refused
        except TimeoutError as late:
            raise NotFound("The page did not answer in time.", code="no_page") from late
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
            raise NotFound("The page could not be read.", code="no_page") from failed
        raise NotFound("The page redirects too often.", code="no_page")

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _one(self, url: str) -> WebPage | str:
        target = await self._web.target(url)
        headers = {**target.headers, "User-Agent": "MynaPreview/1", "Accept": "text/html"}
        asked = self._client.stream(
            "GET", target.url, headers=headers, timeout=TIMEOUT_S, extensions=target.extensions
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
