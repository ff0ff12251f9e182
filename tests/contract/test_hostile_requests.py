"""Requests that mean harm in ways that no other test tries: each is refused or bounded, and leaves nothing behind."""

import asyncio
import io
import logging
import re
import zipfile
from collections.abc import AsyncIterator

import httpx
import pytest

from myna.api.principal import principal
from myna.identity.passwords import hash_password
from myna.intrusion.probes import is_probe
from myna.model.identity import Device
from myna.personal_data import personal_data
from myna_knowledge.care.masking import masked
from myna_knowledge.formats.archive import checked_archive
from myna_knowledge.formats.blocks import Unreadable
from myna_web.pages import mount
from support.api_world import ANN, EVE, GROUP, World

PASSWORD = "correct horse battery"
EVIL = "https://evil.example"


@pytest.fixture
async def site(app: World) -> AsyncIterator[httpx.AsyncClient]:
    """The server with its pages, from outside."""

    async def nobody(_: str) -> list[str]:
        return []

    app.application.dependency_overrides.pop(principal)
    mount(app.application, frame_ancestors=nobody)
    await app.services.accounts.set_password(ANN, await hash_password(PASSWORD))
    transport = httpx.ASGITransport(app.application, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://myna") as http:
        yield http


async def test_no_answer_sets_a_cookie_and_a_cookie_signs_nobody_in(
    app: World, site: httpx.AsyncClient
) -> None:
    """Forged requests of other sites (CSRF) have a browser's cookies at most, and those mean nothing here."""
    asked = {"handle": "ann", "password": PASSWORD}
    signed = await site.post("/v1/auth/sign-in", json=asked)
    assert signed.status_code == 200
    assert "set-cookie" not in signed.headers
    token = signed.json()["access_token"]
    for cookie in (f"access_token={token}", f"Authorization=Bearer {token}", f"session={token}"):
        forged = await site.post(
            f"/v1/conversations/{GROUP}/messages",
            json={"body": {"text": "forged"}},
            headers={"Cookie": cookie, "Origin": EVIL, "Idempotency-Key": "forged"},
        )
        assert forged.status_code == 401
    for path in ("/", "/dashboard/", "/widget.js", "/openapi.json"):
        assert "set-cookie" not in (await site.get(path)).headers


async def test_no_route_takes_what_a_browser_adds_by_itself(app: World, site: httpx.AsyncClient) -> None:
    """Neither cookies nor a browser's own HTTP authentication; the routes say so themselves, and one is asked."""
    told = app.application.openapi()
    asked = [
        (path, method, parameter["in"])
        for path, methods in told["paths"].items()
        for method, route in methods.items()
        for parameter in route.get("parameters", [])
    ]
    assert len(asked) > 100
    assert [each for each in asked if each[2] == "cookie"] == []
    schemes = told.get("components", {}).get("securitySchemes", {}).values()
    assert [each for each in schemes if each.get("in") == "cookie" or each.get("scheme") == "basic"] == []
    answer = await site.get("/v1/me", auth=("ann", PASSWORD))
    assert answer.status_code == 401
    assert "basic" not in answer.headers["www-authenticate"].lower()


async def test_other_origins_may_not_read_answers(site: httpx.AsyncClient) -> None:
    for path in ("/v1/me", "/v1/inboxes/demo", "/health/ready", "/openapi.json", "/dashboard/"):
        plain = await site.get(path, headers={"Origin": EVIL})
        ahead = await site.options(path, headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
        for answer in (plain, ahead):
            assert "access-control-allow-origin" not in answer.headers
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/dashboard",
        "/dashboard?next=https://evil.example",
        "/\\evil.example",
        "/dashboard/..//evil.example",
        "/%2f%2fevil.example",
    ],
)
async def test_nobody_is_sent_to_another_site(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.get(httpx.URL("http://myna").copy_with(raw_path=path.encode()))
    told = answer.headers.get("location", "")
    assert not re.match(r"(https?:)?[/\\]{2}(?!myna/)", told), told
    assert "evil" not in told.partition("?")[0]


async def test_a_sign_in_begins_anew_whatever_was_brought_along(app: World, site: httpx.AsyncClient) -> None:
    """Session fixation: an attacker's own sign-in, planted in a victim's browser, does not become the victim's."""
    eve = await app.services.accounts.user(EVE)
    assert eve is not None
    planted = await app.services.sign_ins.begin(eve, Device("planted", "203.0.113.66"))
    asked = {"handle": "ann", "password": PASSWORD, "refresh_token": planted.refresh, "sign_in": "1"}
    signed = await site.post(
        "/v1/auth/sign-in", json=asked, headers={"Authorization": f"Bearer {planted.access}"}
    )
    mine, theirs = (
        app.services.tokens.check(each) for each in (signed.json()["access_token"], planted.access)
    )
    assert (mine.user, theirs.user) == (ANN, EVE)
    assert mine.sign_in != theirs.sign_in
    assert signed.json()["refresh_token"] != planted.refresh
    renewed = await site.post("/v1/auth/refresh", json={"refresh_token": planted.refresh})
    assert renewed.json()["user"]["id"] == str(EVE)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../pyproject.toml",
        "/assets/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/assets/..%5c..%5cpages.py",
        "/assets/%2fetc%2fpasswd",
        "/v1/files/..%2f..%2fsecret.key",
        "/v1/files/1/../../secret.key",
        "/%2e%2e/secret.key",
    ],
)
async def test_no_path_leads_out(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.get(httpx.URL("http://myna").copy_with(raw_path=path.encode()))
    assert answer.status_code in {400, 401, 403, 404}
    assert b"[project]" not in answer.content
    assert b"root:" not in answer.content


QUOTES = [
    "' OR '1'='1",
    "1; DROP TABLE message; --",
    "') UNION SELECT password FROM users --",
    "%' AND 1=1 --",
    "back\\slash",
]


async def test_quotes_in_parameters_reach_the_database_as_words(app: World) -> None:
    for probe in QUOTES:
        found = await app.ask(ANN, "GET", "/search", params={"q": probe})
        assert "password" not in str(found)
        await app.ask(ANN, "GET", "/users", params={"search": probe})
        await app.say(ANN, GROUP, probe[:60] or "x", probe)
    shown = [each["body"]["text"] for each in (await app.messages(ANN, GROUP))["messages"]]
    assert shown == QUOTES
    assert (await app.ask(ANN, "GET", "/me"))["user"]["name"] == "Ann"


async def test_nothing_of_a_request_ends_a_line_of_a_header_or_of_the_log(
    app: World, site: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "x\r\nSet-Cookie: a=b\r\n2026-11-26 WARNING myna.intrusion: intrusion kind=forged"
    with caplog.at_level(logging.DEBUG):
        answers = [
            await site.post("/v1/auth/sign-in", json={"handle": forged[:60], "password": forged}),
            await site.get(f"/v1/inboxes/{httpx.QueryParams({'a': forged})}"),
            await site.get("/v1/me", headers={"User-Agent": "a\tb", "X-Forwarded-For": "1.2.3.4"}),
        ]
    assert all("set-cookie" not in each.headers for each in answers)
    assert all(each.status_code in {400, 401, 403, 404} for each in answers)
    assert not [each for each in caplog.records if each.name.startswith("myna") and "\n" in each.getMessage()]


HANGS = [
    "a" * 50_000 + "!",
    "(" * 20_000,
    "[" * 20_000,
    "*a" * 20_000,
    "`" * 30_001,
    "http://" + "a." * 20_000,
    "1-" * 20_000,
    "@" * 40_000,
    "\u202e" * 20_000,
    "x" + " \t" * 20_000,
]


async def test_no_text_keeps_a_pattern_busy(app: World) -> None:
    """Texts on which patterns with nested repeats would run for years (ReDoS); the time limit only ends a hang."""
    async with asyncio.timeout(120):
        for number, text in enumerate(HANGS):
            is_probe("/" + text, text.encode("utf-8", "replace"))
            personal_data(text)
            masked(text)
            app.who = ANN
            found = await app.http.get("/search", params={"q": text[:500]})
            assert found.status_code in {200, 400}
            await app.say(ANN, GROUP, f"hang {number}", text[:8000])


def test_a_document_that_unpacks_to_gigabytes_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 210_000_000)
    assert len(packed.getvalue()) < 1_000_000
    with pytest.raises(Unreadable):
        checked_archive(packed.getvalue(), "word/document.xml")
