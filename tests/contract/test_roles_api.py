"""Roles of a workspace's own over their routes, on both databases."""

from typing import Any

import pytest

from support.api_world import ANN, EVE, OPA, World
from support.identity_house import PASSWORD, House, house_of


@pytest.fixture
async def house(app: World) -> House:
    return await house_of(app)


async def role(house: House, *verbs: str, by: str = "otto", status: int = 201) -> Any:
    asked = {"name": "Helper", "verbs": list(verbs)}
    return await house.ask(await house.token(by), "POST", "/admin/roles", status, asked)


async def give(house: House, user: int, made: Any, by: str = "otto", status: int = 200) -> Any:
    asked = {"role": "custom", "custom_role": made["id"]}
    return await house.ask(await house.token(by), "PATCH", f"/admin/people/{user}", status, asked)


async def test_a_role_gives_what_it_is_made_of_and_a_change_counts_at_once(house: House) -> None:
    made = await role(house, "see_knowledge")
    assert (await give(house, OPA, made))["custom_role"] == made["id"]
    token = await house.token("opa")
    me = await house.ask(token, "GET", "/me")
    assert (me["role"], me["verbs"]) == ("custom", ["see_knowledge"])
    await house.ask(token, "GET", "/tickets", 403)
    owner = await house.token("otto")
    path = f"/admin/roles/{made['id']}"
    await house.ask(owner, "PATCH", path, 200, {"verbs": ["operate", "take"]})
    assert (await house.ask(token, "GET", "/tickets", 401))["code"] == "signed_out"
    token = await house.token("opa")
    await house.ask(token, "GET", "/tickets")
    await house.ask(token, "GET", "/admin/people", 403)
    ticket = (await house.ask(token, "POST", "/socket-tickets", 201))["ticket"]
    asker = await house.world.services.tickets.redeem(ticket)
    assert asker.verbs == {"operate", "take"}
    await house.ask(owner, "PATCH", path, 200, {"name": "Aide"})
    await house.ask(token, "GET", "/tickets")
    assert (await house.ask(owner, "DELETE", path, 409))["code"] == "role_in_use"
    await house.ask(owner, "PATCH", f"/admin/people/{OPA}", 200, {"role": "analyst"})
    await house.ask(owner, "DELETE", path, 204)
    assert (await house.ask(await house.token("opa"), "GET", "/me"))["role"] == "analyst"


async def test_who_is_invited_to_a_role_comes_in_with_it(house: House) -> None:
    made, owner = await role(house, "operate"), await house.token("otto")
    asked = {"name": "Mia", "role": "custom", "custom_role": made["id"]}
    link = await house.ask(owner, "POST", "/admin/invitations", 201, asked)
    assert (await house.ask(owner, "DELETE", f"/admin/roles/{made['id']}", 409))["code"] == "role_in_use"
    comes = {"token": link["token"], "handle": "mia", "password": PASSWORD}
    come = await house.ask(None, "POST", "/auth/invitations/accept", 201, comes)
    await house.ask(come["access_token"], "GET", "/tickets")


async def test_nobody_gives_or_makes_more_than_they_have(house: House) -> None:
    helper = await role(house, "administer", "operate")
    teacher = await role(house, "teach")
    await give(house, OPA, helper)
    assert (await role(house, "teach", by="opa", status=403))["code"] == "more_than_own"
    assert (await give(house, EVE, teacher, by="opa", status=404))["status"] == 404
    assert (await give(house, ANN, teacher, by="opa", status=403))["code"] == "more_than_own"
    token = await house.token("opa")
    for wanted in ("admin", "owner"):
        asked = {"name": "Puppet", "role": wanted}
        await house.ask(token, "POST", "/admin/invitations", 403, asked)
    raised = {"verbs": ["administer", "operate", "teach"]}
    await house.ask(token, "PATCH", f"/admin/roles/{helper['id']}", 403, raised)
    await house.ask(token, "PATCH", f"/admin/roles/{teacher['id']}", 403, {"verbs": []})
    link = await house.ask(token, "POST", f"/admin/people/{ANN}/password-link", 403)
    assert link["code"] == "more_than_own"
    less = {"name": "Less", "role": "custom", "custom_role": (await role(house, "operate", by="opa"))["id"]}
    await house.ask(token, "POST", "/admin/invitations", 201, less)
    application = {"name": "X", "scopes": ["profile"], "role": "admin"}
    await house.ask(token, "POST", "/admin/applications", 403, application)


async def test_roles_are_made_of_workspace_verbs_and_seen_in_their_workspace_only(house: House) -> None:
    for wrong in ("everything", "read", "ban"):
        assert (await role(house, wrong, status=400))["code"] == "unknown_verb"
    made, zoe = await role(house, "operate"), await house.token("zoe")
    assert (await house.ask(zoe, "GET", "/admin/roles"))["roles"] == []
    await house.ask(zoe, "PATCH", f"/admin/roles/{made['id']}", 404, {"name": "Mine"})
    await house.ask(zoe, "DELETE", f"/admin/roles/{made['id']}", 404)
    asked = {"name": "Spy", "role": "custom", "custom_role": made["id"]}
    assert (await house.ask(zoe, "POST", "/admin/invitations", 404, asked))["code"] == "no_role"
    unnamed = {"name": "Spy", "role": "custom"}
    assert (await house.ask(await house.token("otto"), "POST", "/admin/invitations", 404, unnamed))[
        "code"
    ] == "no_role"
    lines = (await house.ask(await house.token("otto"), "GET", "/audit"))["lines"]
    assert [each["action"] for each in lines] == ["role.added"]
    assert lines[0]["data"] == {"name": "Helper", "verbs": ["operate"]}
