"""Signing in, devices, people and second factors over their routes, on both databases."""

import asyncio
import time
from collections import OrderedDict
from typing import Any

import pytest
from pyotp.totp import TOTP

from myna.api.identity import auth
from myna.limits.windows import Bound
from myna.model.workspace import UserKind, WorkspaceRole
from myna.rights import Principal
from support.api_world import OPA, OTTO, VIC, World
from support.identity_house import PASSWORD, House, house_of
from support.planning import SUPPORT, WORKSPACE


@pytest.fixture
async def house(app: World) -> House:
    return await house_of(app)


async def test_a_device_is_listed_and_signed_out_at_once(house: House) -> None:
    first, second = await house.token("opa"), await house.sign_in("opa")
    listed = (await house.ask(first, "GET", "/account/devices"))["devices"]
    assert [each["name"] for each in listed] == ["Firefox, Windows", "Firefox, Windows"]
    assert [each["current"] for each in listed] == [False, True]
    await house.ask(first, "DELETE", f"/account/devices/{listed[0]['id']}", 204)
    refused = await house.ask(second["access_token"], "GET", "/me", 401)
    assert refused["code"] == "signed_out"
    again = {"refresh_token": second["refresh_token"]}
    assert (await house.ask(None, "POST", "/auth/refresh", 401, again))["code"] == "token_expired"
    assert len((await house.ask(first, "GET", "/account/devices"))["devices"]) == 1


async def test_nobody_signs_out_the_devices_of_others(house: House) -> None:
    mine, theirs = await house.token("opa"), await house.token("ann")
    (device,) = (await house.ask(theirs, "GET", "/account/devices"))["devices"]
    await house.ask(mine, "DELETE", f"/account/devices/{device['id']}", 404)
    await house.ask(theirs, "GET", "/me")


async def test_signing_out_closes_the_connections_of_that_sign_in(house: House) -> None:
    signed_in = await house.sign_in("opa")
    token = {"refresh_token": signed_in["refresh_token"]}
    await house.ask(None, "POST", "/auth/sign-out", 204, token)
    assert (await house.ask(signed_in["access_token"], "GET", "/me", 401))["code"] == "signed_out"


async def test_a_refresh_token_that_comes_twice_ends_the_sign_in(house: House) -> None:
    signed_in = await house.sign_in("opa")
    token = {"refresh_token": signed_in["refresh_token"]}
    renewed = await house.ask(None, "POST", "/auth/refresh", 200, token)
    assert (await house.ask(None, "POST", "/auth/refresh", 401, token))["code"] == "token_reused"
    assert (await house.ask(renewed["access_token"], "GET", "/me", 401))["code"] == "signed_out"


async def test_a_sign_in_that_ended_in_another_process_is_refused_without_the_bus(house: House) -> None:
    services, signed_in = house.world.services, await house.sign_in("opa")
    asker = services.tokens.check(signed_in["access_token"])
    await services.sign_ins._store.end(OPA, [asker.sign_in], 4e9)
    task = asyncio.create_task(services.sign_ins.run())
    try:
        headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
        async with asyncio.timeout(60):
            while (answer := await house.http.get("/me", headers=headers)).status_code != 401:
                await asyncio.sleep(0.02)
        assert answer.json()["code"] == "signed_out"
    finally:
        task.cancel()


async def test_a_new_password_needs_the_old_one_and_signs_others_out(house: House) -> None:
    here, there = await house.token("opa"), await house.token("opa")
    wrong = {"old": "not it at all", "new": "another good one"}
    assert (await house.ask(here, "POST", "/account/password", 401, wrong))["code"] == "bad_credentials"
    await house.ask(there, "GET", "/me")
    right = {"old": PASSWORD, "new": "another good one"}
    assert (await house.ask(here, "POST", "/account/password", 200, right))["signed_out"] == 1
    await house.ask(here, "GET", "/me")
    await house.ask(there, "GET", "/me", 401)
    await house.sign_in("opa", PASSWORD, 401)
    await house.sign_in("opa", "another good one")


