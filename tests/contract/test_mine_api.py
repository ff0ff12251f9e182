"""A user's own things over the routes, on both databases: saved messages, deletions, drafts, later, mentions, forwards."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.log.personal_writes import Hide
from myna.log.seat_writes import Leave
from myna.log.writes import Join
from myna.model.conversation import MemberRole
from support.api_world import ANN, BOB, CHANNEL, EVE, GROUP, OPA, VIC, ZOE, World, world
from support.planning import SUPPORT, WORKSPACE

HERE = f"/conversations/{GROUP}"


async def told(app: World, who: int) -> list[dict[str, Any]]:
    """What the user's devices heard in its own conversation."""
    mine = await app.ask(who, "GET", "/saved")
    events = await app.events(who, int(mine["id"]))
    return [each["data"] for each in events if each["kind"] == "mine.changed"]


async def test_saved_messages_are_a_conversation_of_one(app: World) -> None:
    mine = await app.ask(ANN, "GET", "/saved")
    assert (mine["kind"], len(mine["members"])) == ("saved", 1)
    assert (await app.ask(ANN, "GET", "/saved"))["id"] == mine["id"]
    await app.say(ANN, int(mine["id"]), "1", "to do")
    await app.ask(BOB, "GET", f"/conversations/{mine['id']}", 404)
    assert (await app.ask(BOB, "GET", "/saved"))["id"] != mine["id"]


async def test_a_forward_says_who_wrote_it_and_cannot_be_forged(app: World) -> None:
    await app.say(BOB, GROUP, "1", "good idea")
    mine = int((await app.ask(ANN, "GET", "/saved"))["id"])
    body = {"forward": {"conversation": str(GROUP), "seq": 1}, "text": "forged"}
    await app.say(ANN, mine, "1", body=body)
    (kept,) = (await app.messages(ANN, mine))["messages"]
    assert kept["body"]["text"] == "good idea"
    assert (kept["body"]["forward"]["sender"], kept["body"]["forward"]["name"]) == (str(BOB), "Bob")
    again = {"forward": {"conversation": str(mine), "seq": 1}}
    await app.say(ANN, CHANNEL, "1", body=again)
    (passed,) = (await app.messages(EVE, CHANNEL))["messages"]
    assert passed["body"]["forward"]["sender"] == str(BOB)
    for who, seq, place in ((EVE, 1, GROUP), (ANN, 9, GROUP), (ANN, 1, SUPPORT)):
        saved = int((await app.ask(who, "GET", "/saved"))["id"])
        wrong = {"forward": {"conversation": str(place), "seq": seq}}
        await app.say(who, saved, "x", body=wrong, status=404)


async def test_deleting_for_me_leaves_the_others_alone(app: World) -> None:
    for word in "abcd":
        await app.say(ANN, GROUP, word, word)
    await app.ask(BOB, "POST", f"{HERE}/hidden", 204, json={"seqs": [3]})
    page = await app.messages(BOB, GROUP)
    assert [each["seq"] for each in page["messages"]] == [1, 2, 4]
    assert [each["seq"] for each in await app.events(BOB, GROUP, 1)] == [1, 2, 4]
    await app.ask(BOB, "POST", f"{HERE}/hidden", 204, json={"up_to": 2})
    assert [each["seq"] for each in (await app.messages(BOB, GROUP))["messages"]] == [4]
    assert len((await app.messages(ANN, GROUP))["messages"]) == 4
    shown = await app.ask(BOB, "GET", HERE)
    assert (shown["me"]["deleted_to"], shown["me"]["unread"]) == (2, 2)
    assert [each["what"] for each in await told(app, BOB)] == ["hidden", "hidden"]
    await app.ask(BOB, "POST", f"{HERE}/hidden", 400, json={})
    await app.ask(EVE, "POST", f"{HERE}/hidden", 404, json={"up_to": 1})


async def test_a_draft_is_on_all_devices_and_its_words_in_no_log(app: World) -> None:
    await app.ask(ANN, "PUT", f"{HERE}/draft", 204, json={"text": "unsent thought", "reply_to": None})
    (kept,) = (await app.ask(ANN, "GET", "/drafts"))["drafts"]
    assert (kept["conversation"], kept["body"]) == (str(GROUP), {"text": "unsent thought"})
    assert (await app.ask(BOB, "GET", "/drafts"))["drafts"] == []
    assert await told(app, ANN) == [{"what": "draft", "conversation": str(GROUP), "kept": True}]
    await app.ask(ANN, "DELETE", f"{HERE}/draft", 204)
    assert (await app.ask(ANN, "GET", "/drafts"))["drafts"] == []
    await app.ask(EVE, "PUT", f"{HERE}/draft", 404, json={"text": "x"})


