"""What attackers try besides: races for what works once, wrong types, fields that nobody asked for, names that look alike."""

import asyncio
import itertools
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP

from myna.identity import passwords
from myna_web.pages import mount
from support.api_world import ANN, GROUP, OTTO, World
from support.identity_house import PASSWORD, House, house_of


@pytest.fixture
async def house(app: World) -> House:
    return await house_of(app)


async def with_factor(house: House) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the owner's second factor."""
    token = await house.token("otto")
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    code = TOTP(begun["secret"]).now()
    on = await house.ask(token, "POST", "/account/second-factor/confirm", 200, {"code": code})
    return str(begun["secret"]), list(on["recovery_codes"])


async def at_once(house: House, path: str, asked: list[dict[str, Any]]) -> list[int]:
    """The statuses of requests that are sent at the same moment."""
    answers = await asyncio.gather(*(house.http.post(path, json=each) for each in asked))
    return sorted(each.status_code for each in answers)


async def test_a_recovery_code_that_comes_many_times_at_once_works_once(house: House) -> None:
    _, codes = await with_factor(house)
    asked = {"handle": "otto", "password": PASSWORD, "code": codes[0]}
    assert await at_once(house, "/auth/sign-in", [asked] * 6) == [200, *[401] * 5]
    assert await at_once(house, "/auth/sign-in", [asked | {"code": codes[1]}]) == [200]


async def test_a_refresh_token_that_comes_many_times_at_once_ends_the_sign_in(house: House) -> None:
    begun = await house.sign_in("ann")
    asked = {"refresh_token": begun["refresh_token"]}
    statuses = await at_once(house, "/auth/refresh", [asked] * 4)
    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 401}
    refused = await house.ask(begun["access_token"], "GET", "/me", 401)
    assert refused["code"] == "signed_out"


NO_WORDS: list[Any] = [
    None,
    1,
    True,
    ["otto"],
    {"$ne": ""},
    {"$gt": ""},
    [],
    "",
    "\u0000",
    "otto\u0000",
    "' OR 1=1 --",
]


async def test_a_value_of_another_type_signs_nobody_in(house: House) -> None:
    await with_factor(house)
    for field, value in itertools.product(("handle", "password", "code", "passkey", "proof"), NO_WORDS):
        asked = {"handle": "otto", "password": PASSWORD, field: value}
        answer = await house.http.post("/auth/sign-in", json=asked)
        assert answer.status_code in {400, 401}, f"{value!r}: {answer.text}"
    for raw in (
        b"[]",
        b'"otto"',
        b"null",
        b"{",
        b"NaN",
        b'{"handle": "otto", "handle": ["otto"]}',
        b"\xff\xfe",
    ):
        answer = await house.http.post(
            "/auth/sign-in", content=raw, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, raw


async def test_fields_that_nobody_asked_for_change_nothing(house: House) -> None:
    """Mass assignment: what a client adds to its JSON never becomes a column."""
    owner, ann = await house.token("otto"), await house.token("ann")
    more = {
        "role": "owner",
        "id": "1",
        "workspace": "99",
        "kind": "bot",
        "verbs": ["administer"],
        "sender": str(OTTO),
    }
    made = await house.ask(owner, "POST", "/admin/invitations", 201, {"name": "Mia", "role": "analyst"})
    comes = {"token": made["token"], "handle": "mia", "password": "a fresh password", **more}
    come = await house.ask(None, "POST", "/auth/invitations/accept", 201, comes)
    assert come["role"] == "analyst"
    before = await house.ask(ann, "GET", "/me")
    changed = await house.http.patch(
        "/account", json={"name": "Ann", **more}, headers={"Authorization": f"Bearer {ann}"}
    )
    assert changed.status_code in {200, 204, 400}
    after = await house.ask(ann, "GET", "/me")
    assert (after["role"], after["verbs"], after["workspace"]) == (
        before["role"], before["verbs"], before["workspace"],
    )  # fmt: skip
    said = {"body": {"text": "from me"}, **more, "state": "recalled", "seq": 999}
    await house.ask(ann, "POST", f"/conversations/{GROUP}/messages", 201, said, **{"Idempotency-Key": "more"})
    (message,) = (await house.ask(ann, "GET", f"/conversations/{GROUP}/messages"))["messages"]
    assert (message["sender"], message["seq"], message["state"]) == (str(ANN), 1, "sent")


ALIKE = [
    "OTTO",
    "Otto",
    "otto ",
    " otto",
    "\uff4f\uff54\uff54\uff4f",
    "otto\u200b",
    "\u043ett\u043e",
    "o\u0074\u0308to",
    "otto\u202e",
]


async def test_names_that_look_alike_are_others_and_cannot_be_taken(house: House) -> None:
    owner = await house.token("otto")
    for handle in ALIKE:
        refused = await house.sign_in(handle, status=401)
        assert refused["code"] == "bad_credentials"
        made = await house.ask(owner, "POST", "/admin/invitations", 201, {"name": "Mia"})
        comes = {"token": made["token"], "handle": handle, "password": "a fresh password"}
        await house.ask(None, "POST", "/auth/invitations/accept", 400, comes)
        await house.ask(owner, "DELETE", f"/admin/invitations/{made['id']}", 204)


async def test_a_handle_of_another_workspace_is_not_taken_from_whoever_signs_in_with_it(house: House) -> None:
    owner = await house.token("otto")
    made = await house.ask(owner, "POST", "/admin/invitations", 201, {"name": "Zoe the second"})
    comes = {"token": made["token"], "handle": "zoe", "password": "a fresh password"}
    assert (await house.ask(None, "POST", "/auth/invitations/accept", 409, comes))["code"] == "handle_taken"
    assert (await house.sign_in("zoe"))["user"]["name"] == "Zoe"


async def test_a_handle_that_nobody_has_costs_as_much_as_a_wrong_password(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is counted, not the time itself."""
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Counted:
        """Remembers what it was given."""

        def verify(self, hashed: str, password: str) -> bool:
            """As the library does."""
            checked.append(hashed.split("$")[3])
            return verify(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Counted())
    answers = [await house.sign_in(handle, "wrong", 401) for handle in ("otto", "nobody", "no\nbody")]
    assert len(checked) == 3
    assert len(set(checked)) == 1
    assert answers[0] == answers[1] == answers[2]


async def test_no_page_and_no_answer_repeats_what_a_request_says_of_its_host(app: World) -> None:
    """Poisoned caches and links: neither Host nor what proxies add makes an address in an answer."""
    mount(app.application, frame_ancestors=lambda _: asyncio.sleep(0, []))
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "X-Original-URL": "/evil.example",
        "X-Rewrite-URL": "/evil.example",
        "Forwarded": "host=evil.example",
    }
    transport = httpx.ASGITransport(app.application, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://myna") as http:
        for path in (
            "/",
            "/dashboard/",
            "/widget.js",
            "/demo",
            "/docs",
            "/openapi.json",
            "/v1/inboxes/demo",
            "/dashboard",
        ):
            answer = await http.get(path, headers=evil)
            assert "evil.example" not in answer.text, path
            assert "evil.example" not in answer.headers.get("location", ""), path
            assert answer.status_code < 500
        described = (await http.get("/.well-known/oauth-authorization-server", headers=evil)).text
        assert "evil.example" not in described
