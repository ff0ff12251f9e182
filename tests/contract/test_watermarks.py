"""I9: how far somebody has read or received never falls: not in the store, and not in what others are told."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.deliver.session import Session
from myna.wire import decode
from support.api_world import ANN, BOB, World, world
from support.examples import drawn

MESSAGES = 6
MARKS = st.tuples(st.sampled_from(["read", "received"]), st.integers(1, MESSAGES + 3))
SCRIPTS = st.lists(MARKS | st.just(("told", 0)), min_size=2, max_size=12)


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SCRIPTS)
def scripts(script: Any) -> None:
    drawn(script)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_devices_say_in_any_order_never_makes_a_watermark_fall(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with world(str(request.getfixturevalue(f"{kind}_url")), tmp_path) as app:
        for number, script in enumerate([[("read", 5), ("told", 0), ("read", 2)], *await drawn.by(scripts)]):
            asked = {"kind": "group", "title": f"g{number}", "members": [str(BOB)]}
            place = int((await app.ask(ANN, "POST", "/conversations", 201, json=asked))["id"])
            for message in range(MESSAGES):
                await app.say(BOB, place, f"m{message}")
            await _play(app, place, script)


async def _play(app: World, place: int, script: Sequence[tuple[str, int]]) -> None:
    """Two devices of ann take turns; bob listens."""
    receipts = app.services.receipts
    user = await app.services.accounts.user(BOB)
    assert user is not None
    bob = Session(user, operator=False, ready=lambda: None)
    app.services.hub.add(bob, [place])
    before = await _marks(app, place)
    for op, seq in script:
        if op == "told":
            await receipts._flush()
        else:
            await app.frame(ANN, {"op": op, "conversation": str(place), "seq": seq})
    await receipts._flush()
    app.services.hub.remove(bob)
    after = await _marks(app, place)
    for which, op in enumerate(("read", "received")):
        said = [min(seq, MESSAGES) for each, seq in script if each == op]
        expected = max([before[which], *said])
        assert after[which] == (max(expected, after[0]) if op == "received" else expected), script
        told = [frame["seq"] for frame in _told(bob) if frame["op"] == op]
        assert told == sorted(set(told)), f"told a watermark that fell: {script}"
        assert all(seq > before[which] for seq in told), script


def _told(session: Session) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    for _, raw in session.take():
        frame = decode(raw)
        frames += frame if isinstance(frame, list) else [frame]
    return [frame for frame in frames if frame["op"] in {"read", "received"}]


async def _marks(app: World, place: int) -> tuple[int, int]:
    found = await app.services.receipts._crowds.watermarks(place, 100)
    return next((read, received) for user, read, received in found if user == ANN)
