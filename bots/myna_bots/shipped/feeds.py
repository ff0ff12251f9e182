"""News feeds as a source of knowledge: every entry of an RSS or Atom feed becomes a source, as long as the feed has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # it has no stubs
from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]  # it has no stubs

from myna_knowledge.formats.blocks import Unreadable
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.reading.fetching import Fetcher

ATOM = "{http://www.w3.org/2005/Atom}"
"""RFC 4287."""
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
"""The whole text of an RSS entry: RSS 1.0 modules, Content."""
RSS1 = "{http://purl.org/rss/1.0/}"


class Feed:
    """A kind of source."""

    name = "feed"

    def check(self, address: str) -> None:
        """Raises Unreadable: only http and https addresses are read."""
        if not address.lower().startswith(("http://", "https://")):
            raise Unreadable(f"{address!r}: only http and https addresses are read.", code="bad_address")

    async def documents(self, address: str, web: Fetcher) -> AsyncIterator[SourceDraft]:
        """The entries in the feed's order.

        Raises:
            Unreadable: it cannot be fetched, or is no feed.
        """
        page = await web.get(address)
        for each in await asyncio.to_thread(entries, page.body, page.url):
            yield each


class Feeds:
    """A plugin with the hook `sources`."""

    def sources(self) -> Sequence[Feed]:
        """`feed`."""
        return [Feed()]


def entries(content: bytes, url: str) -> list[SourceDraft]:
    """The entries of a feed. Blocks.

    Raises:
        Unreadable: it is no XML, has entities of its own (which expand without end), or is no feed.
    """
    try:
        root: Element = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError) as wrong:
        raise Unreadable(f"{url} is no feed: {type(wrong).__name__}.", code="no_feed") from None
    if root.tag == f"{ATOM}feed":
        found = [_atom(each, url) for each in root.iter(f"{ATOM}entry")]
    elif root.tag == "rss" or root.tag.endswith("}RDF"):
        found = [_rss(each, url) for tag in ("item", f"{RSS1}item") for each in root.iter(tag)]
    else:
        raise Unreadable(f"{url} is no feed: it begins with <{root.tag[:60]}>.", code="no_feed")
    return [each for each in found if each.content.strip()]


def _atom(entry: Element, url: str) -> SourceDraft:
    links = {each.get("rel", "alternate"): each.get("href", "") for each in entry.iter(f"{ATOM}link")}
    body = entry.find(f"{ATOM}content")
    if body is None or not "".join(body.itertext()).strip():
        body = entry.find(f"{ATOM}summary")
    title, id_ = (entry.findtext(f"{ATOM}{tag}", "") for tag in ("title", "id"))
    kind = "text" if body is None else body.get("type", "text")
    text = "" if body is None else "".join(body.itertext())
    return _draft(title, id_, links.get("alternate", ""), text, url, plain=kind == "text")


def _rss(item: Element, url: str) -> SourceDraft:
    def said(tag: str) -> str:
        return item.findtext(tag) or item.findtext(f"{RSS1}{tag}") or ""

    text = item.findtext(CONTENT) or said("description")
    return _draft(said("title"), said("guid"), said("link"), text, url, plain="<" not in text)


def _draft(title: str, id_: str, link: str, text: str, url: str, *, plain: bool) -> SourceDraft:
    title = " ".join(title.split())[:300] or text.strip()[:60]
    return SourceDraft(
        SourceKind.FILE,
        title=title,
        filename="entry.txt" if plain else "entry.html",
        content=text.encode(),
        key=id_.strip() or link.strip() or title,
        url=urljoin(url, link.strip()) if link.strip() else url,
    )
