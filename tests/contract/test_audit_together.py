"""An act and its line in the audit log are stored together or not at all, on both databases."""

from collections.abc import Mapping
from typing import Any

import pytest

from myna.adapters.sql.identity.roles import SqlRoles
from myna.identity.trail import Trail
from myna.model.identity import CustomRole
from myna.rights import Verb
from support.api_world import OTTO, WHO, World
from support.planning import WORKSPACE

ROLE = CustomRole(77, WORKSPACE, "Helper", frozenset({Verb.OPERATE.value}))


class Crash(Exception):
    """The process dies here."""


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the act and its line."""

    async def crash(*_: Any) -> None:
        raise Crash

    monkeypatch.setattr("myna.adapters.sql.safety.noted.put_lines", crash)


async def lines(app: World) -> list[Mapping[str, Any]]:
    """The audit log, oldest first, whole and unbroken."""
    assert (await app.ask(OTTO, "GET", "/audit/verify"))["intact"] is True
    return list(reversed((await app.ask(OTTO, "GET", "/audit"))["lines"]))


async def test_an_act_whose_line_cannot_be_written_is_not_done(app: World, dies: None) -> None:
    with pytest.raises(Crash):
        await app.ask(OTTO, "POST", "/admin/roles", json={"name": "Helper", "verbs": ["operate"]})
    assert await SqlRoles(app.database).roles(WORKSPACE) == []
    assert await lines(app) == []


async def test_an_act_that_changes_the_database_carries_its_line(
    app: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written afterwards: a committer that dies after the act takes no line with it."""

    async def crash(*_: Any) -> None:
        raise Crash

    monkeypatch.setattr(app.services.committer, "write", crash)
    await app.ask(OTTO, "POST", "/admin/roles", 201, json={"name": "Helper", "verbs": ["operate"]})
    await app.ask(OTTO, "POST", "/admin/invitations", 201, json={"name": "Mia", "role": "operator"})
    await app.ask(OTTO, "PUT", "/admin/retention", json={"days": {"direct": 30}})
    await app.ask(OTTO, "POST", "/admin/blocks", 204, json={"address": "203.0.113.7"})
    found = await lines(app)
    assert [each["action"] for each in found] == [
        "role.added", "invitation.made", "retention.changed", "address.blocked",
    ]  # fmt: skip
    assert [each["number"] for each in found] == [1, 2, 3, 4]


async def test_a_refused_act_leaves_no_line(app: World) -> None:
    made = await app.ask(OTTO, "POST", "/admin/roles", 201, json={"name": "Helper", "verbs": ["operate"]})
    await app.ask(OTTO, "POST", "/admin/blocks/lift", 404, json={"address": "203.0.113.7"})
    await app.ask(OTTO, "DELETE", "/admin/invitations/12345", 404)
    assert [each["subject"] for each in await lines(app)] == [f"role:{made['id']}"]


async def test_a_transaction_that_changes_nothing_leaves_the_line_to_the_next(app: World) -> None:
    trail, roles = Trail(app.services.committer), SqlRoles(app.database)
    async with trail.act(WHO[OTTO], "role.added", "role:77"):
        await roles.remove_role(77)
        assert await lines(app) == []
        await roles.put_role(ROLE)
        assert len(await lines(app)) == 1
        await roles.put_role(ROLE)
    assert len(await lines(app)) == 1


async def test_an_act_outside_of_the_database_leaves_its_line_at_the_end(app: World) -> None:
    async with Trail(app.services.committer).act(WHO[OTTO], "person.signed_out", "user:1"):
        pass
    assert [each["action"] for each in await lines(app)] == ["person.signed_out"]


async def test_lines_of_transactions_and_of_batches_follow_each_other(app: World) -> None:
    for number in range(3):
        await app.services.privacy.set_retention(WHO[OTTO], {"group": number + 1})
        await Trail(app.services.committer).note(WHO[OTTO], "person.downloaded", f"user:{number}")
    assert [each["number"] for each in await lines(app)] == [1, 2, 3, 4, 5, 6]
