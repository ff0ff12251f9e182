"""Myna as an OAuth 2.0 provider, asked by Authlib's client, on both databases."""

import base64
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from myna.api.scopes import OPENED_BY, SCOPES
from support.api_world import OPA, World
from support.identity_house import House, house_of

BACK = "https://app.example.org/back?from=myna"


@pytest.fixture
async def house(app: World) -> House:
    return await house_of(app)


async def register(house: House, **more: Any) -> Any:
    asked = {"name": "Planner", "redirect_uris": [BACK], "scopes": ["profile", "conversations:read"], **more}
    return await house.ask(await house.token("otto"), "POST", "/admin/applications", 201, asked)


class Client:
    """The application: Authlib against the routes of this process."""

    def __init__(self, house: House, made: Any, scope: str = "profile") -> None:
        self.house, self.made, self.verifier = house, made, secrets.token_urlsafe(48)
        secret = made["client_secret"]
        self.library = AsyncOAuth2Client(
            made["client_id"],
            secret,
            scope=scope,
            redirect_uri=BACK,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            transport=httpx2.ASGITransport(house.world.application),
        )

    async def allowed(self, token: str, **change: Any) -> str:
        """The address to which a person who allows it is sent."""
        url, _ = self.library.create_authorization_url(
            "http://myna/oauth/authorize", code_verifier=self.verifier
        )
        sent = await self.house.http.get(url)
        assert sent.status_code == 303
        there, _, query = sent.headers["location"].partition("/dashboard/#/authorize?")
        assert there == "http://127.0.0.1:8000"
        asked: dict[str, Any] = {name: values[0] for name, values in parse_qs(query).items()} | change
        status = asked.pop("status", 200)
        answer = await self.house.ask(token, "POST", "/oauth/decide", status, {"allow": True, **asked})
        return str(answer["redirect"] if status == 200 else answer["code"])

    async def fetched(self, where: str, **change: Any) -> Any:
        asked = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(where).query)["code"][0]}
        return await self.library.fetch_token(
            "http://myna/oauth/token", **{**asked, "code_verifier": self.verifier, **change}
        )


async def test_a_library_comes_in_for_a_person_renews_and_leaves(house: House) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    where = await client.allowed(token)
    assert where.startswith(BACK + "&")
    assert parse_qs(urlsplit(where).query)["iss"] == ["http://127.0.0.1:8000"]
    first = await client.fetched(where)
    assert (first["scope"], first["token_type"], first["expires_in"]) == ("profile", "Bearer", 900)
    me = await client.library.get("http://myna/v1/me")
    assert me.json()["user"]["id"] == str(OPA)
    renewed = await client.library.refresh_token("http://myna/oauth/token")
    assert renewed["refresh_token"] != first["refresh_token"]
    devices = (await house.ask(token, "GET", "/account/devices"))["devices"]
    assert [each["name"] for each in devices if each["application"]] == ["Planner"]
    told = await client.library.introspect_token(
        "http://myna/oauth/introspect", token=renewed["access_token"]
    )
    assert (told.json()["active"], told.json()["sub"]) == (True, str(OPA))
    await client.library.revoke_token("http://myna/oauth/revoke", token=renewed["refresh_token"])
    assert (await client.library.get("http://myna/v1/me")).status_code == 401
    told = await client.library.introspect_token(
        "http://myna/oauth/introspect", token=renewed["access_token"]
    )
    assert told.json() == {"active": False}


async def test_the_description_is_what_a_library_expects(house: House) -> None:
    answer = await house.world.http.get("http://myna/.well-known/oauth-authorization-server")
    described = AuthorizationServerMetadata(answer.json())
    for name in AuthorizationServerMetadata.REGISTRY_KEYS:
        if name in described and not name.endswith("issuer") and "endpoint" not in name:
            getattr(described, f"validate_{name}")()
    assert described["issuer"] == "http://127.0.0.1:8000"
    assert set(described["scopes_supported"]) == set(SCOPES)


