"""Exports and link previews over the routes."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from myna.adapters.web_pages import WebPages
from myna.errors import MynaError
from myna.log.writes import Join
from myna.messages.previews import Previews, preview_of
from myna.model.conversation import MemberRole
from myna.ports.content import WebPage
from support.api_world import ANN, BOB, EVE, GROUP, OPA, VIC, World
from support.planning import SUPPORT

HERE = f"/conversations/{GROUP}"


async def exported(app: World, who: int, conversation: int, status: int = 200) -> list[dict[str, Any]]:
    app.who = who
    answer = await app.http.get(f"/conversations/{conversation}/export")
    assert answer.status_code == status, answer.text
    return [json.loads(line) for line in answer.text.splitlines()] if status == 200 else []


async def test_an_export_has_everything_from_the_floor_on(app: World) -> None:
    for place in range(450):
        await app.services.committer.write(_say(place))
    lines = await exported(app, ANN, GROUP)
    assert lines[0]["conversation"]["title"] == "Team"
    assert [each["member"]["user"]["id"] for each in lines if "member" in each] == [str(ANN), str(BOB)]
    assert [each["message"]["seq"] for each in lines if "message" in each] == list(range(1, 451))
    await app.write(Join(GROUP, EVE, MemberRole.ADMIN, {}, history="last:3"))
    seen = [each["message"]["seq"] for each in await exported(app, EVE, GROUP) if "message" in each]
    assert seen == [448, 449, 450]


def _say(place: int) -> Any:
    from support.planning import say

    return say(GROUP, ANN, str(place))


async def test_who_may_not_export_gets_nothing(app: World) -> None:
    await exported(app, BOB, GROUP, 403)
    await exported(app, EVE, GROUP, 404)
    await app.say(VIC, SUPPORT, "1")
    assert len(await exported(app, OPA, SUPPORT)) > 1
    await exported(app, VIC, SUPPORT, 403)


PAGE = (
    "<html><head><title>A &amp; B</title><meta name='description' content='what  it is'>"
    "<meta property='og:site_name' content='Site'></head><body><title>no</title></body></html>"
)


class Site(BaseHTTPRequestHandler):
    """A small web site."""

    def do_GET(self) -> None:
        status, headers, body = {
            "/page": (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.encode()),
            "/moved": (302, {"Location": "/page"}, b""),
            "/loop": (302, {"Location": "/loop"}, b""),
            "/inside": (302, {"Location": "file:///etc/passwd"}, b""),
            "/picture": (200, {"Content-Type": "image/png"}, b"x"),
            "/empty": (200, {"Content-Type": "text/html"}, b"<p>nothing</p>"),
            "/large": (200, {"Content-Type": "text/html"}, PAGE.encode() + b"x" * 2_000_000),
        }.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_preview_says_what_a_page_says_of_itself(site: str) -> None:
    pages = WebPages(allow_private=True)
    previews = Previews(pages)
    try:
        for path in ("page", "moved", "large"):
            made = await previews.preview(f"{site}/{path}")
            assert (made["title"], made["description"], made["site"]) == ("A & B", "what it is", "Site"), path
        assert await previews.preview(f"{site}/page") is await previews.preview(f"{site}/page")
        for path in ("loop", "inside", "picture", "empty", "missing"):
            with pytest.raises(MynaError) as refused:
                await previews.preview(f"{site}/{path}")
            assert refused.value.status in {400, 404}, path
    finally:
        await pages.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://0/",
        "http://example.org:22/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://user:secret@example.org/",
        "http://",
        "nonsense",
        "http://[bad/",
    ],
)
async def test_nothing_but_the_public_web_is_asked(url: str) -> None:
    pages = WebPages()
    try:
        with pytest.raises(MynaError) as refused:
            async with asyncio.timeout(60):
                await Previews(pages).preview(url)
        assert refused.value.status == 400
    finally:
        await pages.close()


async def test_the_route_refuses_private_addresses_and_bounds_its_use(app: World) -> None:
    answer = await app.ask(ANN, "GET", "/link-preview", 400, params={"url": "http://127.0.0.1/"})
    assert answer["code"] == "private_address"
    for _ in range(29):
        await app.ask(BOB, "GET", "/link-preview", 400, params={"url": "http://127.0.0.1/"})
    await app.ask(BOB, "GET", "/link-preview", 400, params={"url": "http://127.0.0.1/"})
    await app.ask(BOB, "GET", "/link-preview", 429, params={"url": "http://127.0.0.1/"})


def test_markup_in_a_title_stays_text() -> None:
    page = WebPage("http://x.example/", "<title>&lt;script&gt; x</title>")
    assert preview_of(page)["title"] == "<script> x"
