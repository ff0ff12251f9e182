"""Whatever comes over the socket gets an answer or none, changes nothing that it should not, and harms nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.api.live.answers import ServerFrame
from myna.api.live.frames import Frame
from myna.api.live.link import Link
from myna.errors import MynaError
from myna.wire import encode
from support.world import World

# A crash leaves connections to the database unclosed, as it does in a process that dies.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ANSWERS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerFrame)
OPS = sorted(str(each.__struct_config__.tag) for each in get_args(Frame))
FIELDS = sorted({name for each in get_args(Frame) for name in each.__struct_fields__})
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["1", "0", "-1", "00", "9" * 15, "9" * 16, "9" * 40, "1e3", "\x00", "\ud800", "a" * 70_000]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NESTED = st.integers(1, 30_000).map(lambda depth: b"[" * depth)
FRAMES = st.fixed_dictionaries(
    {"op": st.sampled_from(OPS) | JSON}, optional={name: JSON for name in FIELDS if name != "op"}
)
LITTLE = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def text_of(value: object) -> bytes:
    """JSON, also of what is not text (an unpaired surrogate)."""
    import json

    return json.dumps(value).encode()


class Complaints(logging.Handler):
    """Errors that were logged: whatever a client sends must not cause any."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What was logged as an error within the block."""
    handler = Complaints()
    logging.getLogger("myna").addHandler(handler)
    try:
        yield handler.found
    finally:
        logging.getLogger("myna").removeHandler(handler)


