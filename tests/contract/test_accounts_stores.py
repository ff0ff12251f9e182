"""Workspaces, users, inboxes, agents and refresh tokens on both databases."""

import asyncio

import pytest

from myna.errors import Conflict
from myna.model.workspace import Inbox, User, UserKind, Workspace, WorkspaceRole
from support.planning import ANN, BIRD, BOB, EVE, FINCH, INBOX, OPA, OTTO, VIC, WORKSPACE
from support.stores import ELSEWHERE, PEOPLE, Stores


async def test_users_come_back_whole(shop: Stores) -> None:
    for person in PEOPLE:
        assert await shop.accounts.user(person.id) == person
    assert await shop.accounts.user(4711) is None


async def test_workspaces_are_found_oldest_first(shop: Stores) -> None:
    assert await shop.accounts.first_workspace() == Workspace(WORKSPACE, "Shop")
    assert await shop.accounts.workspace(ELSEWHERE) == Workspace(ELSEWHERE, "Other shop")
    assert await shop.accounts.workspace(3) is None


async def test_users_of_another_workspace_are_not_loaded(shop: Stores) -> None:
    found = await shop.accounts.users([ANN, 99, VIC, 4711], WORKSPACE)
    assert {each.id for each in found} == {ANN, VIC}
    assert await shop.accounts.users([], WORKSPACE) == []


async def test_people_are_listed_by_name_without_visitors(shop: Stores) -> None:
    found = await shop.accounts.humans(WORKSPACE, 100)
    assert [each.id for each in found] == [ANN, BIRD, BOB, EVE, FINCH, OPA, OTTO]
    assert [each.id for each in await shop.accounts.humans(WORKSPACE, 2)] == [ANN, BIRD]


async def test_a_handle_is_taken_once_in_a_workspace(shop: Stores) -> None:
    with pytest.raises(Conflict) as refused:
        await shop.accounts.add_user(User(500, WORKSPACE, UserKind.HUMAN, "Other Ann", "ann"))
    assert refused.value.code == "handle_taken"
    assert await shop.accounts.user(500) is None
    await shop.accounts.add_user(User(501, ELSEWHERE, UserKind.HUMAN, "Their Ann", "ann"))
    for visitor in (502, 503):
        await shop.accounts.add_user(User(visitor, WORKSPACE, UserKind.VISITOR, "Visitor"))


async def test_only_who_has_a_password_can_sign_in(shop: Stores) -> None:
    cleo = User(500, WORKSPACE, UserKind.HUMAN, "Cleo", "cleo", role=WorkspaceRole.ADMIN)
    await shop.accounts.add_user(cleo, "hash 1")
    assert await shop.accounts.credentials("cleo") == (cleo, "hash 1")
    assert await shop.accounts.credentials("bird") is None
    assert await shop.accounts.credentials("nobody") is None


async def test_a_new_password_ends_every_sign_in(shop: Stores) -> None:
    await shop.refresh.add("a", 1, ANN, 100.0)
    await shop.refresh.add("b", 2, BOB, 100.0)
    await shop.accounts.set_password(ANN, "hash 2")
    found = await shop.accounts.credentials("ann")
    assert found is not None
    assert found[1] == "hash 2"
    assert await shop.refresh.use("a", 50.0) is None
    assert await shop.refresh.use("b", 50.0) == (2, BOB, False)


async def test_inboxes_come_back_whole(shop: Stores) -> None:
    texts = {"greeting": {"en": "Hi", "zh": "你好"}, "suggestions": {"en": ["Where is my order?"]}}
    inbox = Inbox(700, WORKSPACE, "new", "New", FINCH, ("https://a.example",), "zh", texts)
    await shop.accounts.add_inbox(inbox)
    assert await shop.accounts.inbox_by_key("new") == inbox
    assert await shop.accounts.inbox_by_key("NEW") is None
    assert [each.id for each in await shop.accounts.inboxes(WORKSPACE)] == [INBOX, INBOX + 1, 700]
    assert await shop.accounts.inboxes(ELSEWHERE) == []


async def test_an_agent_knows_its_bases(shop: Stores) -> None:
    assert await shop.accounts.agent(BIRD) is None
    await shop.accounts.add_agent(BIRD, WORKSPACE, [3, 2**53 - 1], {"persona": "friendly", "k": 6})
    assert await shop.accounts.agent(BIRD) == ((3, 2**53 - 1), {"persona": "friendly", "k": 6})


async def test_a_refresh_token_tells_whether_it_was_used_before(shop: Stores) -> None:
    await shop.refresh.add("a", 1, ANN, 100.0)
    assert await shop.refresh.use("a", 50.0) == (1, ANN, False)
    assert await shop.refresh.use("a", 60.0) == (1, ANN, True)
    assert await shop.refresh.use("unknown", 50.0) is None


async def test_an_expired_refresh_token_is_unknown(shop: Stores) -> None:
    await shop.refresh.add("a", 1, ANN, 100.0)
    assert await shop.refresh.use("a", 100.5) is None
    assert await shop.refresh.use("a", 99.5) == (1, ANN, False)


async def test_revoking_ends_one_family(shop: Stores) -> None:
    for digest, family in (("a", 1), ("b", 1), ("c", 2)):
        await shop.refresh.add(digest, family, ANN, 100.0)
    await shop.refresh.revoke(1)
    assert [await shop.refresh.use(digest, 1.0) for digest in "abc"] == [None, None, (2, ANN, False)]


async def test_of_many_uses_at_once_one_is_the_first(shop: Stores) -> None:
    await shop.refresh.add("a", 1, ANN, 100.0)
    uses = await asyncio.gather(*(shop.refresh.use("a", 50.0) for _ in range(8)))
    assert sorted(used[2] for used in uses if used is not None) == [False] + [True] * 7
