"""Passkeys over their routes, with a device in software, on both databases. Chromium's own device is in the browser tests."""

from typing import Any

import pytest
from pyotp.totp import TOTP

from support.api_world import ANN, OPA, World
from support.authenticator import PRESENT, Authenticator
from support.identity_house import PASSWORD, House, house_of

ORIGIN, HOST = "http://localhost:8000", "localhost"


@pytest.fixture
async def house(app: World, monkeypatch: pytest.MonkeyPatch) -> House:
    return await house_of(app)


async def begin(house: House, token: str) -> Any:
    return await house.ask(token, "POST", "/account/passkeys/begin", 200, {"password": PASSWORD})


async def add(house: House, token: str, device: Authenticator, status: int = 201) -> Any:
    asked = {"name": "Phone", "credential": device.made(await begin(house, token))}
    return await house.ask(token, "POST", "/account/passkeys", status, asked)


async def use(house: House, device: Authenticator, status: int = 200) -> Any:
    options = await house.ask(None, "POST", "/auth/passkeys/begin")
    assert "allowCredentials" not in options or options["allowCredentials"] == []
    return await house.ask(None, "POST", "/auth/passkeys", status, {"credential": device.used(options)})


async def test_a_passkey_signs_in_alone_and_stands_in_for_a_code(house: House) -> None:
    device, token = Authenticator(ORIGIN, HOST), await house.token("opa")
    await add(house, token, device)
    assert (await use(house, device))["user"]["id"] == str(OPA)
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    code = {"code": TOTP(begun["secret"]).now()}
    await house.ask(token, "POST", "/account/second-factor/confirm", 200, code)
    assert (await house.sign_in("opa", status=401))["code"] == "second_factor_needed"
    assert (await use(house, device))["user"]["id"] == str(OPA), "the device has checked its owner"
    options = await house.ask(None, "POST", "/auth/passkeys/begin")
    asked = {"handle": "opa", "password": PASSWORD, "passkey": device.used(options)}
    come = await house.ask(None, "POST", "/auth/sign-in", 200, asked)
    assert come["user"]["id"] == str(OPA)
    again = await house.ask(None, "POST", "/auth/sign-in", 401, asked)
    assert again["code"] == "passkey_wrong", "an answer works once"
    listed = (await house.ask(token, "GET", "/account/passkeys"))["passkeys"]
    assert [(each["name"], each["used_at"] is not None) for each in listed] == [("Phone", True)]


async def test_a_passkey_is_a_second_factor_of_its_own(house: House) -> None:
    device, token = Authenticator(ORIGIN, HOST), await house.token("opa")
    only = "/account/second-factor/passkeys"
    assert (await house.ask(token, "POST", only, 409, {"password": PASSWORD}))["code"] == "no_passkeys"
    made = await add(house, token, device)
    assert (await house.ask(token, "POST", only, 401, {"password": "wrong"}))["code"] == "bad_credentials"
    codes = (await house.ask(token, "POST", only, 200, {"password": PASSWORD}))["recovery_codes"]
    assert (await house.ask(token, "POST", only, 409, {"password": PASSWORD}))["code"] == "factor_on"
    account = await house.ask(token, "GET", "/account")
    assert (account["second_factor"], account["only_passkeys"], account["recovery_codes"]) == (True, True, 10)
    assert (await house.sign_in("opa", status=401))["code"] == "second_factor_needed"
    assert (await house.sign_in("opa", code="123456", status=401))["code"] == "code_wrong"
    options = await house.ask(None, "POST", "/auth/passkeys/begin")
    asked = {"handle": "opa", "password": PASSWORD, "passkey": device.used(options)}
    await house.ask(None, "POST", "/auth/sign-in", 200, asked)
    path = f"/account/passkeys/{made['id']}"
    assert (await house.ask(token, "DELETE", path, 409))["code"] == "last_factor"
    await house.sign_in("opa", code=codes[0])
    off = {"password": PASSWORD, "code": codes[1]}
    await house.ask(token, "POST", "/account/second-factor/off", 204, off)
    await house.ask(token, "DELETE", path, 204)
    await house.sign_in("opa")


async def test_a_passkey_of_somebody_else_is_no_second_factor(house: House) -> None:
    theirs, token = Authenticator(ORIGIN, HOST), await house.token("opa")
    await add(house, await house.token("ann"), theirs)
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    code = {"code": TOTP(begun["secret"]).now()}
    await house.ask(token, "POST", "/account/second-factor/confirm", 200, code)
    options = await house.ask(None, "POST", "/auth/passkeys/begin")
    asked = {"handle": "opa", "password": PASSWORD, "passkey": theirs.used(options)}
    assert (await house.ask(None, "POST", "/auth/sign-in", 401, asked))["code"] == "passkey_wrong"


