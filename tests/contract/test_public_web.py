"""The one guard of addresses that others chose, and everything that asks such addresses: sources, previews, webhooks."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from myna.adapters import public_web, web_pages
from myna.adapters.public_web import AddressRefused, PublicWeb, is_public
from myna.adapters.web_pages import WebPages
from myna.errors import MynaError
from myna_bots.adapters.egress import GuardedEgress
from myna_knowledge.adapters import safe_fetch
from myna_knowledge.adapters.safe_fetch import SafeFetch

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
    *("::", "::1", "fe80::1", "fe80::1%1", "fec0::1", "fd00::1", "ff02::1", "64:ff9b:1::1"),
]
DRESSED = {
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-compatible": "::127.0.0.1",
    "6to4": "2002:7f00:1::",
    "6to4 metadata": "2002:a9fe:a9fe::1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 metadata": "64:ff9b::169.254.169.254",
    "Teredo": "2001:0:4136:e378:8000:63bf:80ff:fffe",
}


@dataclass
class Site:
    """A local web server that remembers which hosts and paths it was asked for."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    target: str = ""
    """Where `/moved` redirects to."""


@pytest.fixture
def site() -> Iterator[Site]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append((self.headers["Host"], self.path))
            self.send_response(302 if self.path == "/moved" else 200)
            if self.path == "/moved":
                self.send_header("Location", here.target)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Here</title><p>Pinned.</p>")

        do_POST = do_GET  # noqa: N815  # the base class's name

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    here = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


Ask = Callable[[str], Awaitable[object]]


@pytest.fixture(params=["sources", "previews", "webhooks"])
async def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each surface that asks addresses of others, as an operator runs it."""
    monkeypatch.setattr(safe_fetch, "PORTS", None)
    monkeypatch.setattr(web_pages, "PORTS", None)
    made: Any
    if request.param == "sources":
        made = SafeFetch()
        yield made.get
    elif request.param == "previews":
        made = WebPages()
        yield made.page
    else:
        made = GuardedEgress(allow_private=False)
        yield lambda url: made.post(url, b"{}", {}, 5.0)
    await made.close()


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that gives these answers one after the other; the names it was asked for."""
    asked: list[str] = []
    left = iter(answers)

    async def resolve(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in next(left)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    return asked


def this_machine_counts_as_public(monkeypatch: pytest.MonkeyPatch) -> None:
    real = is_public
    monkeypatch.setattr(public_web, "is_public", lambda address: address == "127.0.0.1" or real(address))


@pytest.mark.parametrize("address", [*PRIVATE, *DRESSED.values()])
def test_private_addresses_are_known_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0", *(f"[{address}]" for address in DRESSED.values())],
)
async def test_nothing_inside_is_asked(host: str, ask: Ask, site: Site) -> None:
    with pytest.raises(MynaError) as refused:
        await ask(f"http://{host}:{site.port}/")
    assert refused.value.code == "private_address"
    assert site.asked == []


async def test_a_name_with_one_private_address_among_its_addresses_is_refused(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dress in ("192.168.0.7", *DRESSED.values()):
        resolving(monkeypatch, ["93.184.216.34", dress])
        with pytest.raises(MynaError) as refused:
            await ask("http://both.example/")
        assert refused.value.code == "private_address"


async def test_a_name_is_resolved_once_and_the_checked_address_is_asked(
    ask: Ask, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine_counts_as_public(monkeypatch)
    # A second question would be answered with another address: rebinding.
    names = resolving(monkeypatch, ["127.0.0.1"], ["10.255.255.1"])
    await ask(f"http://rebind.example:{site.port}/")
    assert names == ["rebind.example"]
    assert site.asked == [(f"rebind.example:{site.port}", "/")]


@pytest.mark.parametrize("surface", ["sources", "previews"])
@pytest.mark.parametrize("inside", ["http://10.0.0.1/", "http://[64:ff9b::a00:1]/", "http://[broken/"])
async def test_each_redirect_is_checked_anew(
    surface: str, inside: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine_counts_as_public(monkeypatch)
    monkeypatch.setattr(safe_fetch, "PORTS", None)
    monkeypatch.setattr(web_pages, "PORTS", None)
    site.target = inside
    fetch, pages = SafeFetch(), WebPages()
    try:
        with pytest.raises(MynaError) as refused:
            await (fetch.get if surface == "sources" else pages.page)(f"http://127.0.0.1:{site.port}/moved")
    finally:
        await fetch.close()
        await pages.close()
    assert refused.value.code == "private_address" or "broken" in inside
    assert [path for _, path in site.asked] == ["/moved"]


async def test_webhooks_follow_no_redirect(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    this_machine_counts_as_public(monkeypatch)
    site.target = f"http://127.0.0.1:{site.port}/elsewhere"
    egress = GuardedEgress(allow_private=False)
    try:
        answer = await egress.post(f"http://127.0.0.1:{site.port}/moved", b"{}", {}, 5.0)
    finally:
        await egress.close()
    assert answer.status == 302
    assert [path for _, path in site.asked] == ["/moved"]


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "nonsense", "http://", ""),
        *(
            "http://[broken/",
            "http://user:secret@example.org/",
            "http://example.org:99999/",
            "http://a\x00b/",
        ),
    ],
)
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        await PublicWeb().target(url)
    assert refused.value.code == "bad_address"


async def test_only_the_ports_of_a_surface_are_asked() -> None:
    with pytest.raises(AddressRefused) as refused:
        await PublicWeb(ports=frozenset({80, 443})).target("http://1.1.1.1:22/")
    assert refused.value.code == "private_address"


async def test_an_address_in_version_6_and_a_name_in_other_letters_are_asked_as_they_must_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = await PublicWeb().target("https://[2606:4700:4700::1111]:8443/a?b=c")
    assert str(target.url) == "https://[2606:4700:4700::1111]:8443/a?b=c"
    assert target.headers["Host"] == "[2606:4700:4700::1111]:8443"
    asked = resolving(monkeypatch, ["1.1.1.1"])
    target = await PublicWeb().target("https://bücher.example/")
    assert asked == ["xn--bcher-kva.example"]
    assert target.extensions["sni_hostname"] == "xn--bcher-kva.example"
    assert str(target.url) == "https://1.1.1.1/"
