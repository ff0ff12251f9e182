"""Edits, recalls, reactions, pins and threads over the routes and the socket's ops, on both databases."""

from typing import Any

import pytest

from myna.errors import MynaError
from myna.log.writes import Join
from myna.model.conversation import MemberRole
from support.api_world import ANN, BOB, CHANNEL, EVE, GROUP, OPA, OTTO, VIC, ZOE, World
from support.planning import SUPPORT

HERE = f"/conversations/{GROUP}"


async def test_an_edit_keeps_its_versions(app: World) -> None:
    await app.say(ANN, GROUP, "1", "first")
    for place, words in enumerate(("second", "third")):
        ack = await app.ask(ANN, "PATCH", f"{HERE}/messages/1", json={"body": {"text": words}})
        assert (ack["seq"], ack["rev"]) == (1, 3 + place)
    page = await app.messages(BOB, GROUP)
    assert page["messages"][0]["body"] == {"text": "third"}
    assert page["messages"][0]["edited_at"]
    found = (await app.ask(BOB, "GET", f"{HERE}/messages/1/versions"))["versions"]
    assert [each["body"]["text"] for each in found] == ["first", "second"]
    assert [each["kind"] for each in await app.events(BOB, GROUP, 1)] == [
        "message.created",
        "message.edited",
        "message.edited",
    ]


async def test_a_change_with_a_key_happens_once(app: World) -> None:
    await app.say(ANN, GROUP, "1")
    once: dict[str, Any] = {"json": {"body": {"text": "new"}}, "headers": {"Idempotency-Key": "e"}}
    first = await app.ask(ANN, "PATCH", f"{HERE}/messages/1", **once)
    again = await app.ask(ANN, "PATCH", f"{HERE}/messages/1", **once)
    assert (again["rev"], again["ts"], again["duplicate"]) == (first["rev"], first["ts"], True)
    refused = await app.ask(
        ANN,
        "PATCH",
        f"{HERE}/messages/1",
        409,
        json={"body": {"text": "other"}},
        headers={"Idempotency-Key": "e"},
    )
    assert refused["code"] == "client_id_conflict"


async def test_a_recalled_text_is_nowhere(app: World) -> None:
    await app.say(ANN, GROUP, "1", "secret one")
    await app.ask(ANN, "PATCH", f"{HERE}/messages/1", json={"body": {"text": "secret two"}})
    await app.ask(BOB, "PUT", f"{HERE}/messages/1/reactions/👍")
    await app.ask(ANN, "PUT", f"{HERE}/pins/1")
    await app.ask(ANN, "DELETE", f"{HERE}/messages/1")
    shown = [
        await app.messages(BOB, GROUP),
        await app.events(BOB, GROUP),
        await app.ask(BOB, "GET", f"{HERE}/messages/1/versions"),
        await app.ask(BOB, "GET", f"{HERE}/messages/1/reactions"),
        await app.ask(BOB, "GET", f"{HERE}/pins"),
        await app.ask(BOB, "GET", "/conversations"),
    ]
    assert "secret" not in repr(shown)
    assert shown[0]["messages"][0]["state"] == "recalled"
    assert (shown[3]["reactions"], shown[4]["pins"]) == ([], [])
    tables = ("message", "message_version", "event", "command")
    async with app.database.read() as connection:
        from sqlalchemy import text

        for name in tables:
            rows = (await connection.execute(text(f"SELECT * FROM {name}"))).all()
            assert "secret" not in repr(rows)


async def test_reactions_show_counts_my_own_and_who(app: World) -> None:
    await app.say(ANN, GROUP, "1")
    await app.ask(ANN, "PUT", f"{HERE}/messages/1/reactions/👍")
    await app.ask(BOB, "PUT", f"{HERE}/messages/1/reactions/👍")
    await app.ask(BOB, "PUT", f"{HERE}/messages/1/reactions/:myna:")
    page = await app.messages(BOB, GROUP)
    assert page["messages"][0]["reactions"] == {"👍": 2, ":myna:": 1}
    assert page["my_reactions"] == {"1": ["👍", ":myna:"]}
    who = (await app.ask(ANN, "GET", f"{HERE}/messages/1/reactions"))["reactions"]
    assert [(each["emoji"], each["user"]) for each in who] == [
        ("👍", str(ANN)),
        ("👍", str(BOB)),
        (":myna:", str(BOB)),
    ]
    await app.ask(BOB, "DELETE", f"{HERE}/messages/1/reactions/👍")
    assert (await app.messages(ANN, GROUP))["messages"][0]["reactions"] == {"👍": 1, ":myna:": 1}


@pytest.mark.parametrize("emoji", ["a", "ab", " ", "x👍", "👍 👍", ":UP:", "::", "1"])
async def test_what_is_no_emoji_is_refused(app: World, emoji: str) -> None:
    await app.say(ANN, GROUP, "1")
    with pytest.raises(MynaError) as refused:
        await app.frame(
            ANN, {"op": "react", "conversation": str(GROUP), "seq": 1, "client_id": "r", "emoji": emoji}
        )
    assert refused.value.status == 400


