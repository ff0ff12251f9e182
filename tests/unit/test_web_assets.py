"""What the committed web assets weigh and promise, and how they are served."""

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from myna_web.assets import assets
from myna_web.pages import frame_ancestors_value, routes

WEB = Path(__file__).parents[2] / "web"
STATIC = WEB / "myna_web" / "static"
SOURCES = sorted(path for path in (WEB / "src").rglob("*") if path.suffix in {".ts", ".tsx"})
SHOP = "https://shop.example"


async def ancestors(inbox: str) -> Sequence[str]:
    return {"shop": [SHOP], "open": ["*"]}.get(inbox, [])


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes(ancestors)))


def gzipped(pattern: str) -> int:
    found = sorted(STATIC.glob(pattern))
    assert found, f"nothing built matches {pattern}: run npm run build in web/"
    return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in found)


def test_the_loader_weighs_at_most_4_kb() -> None:
    assert gzipped("widget.js") <= 4_000


OPENING = ["frame.html", "assets/frame-*.js", "assets/frame-*.css"]


LANGS = ["en", "zh", "hant"]


@pytest.mark.parametrize("lang", LANGS)
def test_opening_the_chat_loads_at_most_14_kb(lang: str) -> None:
    assert sum(gzipped(pattern) for pattern in [*OPENING, f"assets/frame.widget.{lang}-*.js"]) <= 14_000


@pytest.mark.parametrize("lang", LANGS)
def test_the_chat_with_everything_weighs_at_most_20_kb(lang: str) -> None:
    others = sum(gzipped(f"assets/frame.widget.{other}-*.js") for other in LANGS if other != lang)
    # What only an address under attack loads is weighed by itself.
    rare = others + gzipped("assets/frame.proof-*.js")
    everything = gzipped("frame.html") + gzipped("assets/frame*") - rare
    assert everything <= 20_000


def test_the_proof_of_work_of_a_noisy_address_weighs_at_most_1_kb() -> None:
    assert gzipped("assets/frame.proof-*.js") <= 1_000


@pytest.mark.parametrize(("words", "bound"), [(0, 70_000), (1, 85_000)], ids=["english", "chinese"])
def test_the_inbox_stands_after_at_most_70_kb_and_15_of_chinese_words(words: int, bound: int) -> None:
    opening = ["dashboard.html", "assets/dashboard-*.js", "assets/dashboard-*.css"]
    chinese = ["assets/dashboard.dashboard.zh-*.js"] * words
    assert sum(gzipped(pattern) for pattern in opening + chinese) <= bound


def test_the_dashboard_with_every_screen_weighs_at_most_125_kb() -> None:
    assert gzipped("assets/dashboard*") <= 125_000


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_parses_text_as_markup_or_code(path: Path) -> None:
    forbidden = r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval|srcdoc)\b|new Function\b"
    assert re.findall(forbidden, path.read_text("utf-8")) == []


def test_messages_between_windows_never_go_to_any_origin() -> None:
    for path in SOURCES:
        assert not re.search(r"postMessage\([^)]*['\"]\*['\"]", path.read_text("utf-8")), path.name


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.html")))
def test_built_pages_hold_no_inline_code_or_style(name: str) -> None:
    html = (STATIC / name).read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert not re.search(r"(src|href)=\"(https?:)?//", html)


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.html")))
def test_every_file_that_a_page_names_is_shipped(name: str) -> None:
    for address in re.findall(r"(?:src|href)=\"/([^\"]+)\"", (STATIC / name).read_text("utf-8")):
        assert address in assets()


CATALOGUES = sorted(path for path in (WEB / "src/i18n").glob("*.json") if ".en." not in path.name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_every_language_says_the_same_things(path: Path) -> None:
    page = path.name.split(".")[0]
    english = json.loads(path.with_name(f"{page}.en.json").read_text("utf-8"))
    chinese = json.loads(path.read_text("utf-8"))
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert text.strip(), key
        assert chinese[key].strip(), key
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_every_word_that_a_page_asks_for_is_in_a_catalogue() -> None:
    known = {
        key for path in (WEB / "src/i18n").glob("*.en.json") for key in json.loads(path.read_text("utf-8"))
    }
    for path in SOURCES:
        for key in re.findall(r"\bt\(\"([\w.]+)\"", path.read_text("utf-8")):
            assert key in known, f"{path.name}: {key}"


def test_the_lock_records_no_download_addresses() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


@pytest.mark.parametrize("path", ["/", "/demo", "/dashboard/", "/docs", "/widget/frame?inbox=shop"])
def test_every_page_allows_code_and_styles_only_from_this_server(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/demo", "/dashboard/", "/docs"])
def test_pages_of_people_who_are_signed_in_cannot_be_framed(client: TestClient, path: str) -> None:
    assert "frame-ancestors 'none'" in client.get(path).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("inbox", "allowed"), [("shop", f"'self' {SHOP}"), ("open", "*"), ("unknown", "'self'"), ("", "'self'")]
)
def test_the_chat_is_framed_only_by_the_sites_of_its_inbox(
    client: TestClient, inbox: str, allowed: str
) -> None:
    policy = client.get("/widget/frame", params={"inbox": inbox}).headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors {allowed}")


@pytest.mark.parametrize(
    "evil", ["https://a.example; script-src *", "javascript:alert(1)", "'unsafe-inline'", "https://a b"]
)
def test_an_origin_cannot_smuggle_in_another_directive(evil: str) -> None:
    assert frame_ancestors_value([evil, SHOP]) == f"'self' {SHOP}"


def test_hashed_files_are_kept_for_ever_and_pages_are_asked_for_again(client: TestClient) -> None:
    name = next(name for name in assets() if name.startswith("assets/frame-") and name.endswith(".js"))
    assert "immutable" in client.get(f"/{name}").headers["cache-control"]
    assert client.get("/dashboard/").headers["cache-control"] == "no-cache"
    assert "immutable" not in client.get("/widget.js").headers["cache-control"]


def test_a_file_that_did_not_change_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/widget.js")
    again = client.get("/widget.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_browsers_get_compressed_files_and_others_get_plain_ones(client: TestClient) -> None:
    packed = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == (STATIC / "widget.js").read_bytes()


@pytest.mark.parametrize("name", ["../pages.py", "..%2f..%2fpages.py", "nothing.js"])
def test_only_built_files_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_the_loader_may_be_used_by_every_site(client: TestClient) -> None:
    response = client.get("/widget.js")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["content-type"].startswith("text/javascript")


def test_browsers_that_ask_for_an_icon_get_one(client: TestClient) -> None:
    response = client.get("/favicon.ico")
    assert (response.status_code, response.headers["content-type"]) == (200, "image/svg+xml")


def test_the_dashboard_is_found_without_its_slash(client: TestClient) -> None:
    response = client.get("/dashboard", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, "/dashboard/")
