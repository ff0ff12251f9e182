"""A client that is gone without a word: asked for a pong, and dropped when none comes. Over real sockets, times shortened."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest
from picows import ws_connect as connect  # pyright: ignore[reportUnknownVariableType]
from picows import ws_create_server as listen  # pyright: ignore[reportUnknownVariableType]

from myna.api.live import watched
from myna.api.live.watched import Watched


class Kept(Watched):
    """A server's socket that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[WSMsgType] = []
        self.over = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.begin(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard()
        self.frames.append(frame.msg_type)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.over.set()


class Client(WSListener):
    """A client that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.asked += frame.msg_type is WSMsgType.PING
        if frame.msg_type is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())


class Dead(Client):
    """A client whose machine is gone: it takes what comes and answers nothing."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.asked += frame.msg_type is WSMsgType.PING


@asynccontextmanager
async def connected(client: Client) -> AsyncGenerator[Kept]:
    """A socket between a server and a client in this process."""
    made: list[Kept] = []

    def accept(_request: WSUpgradeRequest) -> Kept:
        made.append(Kept())
        return made[-1]

    server = await listen(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await connect(lambda: client, f"ws://127.0.0.1:{port}/", enable_auto_pong=False)
    try:
        yield made[0]
    finally:
        transport.disconnect(False)
        server.close()


def later(seconds: float) -> float:
    """The loop's time, so much ahead."""
    return asyncio.get_running_loop().time() + seconds


async def test_who_talks_is_not_asked() -> None:
    client = Client()
    async with connected(client) as socket:
        socket.look(later(watched.SILENT_S / 2))
        await asyncio.sleep(0.05)
        assert client.asked == 0
        assert not socket.over.is_set()


async def test_a_silent_client_is_asked_once_and_stays_when_it_answers() -> None:
    client = Client()
    async with connected(client) as socket:
        socket.look(later(watched.SILENT_S + 1))
        socket.look(later(watched.SILENT_S + 2))
        async with asyncio.timeout(60):
            while WSMsgType.PONG not in socket.frames:
                await asyncio.sleep(0.01)
        assert client.asked == 1
        socket.look(later(watched.PONG_S + 1))
        await asyncio.sleep(0.05)
        assert not socket.over.is_set()


async def test_a_client_that_does_not_answer_is_dropped() -> None:
    client = Dead()
    async with connected(client) as socket:
        socket.look(later(watched.SILENT_S + 1))
        socket.look(later(watched.SILENT_S + watched.PONG_S / 2))
        await asyncio.sleep(0.05)
        assert not socket.over.is_set()
        socket.look(later(watched.SILENT_S + watched.PONG_S + 1))
        async with asyncio.timeout(60):
            await socket.over.wait()
        assert client.asked == 1
