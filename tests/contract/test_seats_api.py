"""Members, roles, bans, links, requests, rules, blocks and channels over the routes, on both databases."""

from typing import Any

import pytest

from myna.log.personal_writes import Retain
from myna.model.workspace import UserKind
from myna.rights import Principal
from support.api_world import ANN, BOB, CHANNEL, EVE, GROUP, OPA, OTTO, VIC, WHO, ZOE, World
from support.planning import WORKSPACE

HERE = f"/conversations/{GROUP}"


async def rule(app: World, **rules: Any) -> Any:
    return await app.ask(ANN, "PATCH", HERE, json={"policy": rules})


async def texts(app: World, who: int, conversation: int = GROUP) -> list[str]:
    page = await app.messages(who, conversation)
    return [each["body"]["text"] for each in page["messages"]]


async def test_a_channel_is_opened_where_moderators_write(app: World) -> None:
    made = await app.ask(
        ANN,
        "POST",
        "/conversations",
        201,
        json={"kind": "channel", "title": "Board", "members": [str(BOB)]},
    )
    await app.say(ANN, int(made["id"]), "1")
    await app.say(BOB, int(made["id"]), "1", status=403)
    await app.ask(ANN, "PATCH", f"/conversations/{made['id']}/members/{BOB}", json={"role": "moderator"})
    await app.say(BOB, int(made["id"]), "1")


@pytest.mark.parametrize(
    ("history", "seen"),
    [("all", ["a", "b", "c", "d"]), ("last:2", ["b", "c", "d"]), ("since_join", ["d"]), ("none", ["d"])],
)
async def test_a_new_member_reads_what_the_policy_says(app: World, history: str, seen: list[str]) -> None:
    await rule(app, history=history)
    for word in "abc":
        await app.say(ANN, GROUP, word, word)
    await app.ask(ANN, "POST", f"{HERE}/members", json={"users": [str(EVE)]})
    await app.say(ANN, GROUP, "d", "d")
    assert await texts(app, EVE) == seen
    events = [each for each in await app.events(EVE, GROUP) if each["kind"] == "message.created"]
    assert [each["data"]["body"]["text"] for each in events] == seen
    assert (await app.ask(EVE, "GET", HERE))["me"]["unread"] == len(seen)


async def test_who_leaves_sees_nothing_and_comes_back_to_a_new_floor(app: World) -> None:
    await rule(app, history="none")
    await app.say(ANN, GROUP, "1", "before")
    await app.ask(BOB, "DELETE", f"{HERE}/members/me", 204)
    await app.say(ANN, GROUP, "2", "meanwhile")
    await app.ask(BOB, "GET", f"{HERE}/messages", 404)
    await app.say(BOB, GROUP, "1", status=404)
    await app.ask(ANN, "POST", f"{HERE}/members", json={"users": [str(BOB)]})
    await app.say(ANN, GROUP, "3", "after")
    assert await texts(app, BOB) == ["after"]


