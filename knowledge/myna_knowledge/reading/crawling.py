"""The pages of a website: from its sitemap, or by following links; politely and never without end."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # it has no stubs
from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]  # it has no stubs

from myna_knowledge.reading.fetching import Fetched, Fetcher, Unfetchable

AGENT = "MynaKnowledge"
MAX_PAGES = 2000
USUAL_PAGES = 200
MAX_DEPTH = 8
MAX_SITEMAPS = 50
MAX_QUEUE = 20_000
MAX_QUERIES = 20
"""Addresses that differ in their query only: calendars and filters have no end."""
PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
"""Between two requests; a site's own Crawl-delay counts up to the longest."""
CRAWL_S = 1800.0

_TRACKING = re.compile(
    r"^(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|session(?:id)?|sid|phpsessid|jsessionid)$", re.IGNORECASE
)
_NO_PAGE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|mjs|woff2?|ttf|mp[34]|webm|mov|avi|zip|gz|tar|exe|dmg|iso|apk)$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Crawl:
    """One walk over a site. After it, `complete` says whether every page was seen, and `errors` what failed."""

    start: str
    pages: int = USUAL_PAGES
    pause_s: float = PAUSE_S
    seen: set[str] = field(default_factory=set[str])
    errors: list[str] = field(default_factory=list[str])
    found: int = 0
    complete: bool = True

    async def walk(self, fetcher: Fetcher) -> AsyncIterator[Fetched]:
        """The pages, each once. Links are followed on the same host below the start's folder only.

        Raises:
            Unfetchable: the start itself cannot be had, or the site's robots.txt forbids it.
        """
        start = plain_address(self.start)
        robots = await _robots(fetcher, start)
        if not robots.can_fetch(AGENT, start):
            raise Unfetchable(f"The site's robots.txt does not allow {start} to be read.", code="robots")
        pause_s = min(max(self.pause_s, float(robots.crawl_delay(AGENT) or 0.0)), LONGEST_PAUSE_S)
        deadline = asyncio.get_running_loop().time() + CRAWL_S
        queue: deque[tuple[str, int]] = deque([(start, 0)])
        queries: dict[str, int] = {}
        self.seen.add(start)
        while queue:
            if self.found >= min(self.pages, MAX_PAGES) or asyncio.get_running_loop().time() > deadline:
                self.complete = False
                return
            address, depth = queue.popleft()
            try:
                page = await fetcher.get(address)
            except Unfetchable as failed:
                if depth == 0:
                    raise
                self.errors.append(failed.message)
                self.complete = self.complete and failed.code == "gone"
                continue
            links: Iterable[str] = ()
            if _is_sitemap(page):
                links = sitemap_links(page)
            elif page.html:
                found = page_links(page)
                links = found.links if depth < MAX_DEPTH else ()
                if found.indexed and self._ours(page.url, start):
                    self.found += 1
                    yield page
            elif self._ours(page.url, start):
                self.found += 1
                yield page
            self._enqueue(queue, links, (start, depth), robots, queries)
            if queue:
                await asyncio.sleep(pause_s)

    def _enqueue(
        self,
        queue: deque[tuple[str, int]],
        links: Iterable[str],
        at: tuple[str, int],
        robots: RobotFileParser,
        queries: dict[str, int],
    ) -> None:
        start, depth = at
        for link in links:
            address = plain_address(link)
            if (
                address in self.seen
                or not self._ours(address, start)
                or _NO_PAGE.search(urlsplit(address).path)
            ):
                continue
            folder = address.partition("?")[0]
            if "?" in address:
                queries[folder] = queries.get(folder, 0) + 1
            if queries.get(folder, 0) > MAX_QUERIES or len(self.seen) >= MAX_QUEUE:
                self.complete = False
                continue
            if robots.can_fetch(AGENT, address):
                self.seen.add(address)
                queue.append((address, depth + 1))

    @staticmethod
    def _ours(address: str, start: str) -> bool:
        """Whether an address is on the start's host and below its folder; all of the host for a sitemap."""
        own, other = urlsplit(start), urlsplit(address)
        folder = "/" if own.path.endswith(".xml") else own.path.rpartition("/")[0] + "/"
        return (own.scheme, own.netloc) == (other.scheme, other.netloc) and (other.path or "/").startswith(
            folder
        )


def plain_address(url: str) -> str:
    """The address without fragment, tracking parameters and default port, its query sorted."""
    parts = urlsplit(url.strip())
    query = sorted((key, value) for key, value in parse_qsl(parts.query, True) if not _TRACKING.match(key))
    netloc = parts.netloc.lower()
    for scheme, port in (("http", ":80"), ("https", ":443")):
        if parts.scheme == scheme:
            netloc = netloc.removesuffix(port)
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", urlencode(query), ""))


async def _robots(fetcher: Fetcher, start: str) -> RobotFileParser:
    """The site's rules. A missing file allows all; one that cannot be had now forbids all (RFC 9309, section 2.3.1)."""
    robots = RobotFileParser()
    try:
        page = await fetcher.get(urljoin(start, "/robots.txt"))
        robots.parse(page.text()[:500_000].splitlines())
    except Unfetchable as failed:
        if failed.code not in {"gone", "refused"}:
            raise
        robots.parse([])
    return robots


def _is_sitemap(page: Fetched) -> bool:
    return (not page.html and b"<urlset" in page.body[:2000]) or b"<sitemapindex" in page.body[:2000]


def sitemap_links(page: Fetched) -> list[str]:
    """The addresses in a sitemap or in an index of sitemaps (sitemaps.org); none in a hostile or broken one."""
    try:
        root = fromstring(page.body)
    except (ParseError, DefusedXmlException, ValueError):
        return []
    found = [
        str(each.text).strip()
        for each in root.iter()
        if str(each.tag).rpartition("}")[2] == "loc" and each.text
    ]
    return found[:MAX_QUEUE]


@dataclass(frozen=True, slots=True)
class Links:
    """Where a page leads, and whether it wants to be found."""

    links: tuple[str, ...]
    indexed: bool


def page_links(page: Fetched) -> Links:
    """The absolute http(s) addresses that a page links to, but for those it asks not to follow."""
    reader = _Links(page.url)
    reader.feed(page.text())
    reader.close()
    return Links(tuple(reader.links if reader.follow else ()), reader.indexed)


class _Links(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.follow = self.indexed = True
        self._base = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self._base = urljoin(self._base, given["href"])
        elif tag == "meta" and given.get("name", "").lower() == "robots":
            rules = given.get("content", "").lower()
            self.indexed = self.indexed and not any(rule in rules for rule in ("noindex", "none"))
            self.follow = self.follow and not any(rule in rules for rule in ("nofollow", "none"))
        elif tag == "a" and given.get("href") and "nofollow" not in given.get("rel", "").lower().split():
            try:
                link = urljoin(self._base, given["href"].strip())
            except ValueError:
                return
            if link.startswith(("http://", "https://")):
                self.links.append(link)