async def test_a_short_password_is_refused(house: House) -> None:
    token = await house.token("opa")
    await house.ask(token, "POST", "/account/password", 400, {"old": PASSWORD, "new": "short"})


async def test_an_invited_person_comes_in_once(house: House) -> None:
    owner = await house.token("otto")
    asked = {"name": "Mia", "role": "operator"}
    made = await house.ask(owner, "POST", "/admin/invitations", 201, asked)
    assert made["url"].endswith(f"#/join/{made['token']}")
    shown = await house.ask(None, "POST", "/auth/invitations/look", 200, {"token": made["token"]})
    assert (shown["name"], shown["role"], shown["workspace"]) == ("Mia", "operator", "Shop")
    comes = {"token": made["token"], "handle": "opa", "password": "a fresh password"}
    taken = await house.ask(None, "POST", "/auth/invitations/accept", 409, comes)
    assert taken["code"] == "handle_taken"
    comes["handle"] = "mia"
    come = await house.ask(None, "POST", "/auth/invitations/accept", 201, comes)
    assert come["role"] == "operator"
    await house.ask(come["access_token"], "GET", "/tickets")
    over = await house.ask(None, "POST", "/auth/invitations/accept", 404, comes)
    assert over["code"] == "invitation_over"
    await house.sign_in("mia", "a fresh password")


async def test_a_withdrawn_invitation_works_no_more(house: House) -> None:
    owner = await house.token("otto")
    made = await house.ask(owner, "POST", "/admin/invitations", 201, {"name": "Mia"})
    await house.ask(owner, "DELETE", f"/admin/invitations/{made['id']}", 204)
    await house.ask(owner, "DELETE", f"/admin/invitations/{made['id']}", 404)
    await house.ask(None, "POST", "/auth/invitations/look", 404, {"token": made["token"]})


async def test_two_who_use_a_link_at_once_are_one_person(house: House) -> None:
    owner = await house.token("otto")
    made = await house.ask(owner, "POST", "/admin/invitations", 201, {"name": "Mia"})
    tries = [
        house.http.post(
            "/auth/invitations/accept",
            json={"token": made["token"], "handle": handle, "password": "a fresh password"},
        )
        for handle in ("mia.one", "mia.two")
    ]
    answers = await asyncio.gather(*tries)
    assert sorted(each.status_code for each in answers) == [201, 404]


async def test_a_deactivated_person_is_out_and_their_conversations_wait(house: House) -> None:
    owner, operator = await house.token("otto"), await house.token("opa")
    customer = Principal(VIC, WORKSPACE, UserKind.VISITOR)
    await house.world.services.sender.send(customer, SUPPORT, "1", {"text": "Hello?"})
    conversation = str(SUPPORT)
    await house.ask(operator, "POST", f"/conversations/{conversation}/claim", 200, {})
    done = await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"active": False})
    assert done["active"] is False
    assert (await house.ask(operator, "GET", "/me", 401))["code"] == "signed_out"
    await house.sign_in("opa", status=401)
    waiting = (await house.ask(owner, "GET", "/tickets?view=queue"))["tickets"]
    assert conversation in [each["conversation"] for each in waiting]
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"active": True})
    await house.sign_in("opa")


async def test_a_new_role_counts_at_once(house: House) -> None:
    owner, operator = await house.token("otto"), await house.token("opa")
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"role": "analyst"})
    await house.ask(operator, "GET", "/tickets", 401)
    await house.ask(await house.token("opa"), "GET", "/tickets", 403)


async def test_the_last_owner_stays_and_nobody_changes_themselves(house: House) -> None:
    owner = await house.token("otto")
    own = await house.ask(owner, "PATCH", f"/admin/people/{OTTO}", 403, {"active": False})
    assert own["code"] == "own_account"
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"role": "owner"})
    second = await house.token("opa")
    await house.ask(second, "PATCH", f"/admin/people/{OTTO}", 200, {"role": "admin"})
    admin = await house.token("otto")
    refused = await house.ask(admin, "PATCH", f"/admin/people/{OPA}", 403, {"active": False})
    assert refused["code"] == "owners_only"
    await house.ask(admin, "POST", "/admin/invitations", 403, {"name": "Eve", "role": "owner"})
    await house.ask(admin, "POST", f"/admin/people/{OPA}/password-link", 403)


