"""Sends that are judged without a task of their own, on both databases: order, what is put aside and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from myna.api.live.link import Link
from myna.deliver.session import Session
from myna.errors import MynaError
from myna.model.message import Ack
from myna.model.moderation import Action, Case, Reason, Verdict
from myna.ports.moderator import Judged
from myna.wire import decode, encode
from support.api_world import ANN, BOB, GROUP, OPA, WHO, World, world


class Doorkeeper:
    """Refuses `refuse`, holds `spam`, flags `odd`, lets everything else pass, and `slow` only once the door is open."""

    def __init__(self) -> None:
        self.door = asyncio.Event()

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        return [
            self._slow() if "slow" in case.text else Verdict(self._action(case), (Reason("spam.model"),), 0.9)
            for case in cases
        ]

    def _action(self, case: Case) -> Action:
        found = (
            action
            for word, action in (("refuse", Action.BLOCK), ("spam", Action.HOLD), ("odd", Action.FLAG))
            if word in case.text
        )
        return next(found, Action.ALLOW)

    async def _slow(self) -> Verdict:
        await self.door.wait()
        return Verdict(Action.ALLOW)


@pytest.fixture
def keeper() -> Doorkeeper:
    return Doorkeeper()


@pytest.fixture
async def judged(database_url: str, tmp_path: Path, keeper: Doorkeeper) -> AsyncIterator[World]:
    async with world(database_url, tmp_path, moderator=keeper) as made:
        for who in (ANN, BOB):  # seats and policies are known from here on
            await made.say(who, GROUP, f"first {who}", "hello")
        yield made


async def sent(app: World, *drafts: tuple[int, str]) -> list[tuple[str, object]]:
    """The outcomes of drafts that are given at once, in the order in which they were settled."""
    outcomes = list[tuple[str, object]]()
    for who, text in drafts:
        principal = WHO[who]

        def settle(outcome: object, text: str = text) -> None:
            outcomes.append((text, outcome))

        assert app.services.sender.at_once(principal, GROUP, text, {"text": text}, None, None, settle)
    async with asyncio.timeout(60):
        while len(outcomes) < len(drafts):
            await asyncio.sleep(0.001)
    return outcomes


async def test_judged_messages_are_stored_in_the_order_in_which_their_sender_gave_them(
    judged: World, keeper: Doorkeeper
) -> None:
    asyncio.get_running_loop().call_later(0.02, keeper.door.set)
    outcomes = await sent(judged, (ANN, "one"), (ANN, "two slow"), (ANN, "three"), (BOB, "four"))
    assert all(isinstance(outcome, Ack) and outcome.seq is not None for _, outcome in outcomes)
    said = [each["body"]["text"] for each in (await judged.messages(BOB, GROUP))["messages"]]
    assert [text for text in said if text in {"one", "two slow", "three"}] == ["one", "two slow", "three"]
    assert said.index("four") < said.index("two slow")


async def test_what_is_held_has_no_seq_until_a_moderator_lets_it_in(judged: World) -> None:
    ((_, outcome),) = await sent(judged, (ANN, "spam"))
    assert isinstance(outcome, Ack)
    assert (outcome.seq, outcome.held is not None) == (None, True)
    ((_, behind),) = await sent(judged, (ANN, "after it"))
    assert isinstance(behind, Ack)
    assert behind.seq is None
    await judged.ask(OPA, "POST", f"/held/{outcome.held}/decide", json={"decision": "allow"})
    said = [each["body"]["text"] for each in (await judged.messages(BOB, GROUP))["messages"]]
    assert said[-2:] == ["spam", "after it"]


async def test_what_is_refused_is_kept_for_an_appeal_and_reaches_nobody(judged: World) -> None:
    ((_, outcome),) = await sent(judged, (ANN, "refuse"))
    assert isinstance(outcome, MynaError)
    assert (outcome.status, outcome.extra["reasons"]) == (422, ["spam.model"])
    (mine,) = (await judged.ask(ANN, "GET", "/held/mine"))["held"]
    assert (mine["id"], mine["state"]) == (outcome.extra["held"], "blocked")
    said = [each["body"]["text"] for each in (await judged.messages(BOB, GROUP))["messages"]]
    assert "refuse" not in said


@pytest.mark.parametrize(("text", "state"), [("odd", "flagged"), ("spam", "waiting"), ("refuse", "blocked")])
async def test_moderators_hear_at_once_of_what_a_socket_sent(judged: World, text: str, state: str) -> None:
    ann, bob, opa = [await connected(judged, who) for who in (ANN, BOB, OPA)]
    async with asyncio.TaskGroup() as tasks:
        link = Link(
            judged.services,
            judged.commands,
            spawn=tasks.create_task,
            ready=lambda: None,
            pause=lambda _: None,
            close=lambda _: None,
        )
        link.principal, link.session = WHO[ANN], ann
        draft = {
            "op": "send",
            "ref": 1,
            "conversation": str(GROUP),
            "client_id": "c1",
            "body": {"text": text},
        }
        link.received(encode(draft))
        async with asyncio.timeout(60):
            while not (answered := [each for each in told(ann) if each["op"] in {"ack", "nack"}]):
                await asyncio.sleep(0.001)
    (notice,) = [each["held"] for each in told(opa) if each["op"] == "held"]
    assert (notice["state"], notice["text"]) == (state, text)
    assert [each["code"] for each in notice["reasons"]] == ["spam.model"]
    assert [each for each in told(bob) if each["op"] == "held"] == []
    assert answered[0]["op"] == ("nack" if state == "blocked" else "ack")
    own = [each["held"] for each in told(ann) if each["op"] == "held"]
    assert [each["reasons"] for each in own] == ([] if state == "flagged" else [[]])


async def connected(app: World, who: int) -> Session:
    """A session of a user in the group."""
    user = await app.services.accounts.user(who)
    assert user is not None
    session = Session(user, operator=WHO[who].operator, ready=lambda: None)
    app.services.hub.add(session, [GROUP])
    return session


def told(session: Session) -> list[dict[str, Any]]:
    """Every frame that the session was given, those taken before included."""
    frames = HEARD.setdefault(session.id, [])
    for _, raw in session.take():
        frame = decode(raw)
        frames += frame if isinstance(frame, list) else [frame]
    return frames


HEARD: dict[int, list[dict[str, Any]]] = {}
