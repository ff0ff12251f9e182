"""Signing in through a real OpenID Connect provider (oidc-provider), on both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp.totp import TOTP

from support.api_world import OPA, OTTO, world
from support.identity_house import PASSWORD, House, house_of
from support.openid import OpenIdServer, openid_server

pytestmark = pytest.mark.needs("openid-provider")


@pytest.fixture(scope="module")
def openid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdServer]:
    with openid_server(tmp_path_factory.mktemp("openid")) as server:
        yield server


@pytest.fixture
async def house(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async with world(database_url, tmp_path, private_providers=True) as app:
        yield await house_of(app)


async def provider_of(house: House, openid: OpenIdServer, **rules: Any) -> str:
    """A provider of the shop that is registered there; its id."""
    owner = await house.token("otto")
    asked = {"name": "Company", "issuer": openid.issuer, "client_id": "later"}
    made = await house.ask(owner, "POST", "/admin/providers", 201, asked)
    client = openid.register(made["redirect_uri"])
    await house.ask(owner, "PATCH", f"/admin/providers/{made['id']}", 200, {**client, **rules})
    return str(made["id"])


async def came_back(house: House, openid: OpenIdServer, provider: str, login: str | None) -> tuple[str, str]:
    """What the page gets of somebody who signed in at the provider, and the binding that their browser kept."""
    begun = await house.ask(None, "POST", f"/auth/providers/{provider}/begin")
    query = parse_qs(urlsplit(begun["url"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"]
    assert query["state"]
    back = openid.sign_in(begun["url"], login)
    return await answer(house, back), begun["binding"]


async def answer(house: House, back: str) -> str:
    """Where the callback leads."""
    parts = urlsplit(back)
    got = await house.http.get(f"{parts.path.removeprefix('/v1')}?{parts.query}")
    assert got.status_code == 303
    assert "set-cookie" not in got.headers
    where = str(got.headers["location"])
    assert where.startswith("http://127.0.0.1:8000/dashboard/#/arrive")
    return where.partition("#/")[2]


async def comes_in(house: House, arrival: str, binding: str, status: int = 200, **more: Any) -> Any:
    asked = {"arrival": arrival.removeprefix("arrive/"), "binding": binding, **more}
    return await house.ask(None, "POST", "/auth/arrive", status, asked)


async def test_somebody_new_gets_a_role_of_the_workspaces_own(house: House, openid: OpenIdServer) -> None:
    owner = await house.token("otto")
    made = await house.ask(owner, "POST", "/admin/roles", 201, {"name": "R", "verbs": ["see_knowledge"]})
    path, wrong = "/admin/providers", {"role": "custom", "custom_role": "12345"}
    provider = await provider_of(house, openid, creates=True, role="custom", custom_role=made["id"])
    assert (await house.ask(owner, "PATCH", f"{path}/{provider}", 404, wrong))["code"] == "no_role"
    (shown,) = (await house.ask(owner, "GET", path))["providers"]
    assert (shown["role"], shown["custom_role"]) == ("custom", made["id"])
    refused = await house.ask(owner, "DELETE", f"/admin/roles/{made['id']}", 409)
    assert refused["code"] == "role_in_use"
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    me = await house.ask(come["access_token"], "GET", "/me")
    assert (me["role"], me["verbs"]) == ("custom", ["see_knowledge"])
    changed = await house.ask(owner, "PATCH", f"{path}/{provider}", 200, {"role": "analyst"})
    assert (changed["role"], changed["custom_role"]) == ("analyst", None)


async def test_somebody_new_becomes_a_person_where_that_is_allowed(
    house: House, openid: OpenIdServer
) -> None:
    provider = await provider_of(house, openid, creates=True, role="analyst", domains=["example.org"])
    shown = (await house.ask(None, "GET", "/auth/providers"))["providers"]
    assert shown == [{"id": provider, "name": "Company"}]
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    assert (come["user"]["name"], come["role"]) == ("Mia", "analyst")
    mine = await house.ask(come["access_token"], "GET", "/account")
    assert (mine["user"]["handle"], mine["password"]) == ("mia", False)
    again = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    assert again["user"]["id"] == come["user"]["id"]
    people = (await house.ask(await house.token("otto"), "GET", "/admin/people"))["people"]
    assert [each["email"] for each in people if each["handle"] == "mia"] == ["mia@example.org"]
    other = await came_back(house, openid, provider, "farid")
    assert (await comes_in(house, *other, status=401))["code"] == "email_unverified"
    unverified = await came_back(house, openid, provider, "una")
    assert (await comes_in(house, *unverified, status=401))["code"] == "email_unverified"


async def test_a_taken_handle_gets_a_number(house: House, openid: OpenIdServer) -> None:
    provider = await provider_of(house, openid, creates=True)
    come = await comes_in(house, *await came_back(house, openid, provider, "opa"))
    mine = await house.ask(come["access_token"], "GET", "/account")
    assert (mine["user"]["handle"], mine["role"]) == ("opa-2", None)


async def test_strangers_stay_out_and_who_cancels_hears_it(house: House, openid: OpenIdServer) -> None:
    provider = await provider_of(house, openid)
    arrival, binding = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, arrival, binding, 401))["code"] == "no_account"
    assert (await came_back(house, openid, provider, None))[0] == "arrive-failed/provider_refused"


async def test_a_verified_address_leads_to_whom_administrators_gave_it(
    house: House, openid: OpenIdServer
) -> None:
    provider = await provider_of(house, openid, creates=True)
    owner = await house.token("otto")
    path = f"/admin/people/{OPA}"
    assert (await house.ask(owner, "PATCH", path, 200, {"email": "Mia@Example.org"}))["email"] == (
        "mia@example.org"
    )
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    assert come["user"]["id"] == str(OPA)
    await house.ask(owner, "PATCH", path, 200, {"email": "una@example.org"})
    unverified = await comes_in(house, *await came_back(house, openid, provider, "una"))
    assert unverified["user"]["id"] != str(OPA), "whoever signs up there with that address is not Opa"


async def test_no_address_leads_to_an_owner(house: House, openid: OpenIdServer) -> None:
    provider = await provider_of(house, openid)
    owner = await house.token("otto")
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"role": "owner"})
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"email": "mia@example.org"})
    came = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, *came, status=401))["code"] == "no_account"


async def test_who_was_invited_by_address_comes_in_as_invited(house: House, openid: OpenIdServer) -> None:
    provider, owner = await provider_of(house, openid), await house.token("otto")
    asked = {"name": "Mia", "role": "operator", "email": "mia@example.org"}
    made = await house.ask(owner, "POST", "/admin/invitations", 201, asked)
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    assert come["role"] == "operator"
    await house.ask(None, "POST", "/auth/invitations/look", 404, {"token": made["token"]})


async def test_what_came_back_is_worth_nothing_in_another_browser_nor_twice(
    house: House, openid: OpenIdServer
) -> None:
    provider = await provider_of(house, openid, creates=True)
    arrival, binding = await came_back(house, openid, provider, "mia")
    _, elsewhere = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, arrival, elsewhere, 401))["code"] == "attempt_over"
    await comes_in(house, arrival, binding)
    assert (await comes_in(house, arrival, binding, 401))["code"] == "attempt_over"


async def test_an_answer_that_was_not_asked_for_is_refused(house: House, openid: OpenIdServer) -> None:
    provider = await provider_of(house, openid, creates=True)
    begun = await house.ask(None, "POST", f"/auth/providers/{provider}/begin")
    back = openid.sign_in(begun["url"], "mia")
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert await answer(house, back.replace(state, "x" * 43)) == "arrive-failed/attempt_over"
    # Another provider's answer (mix-up): the issuer that it names is not this one's.
    assert "iss=" in back
    mixed = back.replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2Felsewhere.example")
    assert await answer(house, mixed) == "arrive-failed/provider_failed"
    assert await answer(house, back) == "arrive-failed/attempt_over", "each answer is looked at once"


async def test_a_wrong_code_and_a_wrong_secret_are_refused(house: House, openid: OpenIdServer) -> None:
    provider, owner = await provider_of(house, openid, creates=True), await house.token("otto")
    begun = await house.ask(None, "POST", f"/auth/providers/{provider}/begin")
    back = openid.sign_in(begun["url"], "mia")
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert await answer(house, back.replace(code, "z" * len(code))) == "arrive-failed/provider_failed"
    wrong = {"client_secret": "not it"}
    changed = await house.ask(owner, "PATCH", f"/admin/providers/{provider}", 200, wrong)
    assert changed["has_secret"]
    assert "not it" not in str(changed)
    assert (await came_back(house, openid, provider, "mia"))[0] == "arrive-failed/provider_failed"


async def test_a_second_factor_here_is_asked_for_after_the_provider_too(
    house: House, openid: OpenIdServer
) -> None:
    provider, owner = await provider_of(house, openid), await house.token("otto")
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"email": "mia@example.org"})
    token = await house.token("opa")
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    code = {"code": TOTP(begun["secret"]).now()}
    codes = (await house.ask(token, "POST", "/account/second-factor/confirm", 200, code))["recovery_codes"]
    came = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, *came, status=401))["code"] == "second_factor_needed"
    assert (await comes_in(house, *came, status=401, code="000000"))["code"] == "code_wrong"
    assert (await comes_in(house, *came, code=codes[0]))["user"]["id"] == str(OPA)


async def test_a_person_links_and_unlinks_an_account(house: House, openid: OpenIdServer) -> None:
    provider, token = await provider_of(house, openid), await house.token("opa")
    arrival, binding = await came_back(house, openid, provider, "mia")
    asked = {"arrival": arrival.removeprefix("arrive/"), "binding": binding}
    made = await house.ask(token, "POST", "/account/providers", 201, asked)
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    assert come["user"]["id"] == str(OPA)
    arrival, binding = await came_back(house, openid, provider, "mia")
    asked = {"arrival": arrival.removeprefix("arrive/"), "binding": binding}
    taken = await house.ask(await house.token("ann"), "POST", "/account/providers", 409, asked)
    assert taken["code"] == "already_linked"
    (listed,) = (await house.ask(token, "GET", "/account/providers"))["linked"]
    assert (listed["id"], listed["email"]) == (made["id"], "mia@example.org")
    await house.ask(await house.token("ann"), "DELETE", f"/account/providers/{made['id']}", 404)
    await house.ask(token, "DELETE", f"/account/providers/{made['id']}", 204)
    came = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, *came, status=401))["code"] == "no_account"


async def test_the_last_way_in_stays_and_a_fresh_sign_in_stands_for_a_password(
    house: House, openid: OpenIdServer
) -> None:
    provider = await provider_of(house, openid, creates=True)
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    token = come["access_token"]
    (listed,) = (await house.ask(token, "GET", "/account/providers"))["linked"]
    kept = await house.ask(token, "DELETE", f"/account/providers/{listed['id']}", 409)
    assert kept["code"] == "last_way_in"
    await house.ask(token, "POST", "/account/second-factor", 201, {"password": ""})
    await house.ask(await house.token("opa"), "POST", "/account/second-factor", 401, {"password": ""})


async def test_who_was_deactivated_stays_out(house: House, openid: OpenIdServer) -> None:
    provider, owner = await provider_of(house, openid, creates=True), await house.token("otto")
    come = await comes_in(house, *await came_back(house, openid, provider, "mia"))
    await house.ask(owner, "PATCH", f"/admin/people/{come['user']['id']}", 200, {"active": False})
    came = await came_back(house, openid, provider, "mia")
    assert (await comes_in(house, *came, status=401))["code"] == "account_closed"


async def test_a_provider_that_is_none_is_refused_before_it_is_stored(
    house: House, openid: OpenIdServer
) -> None:
    owner = await house.token("otto")
    for issuer in (f"{openid.issuer}/", "http://127.0.0.1:9", f"{openid.issuer}/elsewhere"):
        asked = {"name": "Wrong", "issuer": issuer, "client_id": "x"}
        failed = await house.ask(owner, "POST", "/admin/providers", 422, asked)
        assert failed["code"] == "provider_failed"
    maker = {"name": "Owners", "issuer": openid.issuer, "client_id": "x", "role": "owner"}
    await house.ask(owner, "POST", "/admin/providers", 400, maker)
    assert (await house.ask(owner, "GET", "/admin/providers"))["providers"] == []


async def test_a_provider_that_is_off_or_removed_lets_nobody_in(house: House, openid: OpenIdServer) -> None:
    provider, owner = await provider_of(house, openid, creates=True), await house.token("otto")
    came = await came_back(house, openid, provider, "mia")
    await house.ask(owner, "PATCH", f"/admin/providers/{provider}", 200, {"active": False})
    assert (await house.ask(None, "GET", "/auth/providers"))["providers"] == []
    await comes_in(house, *came, status=404)
    await house.ask(None, "POST", f"/auth/providers/{provider}/begin", 404)
    await house.ask(await house.token("zoe"), "DELETE", f"/admin/providers/{provider}", 404)
    await house.ask(owner, "DELETE", f"/admin/providers/{provider}", 204)
    await house.ask(None, "POST", f"/auth/providers/{provider}/begin", 404)


async def test_every_step_leaves_a_line(house: House, openid: OpenIdServer) -> None:
    provider = await provider_of(house, openid, creates=True)
    await comes_in(house, *await came_back(house, openid, provider, "mia"))
    lines = (await house.ask(await house.token("otto"), "GET", "/audit?limit=100"))["lines"]
    assert [each["action"] for each in lines] == ["person.came", "provider.changed", "provider.added"]
    assert lines[-1]["actor"] == str(OTTO)


async def test_private_providers_are_refused_unless_allowed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(database_url, tmp_path) as app:
        house = await house_of(app)
        asked = {"name": "Inside", "issuer": "https://127.0.0.1:9", "client_id": "x"}
        failed = await house.ask(await house.token("otto"), "POST", "/admin/providers", 422, asked)
        assert "private address" in failed["detail"]