async def test_an_application_for_itself_is_a_user_with_a_role(house: House) -> None:
    made = await register(house, role="operator", scopes=["tickets:read", "profile"])
    client = Client(house, made, "tickets:read")
    await client.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")
    assert "refresh_token" not in client.library.token
    assert (await client.library.get("http://myna/v1/tickets")).status_code == 200
    refused = (await client.library.get("http://myna/v1/me")).json()
    assert (refused["code"], refused["scope"]) == ("insufficient_scope", "profile")
    owner = await house.token("otto")
    await house.ask(owner, "DELETE", f"/admin/applications/{made['id']}", 204)
    assert (await client.library.get("http://myna/v1/tickets")).status_code == 401
    wrongs: tuple[dict[str, Any], ...] = ({"role": "owner"}, {"role": "admin", "confidential": False})
    for wrong in wrongs:
        asked = {"name": "X", "redirect_uris": [], "scopes": ["profile"], **wrong}
        await house.ask(owner, "POST", "/admin/applications", 400, asked)
    plain = Client(house, await register(house))
    with pytest.raises(OAuthError, match="unauthorized_client"):
        await plain.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")


async def test_an_application_may_have_a_role_of_the_workspaces_own(house: House) -> None:
    owner = await house.token("otto")
    asked = {"name": "Reader", "verbs": ["see_knowledge"]}
    role = await house.ask(owner, "POST", "/admin/roles", 201, asked)
    wrong = {"name": "X", "scopes": ["profile"], "role": "custom", "custom_role": "12345"}
    assert (await house.ask(owner, "POST", "/admin/applications", 404, wrong))["code"] == "no_role"
    made = await register(house, role="custom", custom_role=role["id"], scopes=["tickets:read", "profile"])
    client = Client(house, made, "profile tickets:read")
    await client.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")
    assert (await client.library.get("http://myna/v1/me")).json()["verbs"] == ["see_knowledge"]
    assert (await client.library.get("http://myna/v1/tickets")).status_code == 403
    path = f"/admin/roles/{role['id']}"
    assert (await house.ask(owner, "DELETE", path, 409))["code"] == "role_in_use"
    await house.ask(owner, "PATCH", path, 200, {"verbs": ["operate", "take"]})
    await client.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")
    assert (await client.library.get("http://myna/v1/tickets")).status_code == 200


async def test_no_route_without_a_scope_takes_an_applications_token(house: House) -> None:
    made = await register(house, scopes=sorted(SCOPES))
    client = Client(house, made, " ".join(SCOPES))
    await client.fetched(await client.allowed(await house.token("otto")))
    paths = house.world.application.openapi()["paths"]
    known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    # Routes of the packages above the platform are not in this application.
    above = ("/v1/knowledge", "/v1/passages", "/v1/conversations/{conversation}/messages/{seq}/files")
    ours = {name for name in OPENED_BY if not name.split()[1].startswith(above)}
    assert ours <= known, sorted(ours - known)
    wrong: list[tuple[str, int]] = []
    for name in sorted(known - set(OPENED_BY)):
        method, path = name.split()
        filled = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
        secured = (await house.world.http.request(method, f"http://myna{filled}")).status_code == 401
        # At /oauth/ applications show their own credentials and no token.
        if not secured or path.startswith("/oauth/") or "/events" in name or "/poll" in name:
            continue
        answer = await client.library.request(method, f"http://myna{filled}")
        # Without a body some are called malformed before anybody looks who asks.
        if answer.status_code not in (400, 403):
            wrong.append((name, answer.status_code))
    assert not wrong


async def test_a_socket_takes_no_applications_token(house: House) -> None:
    client = Client(house, await register(house, scopes=sorted(SCOPES)), " ".join(SCOPES))
    token = await client.fetched(await client.allowed(await house.token("otto")))
    with pytest.raises(Exception, match="not taken here"):
        house.world.services.tokens.check(token["access_token"])
    sent = {"refresh_token": token["refresh_token"]}
    assert (await house.ask(None, "POST", "/auth/refresh", 401, sent))["code"] == "token_invalid"
    own = await house.sign_in("opa")
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.library.refresh_token("http://myna/oauth/token", refresh_token=own["refresh_token"])


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example.org/back",
        BACK + "&more=1",
        BACK + "#part",
        "https://app.example.org.evil.example/back?from=myna",
        "https://APP.example.org/back?from=myna",
        "https://evil.example/",
        "javascript:alert(1)",
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(house: House, address: str) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    assert await client.allowed(token, redirect_uri=address, status=400) == "invalid_redirect"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "http://app.example.org/",
        "https://app.example.org/#x",
        "https://user@evil.example/",
        "https://*.example.org/",
        "data:text/html,x",
        "https:///nowhere",
        "//evil.example/xx",
        "https://app.example.org\\@evil.example/",
    ],
)
async def test_addresses_that_lead_astray_are_not_registered(house: House, address: str) -> None:
    asked = {"name": "X", "redirect_uris": [address], "scopes": ["profile"]}
    refused = await house.ask(await house.token("otto"), "POST", "/admin/applications", 400, asked)
    assert refused["code"] == "bad_redirect"