def later(text: str, due_at: float, conversation: int = GROUP) -> dict[str, Any]:
    due = datetime.fromtimestamp(due_at, UTC).isoformat()
    return {"conversation": str(conversation), "body": {"text": text}, "due_at": due}


async def test_a_message_for_later_is_sent_once_at_its_time(app: World) -> None:
    key = {"Idempotency-Key": "later"}
    made = await app.ask(
        ANN, "POST", "/scheduled", 201, json=later("good morning", time.time() + 3600), headers=key
    )
    assert made["state"] == "waiting"
    await app.services.timer.once(time.time())
    assert (await app.messages(ANN, GROUP))["messages"] == []
    await app.services.timer.once(time.time() + 3601)
    await app.services.timer.once(time.time() + 3602)
    (sent,) = (await app.messages(BOB, GROUP))["messages"]
    assert (sent["body"]["text"], sent["client_id"]) == ("good morning", "later")
    assert (await app.ask(ANN, "GET", "/scheduled"))["scheduled"] == []
    await app.ask(ANN, "DELETE", f"/scheduled/{made['id']}", 409)


async def test_a_message_for_later_can_be_changed_and_given_up(app: World) -> None:
    made = await app.ask(
        ANN,
        "POST",
        "/scheduled",
        201,
        json=later("one", time.time() + 3600),
        headers={"Idempotency-Key": "a"},
    )
    path = f"/scheduled/{made['id']}"
    change: dict[str, Any] = {"json": later("two", time.time() + 7200), "headers": {"Idempotency-Key": "a"}}
    assert (await app.ask(ANN, "PUT", path, **change))["body"] == {"text": "two"}
    await app.ask(BOB, "PUT", path, 404, **change)
    await app.ask(BOB, "DELETE", path, 404)
    await app.ask(ANN, "DELETE", path, 204)
    await app.services.timer.once(time.time() + 9999)
    assert (await app.messages(ANN, GROUP))["messages"] == []


async def test_a_message_for_later_of_who_left_fails_and_says_so(app: World) -> None:
    await app.ask(
        BOB,
        "POST",
        "/scheduled",
        201,
        json=later("too late", time.time() + 3600),
        headers={"Idempotency-Key": "a"},
    )
    await app.write(Leave(GROUP, BOB))
    await app.services.timer.once(time.time() + 3601)
    (failed,) = (await app.ask(BOB, "GET", "/scheduled"))["scheduled"]
    assert (failed["state"], failed["error"]) == ("failed", "not_found")


@pytest.mark.parametrize("due_s", [-10, 400 * 86_400])
async def test_a_time_that_makes_no_sense_is_refused(app: World, due_s: int) -> None:
    asked = later("x", time.time() + due_s)
    await app.ask(ANN, "POST", "/scheduled", 400, json=asked, headers={"Idempotency-Key": "a"})
    assert (await app.ask(ANN, "GET", "/scheduled"))["scheduled"] == []


async def test_mentions_are_counted_and_listed(app: World) -> None:
    await app.say(ANN, GROUP, "1", body={"text": "hi @bob", "mentions": [str(BOB), str(EVE)]})
    await app.say(ANN, GROUP, "2", body={"text": "hi all", "mentions": ["all"]})
    await app.say(BOB, GROUP, "3", status=403, body={"text": "hi all", "mentions": ["all"]})
    shown = await app.ask(BOB, "GET", HERE)
    assert (shown["me"]["mentions"], shown["me"]["unread"]) == (2, 2)
    found = await app.ask(BOB, "GET", "/mentions")
    assert [(each["seq"], each["body"]["mentions"]) for each in found["messages"]] == [
        (1, [str(BOB), str(EVE)])
    ]
    assert (await app.ask(EVE, "GET", "/mentions"))["messages"] == []
    await app.ask(ANN, "DELETE", f"{HERE}/messages/1")
    assert (await app.ask(BOB, "GET", "/mentions"))["messages"] == []
    assert (await app.ask(BOB, "GET", HERE))["me"]["mentions"] == 1


