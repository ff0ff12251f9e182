"""Pages and websites as sources, from a real local website; and addresses that must not be asked."""

import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.safe_fetch import SafeFetch
from myna_knowledge.adapters.sql_store import create_tables, sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import JobState, SourceDraft, SourceKind, SourceState
from myna_knowledge.reading.crawling import Crawl, page_links, plain_address
from myna_knowledge.reading.fetching import Fetched, Unfetchable


class Site:
    """A website whose pages tests may change; it counts what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.pages.get(self.path) or site.endless(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def page(self, path: str, body: str, *, head: str = "", kind: str = "text/html") -> None:
        """Put a page there."""
        text = f"<html lang=en><head><title>{path}</title>{head}</head><body>{body}</body></html>"
        self.pages[path] = (200, {"Content-Type": kind}, (text if kind == "text/html" else body).encode())

    def redirect(self, path: str, to: str) -> None:
        """Let a page lead elsewhere."""
        self.pages[path] = (302, {"Location": to}, b"")

    def endless(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """A calendar without end below /calendar, nothing elsewhere."""
        if path.startswith("/calendar/"):
            number = int(path.rpartition("/")[2])
            page = f"<p>Day {number} of many.</p><a href='{number + 1}'>next</a><a href='?d={number}&x=1'>same</a>"
            return 200, {"Content-Type": "text/html"}, page.encode()
        return 404, {}, b""

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Library, int]]:
    database = Database(f"sqlite:///{folder}/kb.db")
    await create_tables(database)
    library = Library(sql_store(database), None, None, fetcher=SafeFetch(allow_private=True))
    try:
        yield library, (await library.create_base(1, "Web")).id
    finally:
        await library.close()
        await database.close()


def shop(site: Site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\nCrawl-delay: 0", kind="text/plain")
    site.page(
        "/help/", "<p>Welcome to the help.</p><a href='returns?utm_source=x#top'>r</a><a href=/shop/>s</a>"
    )
    site.page(
        "/help/returns", "<p>Goods go back within 45 days.</p><a href='./'>home</a><a href=hidden>h</a>"
    )
    site.page(
        "/help/hidden",
        "<p>Nobody finds this.</p><a href=deep>d</a>",
        head="<meta name=robots content=noindex>",
    )
    site.page("/help/deep", "<p>Deep water is wet.</p><a href=/private/x>p</a><a href=broken>b</a>")
    site.page("/shop/", "<p>Outside of the folder.</p>")
    site.page("/private/x", "<p>Forbidden.</p>")


async def titles(library: Library, base: int) -> list[str]:
    return sorted(source.title for source in await library.sources(base) if source.kind is SourceKind.FILE)


async def test_a_site_becomes_one_source_for_each_page_below_its_start(site: Site, tmp_path: Path) -> None:
    shop(site)
    async with opened(tmp_path) as (library, base):
        job = await library.add(base, SourceDraft(SourceKind.SITE, url=f"{site.url}/help/", content=b"50"))
        await library.drain()
        assert await titles(library, base) == ["/help/", "/help/deep", "/help/returns"]
        done = await library.job(base, job.id)
        assert done.state is JobState.DONE
        assert any("/help/broken answers 404" in error for error in done.errors)
        assert "/private/x" not in site.asked
        assert "/shop/" not in site.asked
        found = await library.retrieve([base], "within how many days do goods go back")
        assert found.passages[0].url == f"{site.url}/help/returns"


async def test_walking_again_takes_changes_and_deletes_what_is_gone(site: Site, tmp_path: Path) -> None:
    shop(site)
    async with opened(tmp_path) as (library, base):
        draft = SourceDraft(SourceKind.SITE, url=f"{site.url}/help/", content=b"50")
        await library.add(base, draft)
        await library.drain()
        before = {source.title: source for source in await library.sources(base)}
        site.page("/help/returns", "<p>Goods go back within 60 days.</p><a href=hidden>h</a>")
        site.page("/help/hidden", "<p>Nothing more.</p>", head="<meta name=robots content=noindex>")
        await library.add(base, draft)
        await library.drain()
        after = {source.title: source for source in await library.sources(base)}
        assert "/help/deep" not in after
        assert after["/help/"].version == before["/help/"].version
        assert after["/help/returns"].version == before["/help/returns"].version + 1
        found = await library.retrieve([base], "within how many days do goods go back")
        assert "60 days" in found.passages[0].text
        assert not any(
            "wet" in passage.text for passage in (await library.retrieve([base], "deep water")).passages
        )


async def test_a_page_is_fetched_anew_each_time_it_is_handed_in(site: Site, tmp_path: Path) -> None:
    async with opened(tmp_path) as (library, base):
        for text in ("The lamp glows.", "The lamp is out."):
            site.page("/lamp", f"<p>{text}</p>")
            await library.add(base, SourceDraft(SourceKind.URL, url=f"{site.url}/lamp"))
            await library.drain()
            assert (await library.retrieve([base], "lamp")).passages[0].text == text
        assert len(await library.sources(base)) == 1


async def test_a_page_that_cannot_be_had_is_an_error_of_its_source(site: Site, tmp_path: Path) -> None:
    async with opened(tmp_path) as (library, base):
        await library.add(base, SourceDraft(SourceKind.URL, url=f"{site.url}/missing"))
        await library.drain()
        (source,) = await library.sources(base)
        assert source.state is SourceState.FAILED
        assert source.error is not None
        assert "404" in source.error


async def walked(crawl: Crawl) -> list[str]:
    fetcher = SafeFetch(allow_private=True)
    try:
        return [page.url async for page in crawl.walk(fetcher)]
    finally:
        await fetcher.close()


async def test_an_endless_site_ends(site: Site) -> None:
    crawl = Crawl(f"{site.url}/calendar/1", pages=5, pause_s=0.0)
    assert len(await walked(crawl)) == 5
    assert not crawl.complete


async def test_a_sitemap_gives_its_pages_and_a_hostile_one_nothing(site: Site) -> None:
    site.page("/a", "<p>One.</p>")
    site.page("/b", "<p>Two.</p>")
    listed = "".join(f"<url><loc>{site.url}/{name}</loc></url>" for name in "ab")
    site.page(
        "/sitemap.xml",
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{listed}</urlset>",
        kind="text/xml",
    )
    assert await walked(Crawl(f"{site.url}/sitemap.xml", pause_s=0.0)) == [f"{site.url}/a", f"{site.url}/b"]
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    site.page("/sitemap.xml", bomb, kind="text/xml")
    assert await walked(Crawl(f"{site.url}/sitemap.xml", pause_s=0.0)) == []


async def test_a_site_that_forbids_robots_is_not_read(site: Site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /", kind="text/plain")
    site.page("/", "<p>Private thoughts.</p>")
    with pytest.raises(Unfetchable, match=r"robots\.txt"):
        await walked(Crawl(f"{site.url}/"))
    assert site.asked == ["/robots.txt"]


async def refused(url: str, *, allow_private: bool = False) -> str:
    fetcher = SafeFetch(allow_private=allow_private)
    try:
        with pytest.raises(Unfetchable) as caught:
            await fetcher.get(url)
    finally:
        await fetcher.close()
    return caught.value.code


async def test_private_and_odd_addresses_are_refused_before_anything_is_asked(site: Site) -> None:
    site.page("/", "<p>Internal.</p>")
    assert await refused(f"{site.url}/") == "private_address"
    assert await refused("http://127.0.0.1/") == "private_address"
    assert await refused("http://[::ffff:169.254.169.254]/latest/meta-data") == "private_address"
    assert await refused("http://localhost/") == "private_address"
    assert await refused("file:///etc/passwd") == "bad_address"
    assert await refused("http://1.1.1.1:22/") == "private_address"
    assert await refused("http://[broken/") == "bad_address"
    assert site.asked == []


async def test_a_page_that_unpacks_beyond_bounds_is_refused(site: Site) -> None:
    site.pages["/bomb"] = (
        200,
        {"Content-Type": "text/html", "Content-Encoding": "gzip"},
        gzip.compress(b"a" * 20_000_000),
    )
    assert await refused(f"{site.url}/bomb", allow_private=True) == "too_large"


async def test_redirects_in_a_circle_end(site: Site) -> None:
    site.redirect("/round", "/round")
    assert await refused(f"{site.url}/round", allow_private=True) == "too_many_redirects"


def test_addresses_of_one_page_are_one() -> None:
    assert (
        plain_address("HTTP://Shop.example:80/a?b=2&utm_source=x&a=1#top") == "http://shop.example/a?a=1&b=2"
    )


def test_links_follow_the_base_and_the_page_s_wishes() -> None:
    body = b"<base href='/x/'><a href=a>1</a><a href=b rel='nofollow'>2</a><a href='mailto:a@b'>3</a><a href='http://[bad'>4</a>"
    page = Fetched("http://shop.example/", "text/html", None, body)
    assert page_links(page).links == ("http://shop.example/x/a",)