async def test_what_is_wrong_with_a_request_goes_back_to_the_application(house: House) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    wrongs: tuple[tuple[dict[str, Any], str], ...] = (
        ({"scope": "tickets:write"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"allow": False}, "access_denied"),
    )
    for change, error in wrongs:
        query = parse_qs(urlsplit(await client.allowed(token, **change)).query)
        assert query["error"] == [error]
        assert query["state"]


async def test_a_code_works_once_and_its_second_use_ends_what_it_gave(house: House) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    where = await client.allowed(token)
    await client.fetched(where)
    assert (await client.library.get("http://myna/v1/me")).status_code == 200
    thief = Client(house, client.made)
    thief.verifier = client.verifier
    with pytest.raises(OAuthError, match="invalid_grant"):
        await thief.fetched(where)
    assert (await client.library.get("http://myna/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "change", [{"code_verifier": "w" * 43}, {"redirect_uri": "https://app.example.org/"}, {"code": "c" * 43}]
)
async def test_a_code_is_worth_nothing_to_others(house: House, change: dict[str, str]) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    where = await client.allowed(token)
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.fetched(where, **change)
    other, where = Client(house, await register(house)), await client.allowed(token)
    other.verifier = client.verifier
    with pytest.raises(OAuthError, match="invalid_grant"):
        await other.fetched(where)


async def test_a_refresh_token_that_comes_twice_ends_the_grant(house: House) -> None:
    token, client = await house.token("opa"), Client(house, await register(house))
    first = await client.fetched(await client.allowed(token))
    await client.library.refresh_token("http://myna/oauth/token")
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.library.refresh_token("http://myna/oauth/token", refresh_token=first["refresh_token"])
    assert (await client.library.get("http://myna/v1/me")).status_code == 401


async def test_wrong_credentials_and_foreign_applications_are_refused(house: House) -> None:
    made = await register(house)
    wrong = Client(house, {**made, "client_secret": "not it"})
    with pytest.raises(OAuthError, match="invalid_client"):
        await wrong.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")
    client = Client(house, made)
    assert await client.allowed(await house.token("zoe"), status=400) == "invalid_client"
    zoe = await house.token("zoe")
    await house.ask(zoe, "DELETE", f"/admin/applications/{made['id']}", 404)
    await house.ask(zoe, "POST", f"/admin/applications/{made['id']}/secret", 404)
    changed = await house.ask(
        await house.token("otto"), "POST", f"/admin/applications/{made['id']}/secret", 200
    )
    with pytest.raises(OAuthError, match="unauthorized_client"):
        await Client(house, {**made, **changed}).library.fetch_token(
            "http://myna/oauth/token", grant_type="client_credentials"
        )
    with pytest.raises(OAuthError, match="invalid_client"):
        await client.library.fetch_token("http://myna/oauth/token", grant_type="client_credentials")


async def test_a_public_application_needs_no_secret_and_has_none(house: House) -> None:
    made = await register(house, confidential=False)
    assert made["client_secret"] is None
    client = Client(house, made)
    await client.fetched(await client.allowed(await house.token("opa")))
    assert (await client.library.get("http://myna/v1/me")).status_code == 200


async def test_ending_the_device_or_removing_the_application_ends_the_grant(house: House) -> None:
    token, made = await house.token("opa"), await register(house)
    for end in ("device", "application"):
        client = Client(house, made)
        await client.fetched(await client.allowed(token))
        devices = (await house.ask(token, "GET", "/account/devices"))["devices"]
        device = next(each for each in devices if each["application"])
        if end == "device":
            await house.ask(token, "DELETE", f"/account/devices/{device['id']}", 204)
        else:
            await house.ask(await house.token("otto"), "DELETE", f"/admin/applications/{made['id']}", 204)
        assert (await client.library.get("http://myna/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("grant_type=password&username=opa&password=x", "unsupported_grant_type"),
        ("grant_type=authorization_code&grant_type=refresh_token", "invalid_request"),
        ("code=" + "x" * 20_000, "invalid_request"),
        ("a=1&" * 40, "invalid_request"),
        ("grant_type=refresh_token&refresh_token=app.nothing", "invalid_grant"),
        ("grant_type=authorization_code", "invalid_grant"),
    ],
)
async def test_odd_forms_are_answered_as_the_standard_says(house: House, form: str, error: str) -> None:
    made = await register(house)
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = await house.http.post("http://myna/oauth/token", content=form, headers=headers)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"
