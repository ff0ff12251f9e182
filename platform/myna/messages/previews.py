"""Previews of links: title, description and site of a page, fetched by the server so that readers do not."""

import asyncio
import time
from collections import OrderedDict
from html.parser import HTMLParser
from typing import Any

from myna.errors import Malformed, NotFound
from myna.ports.content import Pages, WebPage

MAX_URL_CHARS = 2_000
MAX_TEXT_CHARS = 300
KEPT_S = 3_600.0
KEPT = 1_000
"""Previews that are remembered. Overflow rule: the oldest are forgotten."""
AT_ONCE = 8


class Previews:
    """Makes previews, at most eight at once, and remembers them for an hour."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._kept: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def preview(self, url: str) -> dict[str, Any]:
        """What a page says of itself.

        Raises:
            Malformed: the address is none of the public web.
            NotFound: there is no page, or it says nothing.
        """
        if len(url) > MAX_URL_CHARS or not url.isprintable():
            raise Malformed(f"An address has at most {MAX_URL_CHARS} printable characters.")
        known = self._kept.get(url)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with self._room:
            made = preview_of(await self._pages.page(url))
        self._kept[url] = (time.monotonic() + KEPT_S, made)
        self._kept.move_to_end(url)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


def preview_of(page: WebPage) -> dict[str, Any]:
    """Title, description and site of a page, as plain text.

    Raises:
        NotFound: it has no title.
    """
    reader = _Head()
    reader.feed(page.text)
    said = reader.said
    title = said.get("og:title") or said.get("title") or ""
    if not title:
        raise NotFound("This page says nothing of itself.", code="no_page")
    return {
        "url": page.url,
        "title": title[:MAX_TEXT_CHARS],
        "description": (said.get("og:description") or said.get("description") or "")[:MAX_TEXT_CHARS],
        "site": said.get("og:site_name", "")[:MAX_TEXT_CHARS],
    }


class _Head(HTMLParser):
    """Reads title and meta elements; the rest of the page is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self._title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and "title" not in self.said:
            self._title = True
        elif tag == "meta":
            named = dict(attrs)
            name = (named.get("property") or named.get("name") or "").lower()
            if name in {"og:title", "og:description", "og:site_name", "description"}:
                self.said.setdefault(name, " ".join((named.get("content") or "").split()))

    def handle_data(self, data: str) -> None:
        if self._title:
            self.said["title"] = " ".join(f"{self.said.get('title', '')} {data}".split())

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._title = False