class Target:
    """A greeted link, and what it answered."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.world = World(f"sqlite:///{folder / 'myna.db'}", folder)
        self.runner.run(self.begin())

    async def begin(self) -> None:
        await self.world.start(3, [(0, 1), (1, 2)])
        await self.connect()

    async def connect(self) -> None:
        device = self.world.devices[0]
        device.connect(self.world.servers[0])
        assert device.link is not None
        self.link = device.link
        async with asyncio.timeout(60):
            while self.link.session is None:
                await asyncio.sleep(0)
        self.link.session.take()

    async def answers(self, *raw: bytes) -> list[Any]:
        """Everything that the link says until it has answered a ping after these frames."""
        assert self.link.session is not None
        for each in raw:
            self.link.received(each)
        self.link.received(b'{"op":"ping","n":4711}')
        found: list[Any] = []
        async with asyncio.timeout(60):
            while True:
                for _, frame in self.link.session.take():
                    answer = ANSWERS.decode(frame)
                    found.append(answer)
                    if getattr(answer, "n", None) == 4711:
                        return found[:-1]
                await asyncio.sleep(0)

    def end(self) -> None:
        self.runner.run(self.world.stop())
        self.runner.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = Target(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.end()


def kinds(answers: list[Any]) -> list[str]:
    return [str(each.__struct_config__.tag) for each in answers]


def nothing_but_nacks(target: Target, *raw: bytes) -> list[Any]:
    """Answers to frames that are all wrong; the link lives on and no error was logged."""
    with complaints() as logged:
        found = target.runner.run(target.answers(*raw))
    assert logged == []
    assert set(kinds(found)) <= {"nack"}
    assert all(each.code < 500 for each in found)
    return found


@LITTLE
@given(
    raw=st.binary(max_size=200) | NESTED | st.binary(max_size=40).map(lambda tail: b'{"op":"send",' + tail)
)
def test_bytes_that_are_no_frames_are_refused(target: Target, raw: bytes) -> None:
    found = nothing_but_nacks(target, raw)
    assert found or raw.strip() in {b"[]"}


@LITTLE
@given(frame=FRAMES)
def test_every_field_may_be_wrong(target: Target, frame: dict[str, Any]) -> None:
    with complaints() as logged:
        found = target.runner.run(target.answers(text_of(frame)))
    assert logged == []
    assert set(kinds(found)) <= {"nack", "page", "synced", "presence", "pong"}
    assert all(each.code < 500 for each in found if kinds([each]) == ["nack"])


HELLO = st.fixed_dictionaries(
    {"op": st.just("hello")},
    optional={
        name: JSON
        | st.dictionaries(st.sampled_from(["1", "77", "x"]), JSON, max_size=3)
        | st.lists(st.text(max_size=40))
        for name in ("token", "v", "device", "cursors", "epoch", "capabilities", "ref")
    },
)


@LITTLE
@given(first=HELLO | FRAMES | JSON)
def test_whatever_comes_first_ends_the_connection_with_a_reason(target: Target, first: Any) -> None:
    ended: list[MynaError] = []
    server = target.world.servers[0]

    async def begin() -> None:
        link = Link(
            server.core.services,
            server.commands,
            spawn=server.spawn,
            ready=lambda: None,
            pause=lambda _: None,
            close=ended.append,
        )
        link.received(text_of(first))
        async with asyncio.timeout(60):
            while not ended:
                await asyncio.sleep(0)
        link.lost()
        assert link.session is None

    with complaints() as logged:
        target.runner.run(begin())
    assert logged == []
    (reason,) = ended
    assert reason.status in {400, 401}


@LITTLE
@given(frames=st.lists(FRAMES | JSON, max_size=70))
def test_a_batch_is_answered_frame_by_frame(target: Target, frames: list[Any]) -> None:
    with complaints() as logged:
        found = target.runner.run(target.answers(text_of(frames)))
    assert logged == []
    assert "event" not in kinds(found)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"conversation": "FOREIGN"}, 404),
        ({"conversation": "4711"}, 404),
        ({"conversation": 7}, 400),
        ({"conversation": "0"}, 400),
        ({"client_id": ""}, 400),
        ({"client_id": "x" * 65}, 400),
        ({"client_id": "turn:1"}, 400),
        ({"client_id": "a\u0000b"}, 400),
        ({"client_id": None}, 400),
        ({"body": {}}, 400),
        ({"body": {"text": 5}}, 400),
        ({"body": {"text": ""}}, 400),
        ({"body": {"text": "\ud800"}}, 400),
        ({"body": {"text": "x" * 10_001}}, 413),
        ({"body": []}, 400),
        ({"reply_to": -1}, 400),
        ({"reply_to": "1"}, 400),
        ({"reply_to": 2**60}, 400),
        ({"op": "sending"}, 400),
        ({"op": "hello"}, 400),
    ],
)
def test_a_send_with_one_thing_wrong_stores_nothing(
    target: Target, change: dict[str, Any], code: int
) -> None:
    place, foreign = target.world.conversations
    frame: dict[str, Any] = {
        "op": "send",
        "ref": 9,
        "conversation": str(place),
        "client_id": "fuzz",
        "body": {"text": "hello"},
    } | change
    if frame["conversation"] == "FOREIGN":
        frame["conversation"] = str(foreign)
    before = target.runner.run(target.world.log(place))
    found = nothing_but_nacks(target, text_of(frame))
    assert [each.code for each in found] == [code]
    # JSON with an unpaired surrogate is no JSON, so its ref cannot be read either.
    unreadable = change == {"body": {"text": "\ud800"}}
    assert [each.ref for each in found] == [None if unreadable else 9]
    assert target.runner.run(target.world.log(place)) == before


async def test_a_client_that_never_reads_is_not_answered_without_bound(tmp_path: Path) -> None:
    async with greeted(tmp_path) as target:
        assert target.link.session is not None
        page = encode({"op": "sync", "ref": "x" * 60, "pos": 0})
        for _ in range(50_000):
            target.link.received(page)
        async with asyncio.timeout(120):
            while not target.link.session.crowded:
                await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        waiting = sum(len(frame) for _, frame in target.link.session.take())
        assert waiting < 2 * 1024 * 1024


@asynccontextmanager
async def greeted(folder: Path) -> AsyncIterator[Target]:
    """A target in the loop of the test itself."""
    made = Target.__new__(Target)
    made.world = World(f"sqlite:///{folder / 'myna.db'}", folder)
    await made.begin()
    try:
        yield made
    finally:
        await made.world.stop()