async def test_a_device_that_did_not_check_its_owner_is_refused(house: House) -> None:
    token = await house.token("opa")
    careless = Authenticator(ORIGIN, HOST, flags=PRESENT)
    assert (await add(house, token, careless, 401))["code"] == "passkey_wrong"
    device = Authenticator(ORIGIN, HOST)
    await add(house, token, device)
    device.flags = PRESENT
    assert (await use(house, device, 401))["code"] == "passkey_wrong"


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://127.0.0.1:8000", HOST), ("https://evil.example", HOST), (ORIGIN, "evil.example")],
)
async def test_an_answer_from_another_site_is_refused(house: House, origin: str, host: str) -> None:
    token, device = await house.token("opa"), Authenticator(ORIGIN, HOST)
    await add(house, token, device)
    device.origin, device.host = origin, host
    assert (await use(house, device, 401))["code"] == "passkey_wrong"


async def test_a_copy_whose_counter_goes_back_is_refused(house: House) -> None:
    device = Authenticator(ORIGIN, HOST, count=5)
    await add(house, await house.token("opa"), device)
    await use(house, device)
    device.count = 2
    assert (await use(house, device, 401))["code"] == "passkey_wrong"


async def test_a_challenge_is_for_who_asked_for_it_and_for_what(house: House) -> None:
    device, mine, theirs = Authenticator(ORIGIN, HOST), await house.token("opa"), await house.token("ann")
    asked = {"name": "Phone", "credential": device.made(await begin(house, theirs))}
    assert (await house.ask(mine, "POST", "/account/passkeys", 401, asked))["code"] == "passkey_wrong"
    await add(house, mine, device)
    options = await begin(house, mine)
    wrong = {"credential": device.used(options)}
    assert (await house.ask(None, "POST", "/auth/passkeys", 401, wrong))["code"] == "passkey_wrong"
    made_up = {"credential": device.used({"challenge": "AAAA"})}
    assert (await house.ask(None, "POST", "/auth/passkeys", 401, made_up))["code"] == "passkey_wrong"


async def test_another_key_does_not_sign_for_a_known_one(house: House) -> None:
    device = Authenticator(ORIGIN, HOST)
    await add(house, await house.token("opa"), device)
    forged = Authenticator(ORIGIN, HOST, id=device.id)
    assert (await use(house, forged, 401))["code"] == "passkey_wrong"
    assert (await add(house, await house.token("ann"), forged, 409))["code"] == "passkey_known"


@pytest.mark.parametrize("wrong", [{}, {"id": "x"}, {"response": 1}, {"response": {"clientDataJSON": "e30"}}])
async def test_what_is_no_answer_of_a_device_is_malformed(house: House, wrong: dict[str, Any]) -> None:
    answer = await house.ask(None, "POST", "/auth/passkeys", 400, {"credential": wrong})
    assert answer["code"] == "malformed"


async def test_passkeys_are_named_removed_and_never_those_of_others(house: House) -> None:
    token, device = await house.token("opa"), Authenticator(ORIGIN, HOST)
    made = await add(house, token, device)
    path = f"/account/passkeys/{made['id']}"
    other = await house.token("ann")
    await house.ask(other, "PATCH", path, 404, {"name": "Mine"})
    await house.ask(other, "DELETE", path, 404)
    await house.ask(token, "PATCH", path, 204, {"name": "Old phone"})
    (listed,) = (await house.ask(token, "GET", "/account/passkeys"))["passkeys"]
    assert listed["name"] == "Old phone"
    await house.ask(token, "DELETE", path, 204)
    assert (await use(house, device, 401))["code"] == "passkey_wrong"
    wrong = {"password": "not it at all"}
    await house.ask(token, "POST", "/account/passkeys/begin", 401, wrong)


async def test_a_lost_device_and_a_deactivated_person_come_in_no_more(house: House) -> None:
    owner, device, kept = await house.token("otto"), Authenticator(ORIGIN, HOST), Authenticator(ORIGIN, HOST)
    await add(house, await house.token("opa"), device)
    await add(house, await house.token("ann"), kept)
    removed = await house.ask(owner, "DELETE", f"/admin/people/{OPA}/passkeys")
    assert removed == {"removed": 1}
    await use(house, device, 401)
    await use(house, kept)
    await house.ask(owner, "PATCH", f"/admin/people/{ANN}", 200, {"active": False})
    await use(house, kept, 401)
    actions = [each["action"] for each in (await house.ask(owner, "GET", "/audit"))["lines"]]
    assert actions == ["person.deactivated", "passkey.removed", "passkey.added", "passkey.added"]