async def test_pins_are_shown_newest_first_and_bob_may_not_pin(app: World) -> None:
    for place in range(3):
        await app.say(ANN, GROUP, str(place), f"say {place}")
    for seq in (2, 1):
        await app.ask(ANN, "PUT", f"{HERE}/pins/{seq}")
    await app.ask(BOB, "PUT", f"{HERE}/pins/3", 403)
    found = (await app.ask(BOB, "GET", f"{HERE}/pins"))["pins"]
    assert [each["message"]["seq"] for each in found] == [1, 2]
    assert found[0]["pinned_by"] == str(ANN)
    await app.ask(ANN, "DELETE", f"{HERE}/pins/1")
    assert len((await app.ask(BOB, "GET", f"{HERE}/pins"))["pins"]) == 1


async def test_a_thread_is_read_on_its_own(app: World) -> None:
    await app.say(ANN, GROUP, "1", "question")
    await app.say(BOB, GROUP, "2", "aside")
    await app.say(BOB, GROUP, "3", "answer", thread=1)
    await app.say(ANN, GROUP, "4", "thanks", thread=3)
    page = await app.messages(BOB, GROUP)
    assert page["threads"] == {"1": {"replies": 2, "last_seq": 4}}
    assert [each.get("thread") for each in page["messages"]] == [None, None, 1, 1]
    thread = await app.messages(BOB, GROUP, thread=1)
    assert [each["body"]["text"] for each in thread["messages"]] == ["answer", "thanks"]
    await app.say(BOB, GROUP, "5", thread=77, status=404)


async def test_the_ops_do_the_same_as_the_routes(app: World) -> None:
    await app.say(ANN, GROUP, "1")
    place = {"conversation": str(GROUP), "seq": 1}
    frames = [
        {"op": "edit", "ref": 1, "client_id": "c1", "body": {"text": "new"}, **place},
        {"op": "react", "ref": 2, "client_id": "c2", "emoji": "👍", **place},
        {"op": "pin", "ref": 3, "client_id": "c3", **place},
        {"op": "recall", "ref": 4, "client_id": "c4", **place},
    ]
    for expected, frame in enumerate(frames):
        ack = await app.frame(ANN, frame)
        assert (ack["op"], ack["ref"], ack["seq"], ack["rev"]) == ("ack", expected + 1, 1, expected + 3)
        again = await app.frame(ANN, frame)
        assert (again["rev"], again["duplicate"]) == (ack["rev"], True)
    kinds = [each["kind"] for each in await app.events(BOB, GROUP, 2)]
    assert kinds == ["message.edited", "reaction.changed", "pin.changed", "message.recalled"]


@pytest.mark.parametrize("who", [EVE, ZOE, OPA])
async def test_strangers_find_nothing(app: World, who: int) -> None:
    await app.say(ANN, GROUP, "1")
    await app.ask(who, "PATCH", f"{HERE}/messages/1", 404, json={"body": {"text": "mine"}})
    await app.ask(who, "DELETE", f"{HERE}/messages/1", 404)
    await app.ask(who, "PUT", f"{HERE}/messages/1/reactions/👍", 404)
    await app.ask(who, "PUT", f"{HERE}/pins/1", 404)
    for path in ("messages/1/versions", "messages/1/reactions", "pins"):
        await app.ask(who, "GET", f"{HERE}/{path}", 404)
    assert len(await app.events(ANN, GROUP)) == 2


async def test_a_late_member_sees_and_changes_nothing_below_its_floor(app: World) -> None:
    await app.say(ANN, GROUP, "1", "old")
    await app.ask(ANN, "PATCH", f"{HERE}/messages/1", json={"body": {"text": "old words"}})
    await app.ask(ANN, "PUT", f"{HERE}/pins/1")
    await app.write(Join(GROUP, EVE, MemberRole.MEMBER, {}, history="none"))
    assert (await app.ask(EVE, "GET", f"{HERE}/pins"))["pins"] == []
    await app.ask(EVE, "GET", f"{HERE}/messages/1/versions", 404)
    await app.ask(EVE, "PUT", f"{HERE}/messages/1/reactions/👍", 404)
    await app.ask(ANN, "PATCH", f"{HERE}/messages/1", json={"body": {"text": "old again"}})
    assert "old" not in repr(await app.events(EVE, GROUP))


async def test_readers_of_a_channel_react_and_do_not_write(app: World) -> None:
    await app.say(ANN, CHANNEL, "1", "news")
    await app.say(BOB, CHANNEL, "1", status=403)
    await app.ask(BOB, "PUT", f"/conversations/{CHANNEL}/messages/1/reactions/🎉")
    await app.ask(BOB, "PUT", f"/conversations/{CHANNEL}/pins/1", 403)
    await app.ask(BOB, "DELETE", f"/conversations/{CHANNEL}/messages/1", 403)


async def test_operators_take_back_what_a_visitor_wrote(app: World) -> None:
    await app.say(VIC, SUPPORT, "1", "rude")
    await app.ask(OTTO, "DELETE", f"/conversations/{SUPPORT}/messages/1")
    page = await app.messages(VIC, SUPPORT)
    assert page["messages"][0]["body"] == {"text": "", "recalled_by": str(OTTO)}


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": 1}, {"text": "\x00"}, {"text": "x" * 10_001}])
async def test_an_edit_to_nothing_is_refused_and_changes_nothing(app: World, body: dict[str, Any]) -> None:
    await app.say(ANN, GROUP, "1", "kept")
    with pytest.raises(MynaError) as refused:
        await app.frame(
            ANN, {"op": "edit", "conversation": str(GROUP), "seq": 1, "client_id": "e", "body": body}
        )
    assert refused.value.status in {400, 413}
    assert len(await app.events(ANN, GROUP)) == 2