async def test_two_owners_who_remove_each_other_leave_one(house: House) -> None:
    owner = await house.token("otto")
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"role": "owner"})
    services = house.world.services
    asking = [services.tokens.check(await house.token(handle)) for handle in ("otto", "opa")]
    removals = [
        services.people.change(asker, other, active=False)
        for asker, other in zip(asking, (OPA, OTTO), strict=True)
    ]
    await asyncio.gather(*removals, return_exceptions=True)
    left = await services.people._store.members(1)
    assert [each for each in left if each.user.role is WorkspaceRole.OWNER and each.deactivated_at is None]


@pytest.mark.parametrize("handle", ["opa", "ann", "zoe"])
async def test_only_administrators_of_the_workspace_see_and_change_people(house: House, handle: str) -> None:
    token = await house.token(handle)
    status = 404 if handle == "zoe" else 403
    await house.ask(token, "PATCH", f"/admin/people/{OTTO}", status, {"active": False})
    await house.ask(token, "POST", f"/admin/people/{OTTO}/password-link", status)
    await house.ask(token, "DELETE", f"/admin/people/{OTTO}/second-factor", status)
    await house.ask(token, "POST", f"/admin/people/{OTTO}/sign-out", status)
    if handle == "zoe":
        listed = (await house.ask(token, "GET", "/admin/people"))["people"]
        assert [each["handle"] for each in listed] == ["zoe"]
    else:
        await house.ask(token, "GET", "/admin/people", 403)
        await house.ask(token, "POST", "/admin/invitations", 403, {"name": "Mia"})


async def test_a_password_link_replaces_the_password_and_signs_out(house: House) -> None:
    owner, operator = await house.token("otto"), await house.token("opa")
    first = await house.ask(owner, "POST", f"/admin/people/{OPA}/password-link", 201)
    second = await house.ask(owner, "POST", f"/admin/people/{OPA}/password-link", 201)
    used = {"token": first["token"], "password": "chosen by myself"}
    await house.ask(None, "POST", "/auth/invitations/accept", 404, used)
    used["token"] = second["token"]
    come = await house.ask(None, "POST", "/auth/invitations/accept", 201, used)
    assert come["user"]["id"] == str(OPA)
    await house.ask(operator, "GET", "/me", 401)
    await house.sign_in("opa", status=401)
    await house.sign_in("opa", "chosen by myself")


async def enrol(house: House, token: str) -> tuple[TOTP, list[str]]:
    """A second factor that is on, and its recovery codes."""
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    assert begun["uri"].startswith("otpauth://totp/Myna:opa?secret=")
    totp = TOTP(begun["secret"])
    codes = await house.ask(token, "POST", "/account/second-factor/confirm", 200, {"code": totp.now()})
    return totp, codes["recovery_codes"]


async def test_a_second_factor_is_asked_for_and_each_code_works_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp, codes = await enrol(house, await house.token("opa"))
    assert len(set(codes)) == 10
    assert (await house.sign_in("opa", status=401))["code"] == "second_factor_needed"
    # The password is asked first: a code alone tells nothing about an account.
    assert (await house.sign_in("opa", "wrong one", 401, code="123456"))["code"] == "bad_credentials"
    assert (await house.sign_in("opa", PASSWORD, 401, code="000000"))["code"] == "code_wrong"
    used = await house.sign_in("opa", PASSWORD, 401, code=totp.now())
    assert used["code"] == "code_wrong", "the code that turned it on is used up"
    ahead = int(time.time()) + 30
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: float(ahead))
        await house.sign_in("opa", code=totp.at(ahead))
        await house.sign_in("opa", PASSWORD, 401, code=totp.at(ahead))
    await house.sign_in("opa", code=codes[0].upper())
    await house.sign_in("opa", PASSWORD, 401, code=codes[0])
    mine = await house.ask((await house.sign_in("opa", code=codes[1]))["access_token"], "GET", "/account")
    assert (mine["second_factor"], mine["recovery_codes"]) == (True, 8)


