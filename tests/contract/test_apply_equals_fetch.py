"""I6: what a client makes of an old fetch and the events since is what a new fetch shows."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.api.live.happenings import DATA
from myna.model.message import EventKind
from support.api_world import ANN, BOB, EVE, World, world
from support.examples import drawn

PEOPLE = {"ann": ANN, "bob": BOB}
who = st.sampled_from(sorted(PEOPLE))
seq = st.integers(1, 6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), who),
        st.tuples(st.just("reply"), who, seq),
        st.tuples(st.just("edit"), who, seq),
        st.tuples(st.just("recall"), who, seq),
        st.tuples(st.just("react"), who, seq, st.sampled_from("👍🎉"), st.booleans()),
        st.tuples(st.just("pin"), seq, st.booleans()),
        st.tuples(st.just("title")),
        st.tuples(st.just("role"), st.sampled_from(["member", "moderator"])),
        st.tuples(st.just("eve"), st.booleans()),
        st.tuples(st.just("fetch")),
    ),
    min_size=4,
    max_size=20,
)
Step = tuple[Any, ...]


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def histories(steps: list[Step]) -> None:
    drawn(steps)


ALL = [
    ("say", "ann"),
    ("say", "bob"),
    ("react", "bob", 1, "👍", True),
    ("fetch",),
    ("edit", "ann", 1),
    ("pin", 1, True),
]
ALL += [
    ("react", "ann", 1, "👍", True),
    ("react", "bob", 1, "👍", False),
    ("eve", True),
    ("title",),
    ("recall", "bob", 2),
]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_an_old_fetch_and_the_events_since_give_the_new_fetch(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with world(str(request.getfixturevalue(f"{kind}_url")), tmp_path) as app:
        for number, steps in enumerate([ALL, *await drawn.by(histories)]):
            asked = {"kind": "group", "title": f"g{number}", "members": [str(BOB)]}
            place = int((await app.ask(ANN, "POST", "/conversations", 201, json=asked))["id"])
            await _play(app, place, steps)


async def _play(app: World, place: int, steps: list[Step]) -> None:
    view, cursor = await _fetched(app, place)
    for number, step in enumerate(steps):
        if step[0] == "fetch":
            view, cursor = await _fetched(app, place)
        else:
            await _do(app, place, number, step)
    for event in await app.events(BOB, place, cursor):
        assert event["rev"] == cursor + 1
        cursor += 1
        _apply(view, event)
    assert (view, cursor) == await _fetched(app, place), steps


async def _do(app: World, place: int, number: int, step: Step) -> None:
    """One step; what is not possible just now (an edit of somebody else's words …) is refused and changes nothing."""
    here = f"/conversations/{place}"
    match step:
        case ("say", name):
            await app.say(PEOPLE[name], place, f"c{number}", f"words {number}")
            return
        case ("reply", name, to):
            request = PEOPLE[name], "POST", f"{here}/messages"
            more: dict[str, Any] = {
                "json": {"body": {"text": "yes"}, "reply_to": to},
                "headers": {"Idempotency-Key": f"c{number}"},
            }
        case ("edit", name, at):
            request = PEOPLE[name], "PATCH", f"{here}/messages/{at}"
            more = {"json": {"body": {"text": f"better {number}"}}}
        case ("recall", name, at):
            request, more = (PEOPLE[name], "DELETE", f"{here}/messages/{at}"), {}
        case ("react", name, at, emoji, on):
            way = "PUT" if on else "DELETE"
            request, more = (PEOPLE[name], way, f"{here}/messages/{at}/reactions/{emoji}"), {}
        case ("pin", at, on):
            request, more = (ANN, "PUT" if on else "DELETE", f"{here}/pins/{at}"), {}
        case ("title",):
            request, more = (ANN, "PATCH", here), {"json": {"title": f"title {number}"}}
        case ("role", role):
            request, more = (ANN, "PATCH", f"{here}/members/{BOB}"), {"json": {"role": role}}
        case ("eve", True):
            request, more = (ANN, "POST", f"{here}/members"), {"json": {"users": [str(EVE)]}}
        case _:
            request, more = (ANN, "DELETE", f"{here}/members/{EVE}"), {}
    app.who = request[0]
    answer = await app.http.request(request[1], request[2], **more)
    assert answer.status_code < 500, (step, answer.text)


async def _fetched(app: World, place: int) -> tuple[dict[str, Any], int]:
    """What a client shows that begins now, and its cursor."""
    shown = await app.ask(BOB, "GET", f"/conversations/{place}")
    page = await app.messages(BOB, place, limit=200)
    pins = await app.ask(BOB, "GET", f"/conversations/{place}/pins")
    view = {
        "title": shown["title"],
        "members": {each["user"]["id"]: each["role"] for each in shown["members"]},
        "messages": {each["seq"]: each for each in page["messages"]},
        "pins": {each["message"]["seq"] for each in pins["pins"]},
    }
    return view, shown["rev"]


def _apply(view: dict[str, Any], event: dict[str, Any]) -> None:
    """The rules of docs/protocol.md for what an event changes."""
    kind, data = event["kind"], event["data"]
    shape = DATA[EventKind(kind)]
    msgspec.convert(data, shape)
    assert set(data) <= set(shape.__struct_fields__), f"{kind} says more than its document"
    if kind.startswith("message."):
        view["messages"][data["seq"]] = data
        if kind == "message.recalled":
            view["pins"].discard(data["seq"])
    elif kind == "reaction.changed":
        message = dict(view["messages"][event["seq"]])
        counts = {**message.pop("reactions", {}), data["emoji"]: data["count"]}
        if left := {emoji: count for emoji, count in counts.items() if count}:
            message["reactions"] = left
        view["messages"][event["seq"]] = message
    elif kind == "pin.changed":
        (view["pins"].add if data["on"] else view["pins"].discard)(event["seq"])
    elif kind in {"member.joined", "member.changed"}:
        view["members"][data["user"]["id"]] = data["role"]
    elif kind == "member.left":
        view["members"].pop(data["user"]["id"], None)
    elif kind == "conversation.changed":
        view["title"] = data.get("title", view["title"])
    else:
        raise AssertionError(f"no rule for {kind}")