async def test_mentions_come_in_pages(app: World) -> None:
    for place in range(5):
        await app.say(ANN, GROUP, str(place), body={"text": "@bob", "mentions": [str(BOB)]})
    found: list[int] = []
    before: dict[str, str] = {}
    while True:
        page = await app.ask(BOB, "GET", "/mentions", params={"limit": 2, **before})
        found += [each["seq"] for each in page["messages"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert found == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("wrong", [["x"], ["0"], [str(BOB)] * 51, ["-1"]])
async def test_mentions_of_the_wrong_shape_are_refused(app: World, wrong: list[str]) -> None:
    await app.say(ANN, GROUP, "1", status=400, body={"text": "hi", "mentions": wrong})
    assert len(await app.events(ANN, GROUP)) == 1


async def test_what_to_be_told_of_is_kept(app: World) -> None:
    await app.ask(BOB, "PUT", f"{HERE}/notify", 204, json={"notify": "mentions"})
    assert (await app.ask(BOB, "GET", HERE))["me"]["notify"] == "mentions"
    await app.ask(BOB, "PUT", f"{HERE}/notify", 400, json={"notify": "loud"})
    await app.ask(ZOE, "PUT", f"{HERE}/notify", 404, json={"notify": "none"})


async def test_a_visitor_has_its_own_things_too(app: World) -> None:
    await app.say(VIC, SUPPORT, "1", "mine")
    await app.ask(VIC, "POST", f"/conversations/{SUPPORT}/hidden", 204, json={"up_to": 1})
    assert (await app.messages(VIC, SUPPORT))["messages"] == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from([ANN, BOB])),
        st.tuples(st.just("read"), st.integers(0, 12)),
        st.tuples(st.just("delete"), st.integers(1, 12)),
        st.tuples(st.just("rejoin"), st.sampled_from(["all", "none"])),
    ),
    max_size=14,
)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_unread_equals_brute_force(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = str(request.getfixturevalue(f"{kind}_url"))
    async with world(url, Path(tmp_path_factory.mktemp("world"))) as app:
        await _unread_equals_brute_force(app)


async def _unread_equals_brute_force(app: World) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    examples: list[list[tuple[str, Any]]] = []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(STEPS)
    def collect(steps: list[tuple[str, Any]]) -> None:
        examples.append(steps)

    await loop.run_in_executor(None, collect)
    for place, steps in enumerate(examples):
        await _one_history(app, place, steps)


async def _one_history(app: World, place: int, steps: list[tuple[str, Any]]) -> None:
    made = await app.ask(
        ANN,
        "POST",
        "/conversations",
        201,
        json={"kind": "group", "title": f"g{place}", "members": [str(BOB)]},
    )
    here = int(made["id"])
    log: list[int] = []
    floor, read, deleted, own = 1, 0, 0, 0
    for number, (what, value) in enumerate(steps):
        if what == "say":
            log.append(value)
            await app.say(value, here, f"{number}")
            own = len(log) if value == BOB else own
        elif what == "read" and 1 <= value <= len(log):
            await app.services.directory._conversations.mark_read({(here, BOB): value})
            read = max(read, value)
        elif what == "delete":
            await app.write(Hide(BOB, WORKSPACE, 10**9 + number, here, (), value))
            deleted = max(deleted, min(value, len(log)))
        elif what == "rejoin":
            await app.write(Leave(here, BOB))
            await app.write(Join(here, BOB, MemberRole.MEMBER, {}, history=value))
            floor = 1 if value == "all" else len(log) + 1
        expected = sum(
            1
            for seq, sender in enumerate(log, 1)
            if seq >= floor and seq > deleted and seq > read and seq > own and sender != BOB
        )
        assert (await app.ask(BOB, "GET", f"/conversations/{here}"))["me"]["unread"] == expected, steps


async def test_people_are_shown_to_those_who_share_a_conversation_with_them(app: World) -> None:
    async def shown(who: int, *ids: int) -> set[str]:
        params = {"ids": ",".join(str(each) for each in ids)}
        return {each["id"] for each in (await app.ask(who, "GET", "/users", params=params))["users"]}

    assert await shown(EVE, ANN, BOB, EVE, VIC, ZOE) == {str(ANN), str(BOB), str(EVE)}
    assert await shown(VIC, ANN, VIC) == {str(VIC)}
    await app.ask(EVE, "DELETE", f"/conversations/{CHANNEL}/members/me", 204)
    assert await shown(EVE, ANN, BOB) == set()
    assert await shown(OPA, ANN, VIC, ZOE) == {str(ANN), str(VIC)}