async def test_members_are_paged_longest_first(app: World) -> None:
    await app.ask(ANN, "POST", f"{HERE}/members", json={"users": [str(EVE), str(OPA), str(OTTO)]})
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await app.ask(BOB, "GET", f"{HERE}/members", params={"limit": 2, **after})
        found += [each["user"]["id"] for each in page["members"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == [str(each) for each in (ANN, BOB, EVE, OPA, OTTO)]


async def test_a_removed_member_may_return_by_a_link_and_a_banned_one_not(app: World) -> None:
    link = await app.ask(ANN, "POST", f"{HERE}/invites", 201, json={})
    await app.ask(ANN, "DELETE", f"{HERE}/members/{BOB}", 204)
    assert (await app.ask(BOB, "POST", f"/invites/{link['code']}", json={}))["state"] == "joined"
    await app.ask(ANN, "DELETE", f"{HERE}/members/{BOB}", 204, params={"ban_s": 0})
    refused = await app.ask(BOB, "POST", f"/invites/{link['code']}", 403, json={})
    assert refused["code"] == "banned"
    found = (await app.ask(ANN, "GET", f"{HERE}/bans"))["bans"]
    assert [(each["user"]["id"], each["banned_until"]) for each in found] == [(str(BOB), None)]
    await app.ask(ANN, "DELETE", f"{HERE}/bans/{BOB}", 204)
    await app.ask(BOB, "POST", f"/invites/{link['code']}", json={})


async def test_a_link_shows_where_it_leads_counts_and_ends(app: World) -> None:
    link = await app.ask(ANN, "POST", f"{HERE}/invites", 201, json={"max_uses": 1, "role": "guest"})
    shown = await app.ask(EVE, "GET", f"/invites/{link['code']}")
    assert (shown["title"], shown["members"], shown["role"]) == ("Team", 2, "guest")
    await app.ask(ZOE, "GET", f"/invites/{link['code']}", 404)
    await app.ask(EVE, "POST", f"/invites/{link['code']}", json={})
    assert (await app.ask(EVE, "GET", HERE))["me"]["role"] == "guest"
    refused = await app.ask(OPA, "POST", f"/invites/{link['code']}", 403, json={})
    assert refused["code"] == "invite_over"
    (listed,) = (await app.ask(ANN, "GET", f"{HERE}/invites"))["invites"]
    assert (listed["uses"], listed["max_uses"]) == (1, 1)
    await app.ask(ANN, "DELETE", f"{HERE}/invites/{listed['id']}", 204)
    await app.ask(BOB, "GET", f"{HERE}/invites", 403)
    await app.ask(BOB, "POST", f"{HERE}/invites", 403, json={})


async def test_a_link_with_approval_and_an_open_group(app: World) -> None:
    link = await app.ask(ANN, "POST", f"{HERE}/invites", 201, json={"approval": True})
    asked = await app.ask(EVE, "POST", f"/invites/{link['code']}", json={"note": "me please"})
    assert asked["state"] == "waiting"
    await app.ask(EVE, "GET", HERE, 404)
    (waits,) = (await app.ask(ANN, "GET", f"{HERE}/requests"))["requests"]
    assert (waits["user"]["id"], waits["note"]) == (str(EVE), "me please")
    await app.ask(BOB, "GET", f"{HERE}/requests", 403)
    await app.ask(ANN, "POST", f"{HERE}/requests/{EVE}", 204, json={"allow": True})
    await app.ask(EVE, "GET", HERE)
    await app.ask(ANN, "POST", f"{HERE}/requests/{EVE}", 409, json={"allow": True})
    assert (await app.ask(OPA, "GET", "/joinable"))["conversations"] == []
    await app.ask(OPA, "POST", f"{HERE}/join", 404, json={})
    await rule(app, join="open")
    (found,) = (await app.ask(OPA, "GET", "/joinable"))["conversations"]
    assert (found["id"], found["members"], found["join"]) == (str(GROUP), 3, "open")
    assert (await app.ask(OPA, "POST", f"{HERE}/join", json={}))["state"] == "joined"
    await app.ask(VIC, "POST", f"{HERE}/join", 403, json={})


@pytest.mark.parametrize(
    ("history", "seen"), [("since_join", ["b", "c"]), ("none", ["c"]), ("last:1", ["b", "c"])]
)
async def test_who_had_to_wait_reads_from_its_wish_on_or_from_its_seat_on(
    app: World, history: str, seen: list[str]
) -> None:
    await rule(app, history=history, join="request")
    await app.say(ANN, GROUP, "a", "a")
    await app.ask(EVE, "POST", f"{HERE}/join", json={})
    await app.say(ANN, GROUP, "b", "b")
    await app.ask(EVE, "GET", f"{HERE}/messages", 404)
    await app.ask(ANN, "POST", f"{HERE}/requests/{EVE}", 204, json={"allow": True})
    await app.say(ANN, GROUP, "c", "c")
    assert await texts(app, EVE) == seen
    # Coming back sets a new floor whatever was asked before.
    await app.ask(EVE, "DELETE", f"{HERE}/members/me", 204)
    await app.say(ANN, GROUP, "d", "d")
    await app.ask(ANN, "POST", f"{HERE}/members", json={"users": [str(EVE)]})
    await app.say(ANN, GROUP, "e", "e")
    assert await texts(app, EVE) == (["d", "e"] if history == "last:1" else ["e"])


async def test_mutes_slow_mode_and_roles_hold_at_the_next_message(app: World) -> None:
    await app.ask(ANN, "PATCH", f"{HERE}/members/{BOB}", json={"mute_s": 600})
    assert (await app.say(BOB, GROUP, "1", status=403))["code"] == "muted"
    await app.ask(ANN, "PATCH", f"{HERE}/members/{BOB}", json={"mute_s": 0})
    await app.say(BOB, GROUP, "1")
    await rule(app, slow_s=3600)
    await app.say(BOB, GROUP, "2")
    slow = await app.say(BOB, GROUP, "3", status=429)
    assert slow["code"] == "slow_mode"
    assert 0 < slow["retry_ms"] <= 3_600_001
    await app.ask(ANN, "PATCH", f"{HERE}/members/{BOB}", json={"role": "read_only"})
    await app.say(BOB, GROUP, "3", status=403)
    await app.ask(BOB, "PATCH", f"{HERE}/members/{ANN}", 403, json={"role": "guest"})


async def test_a_role_that_rises_counts_at_once(app: World) -> None:
    await app.ask(BOB, "PATCH", HERE, 403, json={"title": "Mine"})
    await app.ask(ANN, "PATCH", f"{HERE}/members/{BOB}", json={"role": "admin"})
    shown = await app.ask(BOB, "PATCH", HERE, json={"title": "Ours", "policy": {"slow_s": 5}})
    assert (shown["title"], shown["policy"]["slow_s"], shown["policy"]["history"]) == ("Ours", 5, "all")
    assert [each["kind"] for each in await app.events(ANN, GROUP)] == [
        "conversation.changed",
        "member.changed",
        "conversation.changed",
    ]


@pytest.mark.parametrize(
    "rules",
    [{"history": "some"}, {"slow_s": -1}, {"join": "x"}, {"retain_days": 10**9}, {"slow_s": "soon"}],
)
async def test_rules_of_the_wrong_shape_change_nothing(app: World, rules: dict[str, Any]) -> None:
    await app.ask(ANN, "PATCH", HERE, 400, json={"policy": rules})
    assert len(await app.events(ANN, GROUP)) == 1


async def test_strangers_and_visitors_are_not_added(app: World) -> None:
    for wrong in ([str(ZOE)], [str(VIC)], ["12345"], [str(EVE), str(ZOE)]):
        await app.ask(ANN, "POST", f"{HERE}/members", 404, json={"users": wrong})
    await app.ask(BOB, "POST", f"{HERE}/members", 403, json={"users": [str(EVE)]})
    await app.ask(EVE, "POST", f"{HERE}/members", 404, json={"users": [str(EVE)]})
    assert len((await app.ask(ANN, "GET", f"{HERE}/members"))["members"]) == 2


async def test_who_is_blocked_cannot_write_directly_nor_add(app: World) -> None:
    made = await app.ask(BOB, "POST", "/conversations", 201, json={"kind": "direct", "user": str(ANN)})
    await app.say(BOB, int(made["id"]), "1")
    await app.ask(ANN, "PUT", f"/blocks/{BOB}", 204)
    await app.say(BOB, int(made["id"]), "2", status=403)
    assert [each["id"] for each in (await app.ask(ANN, "GET", "/blocks"))["users"]] == [str(BOB)]
    group = await app.ask(BOB, "POST", "/conversations", 201, json={"kind": "group", "title": "Bob's"})
    refused = await app.ask(
        BOB, "POST", f"/conversations/{group['id']}/members", 403, json={"users": [str(ANN)]}
    )
    assert refused["code"] == "blocked"
    await app.ask(ANN, "DELETE", f"/blocks/{BOB}", 204)
    await app.say(BOB, int(made["id"]), "2")
    await app.ask(ANN, "PUT", f"/blocks/{OTTO}", 204)
    await app.ask(OTTO, "POST", "/conversations", 403, json={"kind": "direct", "user": str(ANN)})


async def test_without_a_role_one_writes_to_whom_one_shares_a_conversation_with(
    app: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WHO, BOB, Principal(BOB, WORKSPACE, UserKind.HUMAN, None))
    made = await app.ask(BOB, "POST", "/conversations", 201, json={"kind": "direct", "user": str(ANN)})
    await app.say(BOB, int(made["id"]), "1")
    again = await app.ask(BOB, "POST", "/conversations", 200, json={"kind": "direct", "user": str(ANN)})
    assert again["id"] == made["id"]
    for stranger in (OTTO, VIC, ZOE, 12345):
        await app.ask(BOB, "POST", "/conversations", 404, json={"kind": "direct", "user": str(stranger)})
    await app.ask(BOB, "POST", "/conversations", 403, json={"kind": "group", "title": "Bob's"})
    await app.ask(VIC, "POST", "/conversations", 403, json={"kind": "direct", "user": str(ANN)})
    kinds = [each["kind"] for each in (await app.ask(BOB, "GET", "/conversations"))["conversations"]]
    assert sorted(kinds) == ["channel", "direct", "group"]


async def test_retention_takes_words_and_moves_every_floor(app: World) -> None:
    await app.say(ANN, GROUP, "1", "ancient")
    await app.ask(BOB, "PUT", f"{HERE}/messages/1/reactions/👍")
    await app.say(ANN, GROUP, "2", "new")
    await rule(app, retain_days=1)
    await app.write(Retain(GROUP, 1))
    assert await texts(app, BOB) == ["new"]
    assert "ancient" not in repr(await app.events(BOB, GROUP))
    assert (await app.ask(BOB, "GET", HERE))["me"]["unread"] == 1
    await app.ask(BOB, "PUT", f"{HERE}/messages/1/reactions/👍", 404)
    again = await app.say(ANN, GROUP, "1", "ancient", status=200)
    assert (again["seq"], again["duplicate"]) == (1, True)


async def test_readers_of_a_channel_may_leave_and_the_owner_s_seat_passes_on(app: World) -> None:
    await app.ask(ANN, "DELETE", f"/conversations/{CHANNEL}/members/me", 204)
    assert (await app.ask(BOB, "GET", f"/conversations/{CHANNEL}"))["me"]["role"] == "owner"