async def test_a_second_factor_goes_off_with_password_and_code(house: House) -> None:
    token = await house.token("opa")
    _, codes = await enrol(house, token)
    wrong = {"password": PASSWORD, "code": "000000"}
    await house.ask(token, "POST", "/account/second-factor/off", 401, wrong)
    await house.ask(token, "POST", "/account/second-factor", 409, {"password": PASSWORD})
    right = {"password": PASSWORD, "code": codes[0]}
    await house.ask(token, "POST", "/account/second-factor/off", 204, right)
    await house.sign_in("opa")


async def test_an_administrator_turns_a_lost_second_factor_off(house: House) -> None:
    token = await house.token("opa")
    await enrol(house, token)
    owner = await house.token("otto")
    listed = {each["handle"]: each for each in (await house.ask(owner, "GET", "/admin/people"))["people"]}
    assert listed["opa"]["second_factor"] is True
    assert listed["otto"]["second_factor"] is False
    done = await house.ask(owner, "DELETE", f"/admin/people/{OPA}/second-factor")
    assert done == {"dropped": True}
    await house.ask(token, "GET", "/me", 401)
    await house.sign_in("opa")


async def test_secrets_of_second_factors_are_stored_sealed(house: House) -> None:
    token = await house.token("opa")
    begun = await house.ask(token, "POST", "/account/second-factor", 201, {"password": PASSWORD})
    stored = await house.world.services.account._store.factor(OPA)
    assert stored is not None
    assert begun["secret"] not in stored.secret


async def test_a_visitor_has_no_account(house: House) -> None:
    inbox = (await house.world.services.accounts.inboxes(1))[0]
    visitor = await house.ask(None, "POST", "/visitors", 201, {"inbox": inbox.key})
    await house.ask(visitor["access_token"], "GET", "/account", 403)
    assert (await house.ask(visitor["access_token"], "GET", "/account/devices"))["devices"] == []
    assert visitor["user"]["kind"] == UserKind.VISITOR


async def test_a_profile_changes_name_and_language(house: House) -> None:
    token = await house.token("opa")
    changed = await house.ask(token, "PATCH", "/account", 200, {"name": " Opa Grand ", "locale": "zh"})
    assert (changed["user"]["name"], changed["user"]["locale"]) == ("Opa Grand", "zh")
    assert (await house.ask(token, "GET", "/me"))["user"]["name"] == "Opa Grand"
    await house.ask(token, "PATCH", "/account", 400, {"name": "   "})


@pytest.mark.parametrize("body", [{}, {"token": "x"}, {"token": "a" * 200}, {"token": ["x"]}])
async def test_a_malformed_link_is_refused(house: House, body: dict[str, Any]) -> None:
    await house.ask(None, "POST", "/auth/invitations/look", 400, body)


async def test_tries_for_one_handle_are_counted_over_all_addresses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.world.services.limits.bounds["sign_in_handle"] = Bound(3, 300)
    monkeypatch.setattr(auth, "_came_in", OrderedDict[tuple[str, str], None]())
    for _ in range(3):
        await house.sign_in("opa", "wrong one", 401)
    refused = await house.sign_in("opa", PASSWORD, 429)
    assert refused["retry_ms"] > 0
    await house.sign_in("ann")


async def test_strangers_who_guess_do_not_lock_out_who_came_in_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.world.services.limits.bounds["sign_in_handle"] = Bound(3, 300)
    monkeypatch.setattr(auth, "_came_in", OrderedDict[tuple[str, str], None]())
    for _ in range(5):
        await house.sign_in("opa")
    for _ in range(4):
        await house.sign_in("opa", "wrong one", 401)
    await house.sign_in("opa")
