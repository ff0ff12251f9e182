"""Who is there is told to those who look, once, over all processes, and never to those who may not know."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from myna.deliver.frames import PresenceFrame
from myna.deliver.hub import Hub
from myna.deliver.session import Session
from myna.errors import Malformed
from myna.live.presence import GRACE_S, LEASE_S, WATCHED, Presence
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.rights import Principal

ANN, BOB, EVE, VIC = 11, 12, 13, 21


class Bus:
    """What a process tells the others, and how they are heard."""

    def __init__(self) -> None:
        self.presences: list[Any] = []
        self.told: list[PresenceFrame] = []

    def tell_presence(self, frame: PresenceFrame) -> None:
        self.told.append(frame)

    def hear(self, origin: int, frame: PresenceFrame) -> None:
        for listener in self.presences:
            listener(origin, frame)


class People:
    """Everybody is a colleague; the visitor knows bob only."""

    async def users(self, wanted: Sequence[int], workspace: int) -> list[User]:
        return [User(each, workspace, UserKind.HUMAN, "x") for each in wanted if each < 1000]

    async def acquainted(self, user: int, wanted: Sequence[int]) -> list[int]:
        return [each for each in wanted if each == BOB]


class Place:
    """A process with its sessions, and a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("myna.live.presence.time.monotonic", lambda: self.now)
        self.hub, self.bus = Hub(), Bus()
        people: Any = People()
        self.presence = Presence(self.bus, self.hub, people, people, people, people)  # type: ignore[arg-type]

    def arrive(self, user: int) -> Session:
        session = Session(User(user, 1, UserKind.HUMAN, "x"), operator=False, ready=lambda: None)
        self.hub.add(session, ())
        return session

    def batch(self) -> None:
        """What the background task does every two seconds."""
        self.presence._expire(self.now)
        self.presence._tell_processes()
        self.presence._tell_watchers()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(monkeypatch)


def colleague(user: int) -> Principal:
    return Principal(user, 1, UserKind.HUMAN, WorkspaceRole.OPERATOR)


def news(session: Session) -> dict[str, str]:
    """The newest status of each user that the session heard of."""
    found: dict[str, str] = {}
    for _, frame in session.take():
        found.update({user: status[0] for user, status in json.loads(frame)["users"].items()})
    return found


async def test_a_watcher_hears_who_comes_and_who_goes(place: Place) -> None:
    ann = place.arrive(ANN)
    first = await place.presence.watch(colleague(ANN), ann, [BOB], [])
    assert first is not None
    assert json.loads(first)["users"] == {str(BOB): ["offline", None]}
    bob = place.arrive(BOB)
    place.batch()
    assert news(ann) == {str(BOB): "online"}
    place.hub.remove(bob)
    place.batch()
    assert news(ann) == {}, "a moment between two connections is no absence"
    place.now += GRACE_S
    place.batch()
    assert news(ann) == {str(BOB): "offline"}


async def test_a_reconnect_within_the_grace_is_not_told(place: Place) -> None:
    ann = place.arrive(ANN)
    await place.presence.watch(colleague(ANN), ann, [BOB], [])
    bob = place.arrive(BOB)
    place.batch()
    news(ann)
    place.hub.remove(bob)
    place.now += GRACE_S - 1
    place.arrive(BOB)
    place.now += GRACE_S
    place.batch()
    assert news(ann) == {}


async def test_a_second_device_keeps_its_user_online(place: Place) -> None:
    ann, phone, laptop = place.arrive(ANN), place.arrive(BOB), place.arrive(BOB)
    await place.presence.watch(colleague(ANN), ann, [BOB], [])
    place.batch()
    news(ann)
    place.hub.remove(phone)
    place.now += GRACE_S * 2
    place.batch()
    assert news(ann) == {}
    assert place.presence.online(BOB)
    place.hub.remove(laptop)


async def test_the_users_of_another_process_are_here_until_its_lease_ends(place: Place) -> None:
    ann = place.arrive(ANN)
    await place.presence.watch(colleague(ANN), ann, [BOB, EVE], [])
    place.bus.hear(7, PresenceFrame(here=[BOB, EVE]))
    place.batch()
    assert news(ann) == {str(BOB): "online", str(EVE): "online"}
    place.bus.hear(7, PresenceFrame(gone=[EVE]))
    place.batch()
    assert news(ann) == {str(EVE): "offline"}
    place.now += LEASE_S
    place.batch()
    assert news(ann) == {str(BOB): "offline"}


async def test_other_processes_hear_of_arrivals_in_batches(place: Place) -> None:
    for user in (ANN, BOB, EVE):
        place.arrive(user)
    assert place.bus.told == []
    place.batch()
    assert [frame.here for frame in place.bus.told] == [[ANN, BOB, EVE]]


async def test_nobody_hears_of_strangers(place: Place) -> None:
    visitor = place.arrive(VIC)
    asker = Principal(VIC, 1, UserKind.VISITOR)
    await place.presence.watch(asker, visitor, [ANN, BOB], [])
    place.arrive(ANN)
    place.arrive(BOB)
    place.batch()
    assert news(visitor) == {str(BOB): "online"}
    assert set(await place.presence.of(asker, [ANN, BOB, VIC])) == {str(BOB), str(VIC)}


async def test_a_screen_has_room_for_so_many_and_no_more(place: Place) -> None:
    ann = place.arrive(ANN)
    await place.presence.watch(colleague(ANN), ann, list(range(100, 100 + WATCHED)), [])
    with pytest.raises(Malformed):
        await place.presence.watch(colleague(ANN), ann, [BOB], [])
    assert len(ann.watching) == WATCHED
    await place.presence.watch(colleague(ANN), ann, [BOB], [100])
    assert BOB in ann.watching
    assert 100 not in ann.watching


async def test_a_session_that_left_is_forgotten(place: Place) -> None:
    ann = place.arrive(ANN)
    await place.presence.watch(colleague(ANN), ann, [BOB], [])
    place.hub.remove(ann)
    await place.presence.watch(colleague(ANN), ann, [EVE], [])
    place.arrive(BOB)
    place.batch()
    assert place.presence._watchers == {}
