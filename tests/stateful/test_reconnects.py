"""10,000 reconnects at once are served from few reads, and leave nothing behind."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from myna.api.live.link import Link
from myna.live.greeter import MAX_TOGETHER
from support.world import World

# A crash leaves connections to the database unclosed, as it does in a process that dies.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
RECONNECTS, USERS = 10_000, 50


async def test_10_000_reconnects_share_their_reads_and_leave_nothing(tmp_path: Path) -> None:
    world = World(f"sqlite:///{tmp_path / 'myna.db'}", tmp_path)
    await world.start(USERS, [list(range(USERS))])
    server = world.servers[0]
    services = server.core.services
    reads = 0
    together = services.greeter._arrivals
    inner = together._read

    async def counted(users: Any) -> Any:
        nonlocal reads
        reads += 1
        return await inner(users)

    together._read = counted  # counts the reads and passes them on
    conversation = str(world.conversations[0])
    try:
        for number in range(5):
            await services.committer.write(_message(world, number))
        links: list[Link] = []
        for number in range(RECONNECTS):
            device = world.devices[number % USERS]
            device.link = None
            device.connect(server)
            assert device.link is not None
            links.append(device.link)
            device.link = None
        async with asyncio.timeout(300):
            while not all(link.session for link in links):
                await asyncio.sleep(0)
        assert reads <= RECONNECTS / MAX_TOGETHER * 2
        head = services.relay.tail.page(int(conversation), 0, 1)
        assert head is not None
        greetings = [json.loads(link.session.take()[0][1]) for link in links if link.session]
        assert all(each["op"] == "ready" and each["heads"][conversation][0] == head[1] for each in greetings)
        assert len(greetings) == RECONNECTS
        for link in links:
            link.received(
                json.dumps({"op": "pull", "conversation": conversation, "after_rev": 1, "ref": 1}).encode()
            )
        pages: dict[Link, Any] = {}
        async with asyncio.timeout(300):
            while len(pages) < RECONNECTS:
                await asyncio.sleep(0)
                for link in links:
                    assert link.session is not None
                    for _, raw in link.session.take():
                        frame = json.loads(raw)
                        if frame["op"] == "page":
                            pages[link] = frame
        assert all(len(each["events"]) == head[1] - 1 for each in pages.values())
        for link in links:
            link.lost()
        assert list(services.hub.users()) == []
        assert services.hub._by_conversation == {}
    finally:
        await world.stop()


def _message(world: World, number: int) -> Any:
    from myna.log.writes import Say
    from myna.model.message import Draft

    return Say(Draft(world.conversations[0], world.devices[0].user.id, f"m{number}", {"text": "hello"}))
