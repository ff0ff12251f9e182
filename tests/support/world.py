"""Servers and clients in one process over a real database, with a network in the hands of the test.

Servers are the product's own core and links; clients are the product's own protocol state. Only sockets are missing: frames
lie in queues, and the test loses, repeats and cuts what is in them. A crash drops a server with everything in its memory.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.migrate import migrate
from myna.api.live.commands import Commands
from myna.api.live.link import Link
from myna.core import Core
from myna.errors import MynaError
from myna.ids import new_id
from myna.log.writes import Join, OpenConversation
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Event, Message
from myna.model.workspace import User, UserKind, Workspace
from myna.settings import Settings
from myna.wire import encode
from myna.wiring.core import build_core
from myna_bots.client.deliveries import Settled, Snapshot
from myna_bots.client.frames import Event as EventFrame
from myna_bots.client.frames import decode_frames
from myna_bots.client.outbox import Sent
from myna_bots.client.state import ProtocolState
from support.lossy_bus import LossyBus

HEAL_S = 30.0
"""How long each part of healing may take before the test says that it never would. No part waits for a clock."""
NEVER_S = 86_400.0


class Server:
    """A process of the product, without its sockets."""

    def __init__(self, settings: Settings, bus: LossyBus) -> None:
        self._settings = settings
        self._bus = bus
        self.core: Core
        self.database: Database
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Everything that a start does for the message path."""
        self.database = Database(self._settings.database_url)
        self.core = build_core(self._settings, self.database, None)
        services = self.core.services
        self.commands = Commands(services)
        # One bus for all servers of the world, as Redis is; and beacons come when the test says so, never by the clock.
        services.relay._bus = self._bus
        services.relay._beacon_s = NEVER_S
        await services.relay.start()
        for work in (services.committer.run(), services.relay.run(), services.receipts.run()):
            self.spawn(work)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something until it ends or the server does."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        return task

    async def crash(self) -> None:
        """Everything in memory is lost. What the database has begun to commit may or may not be stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.core.commits.close()
        await self.core.bus.close()
        await self.database.close()

    async def beacon(self) -> None:
        """What happens by itself every 20 seconds."""
        await self.core.services.relay._repair()
        self.core.services.hub.beacon()


@dataclass
class Device:
    """A client with a network of its own. `copy` is its log of each conversation, as the protocol applied it."""

    user: User
    token: str
    state: ProtocolState = field(default_factory=ProtocolState)
    link: Link | None = None
    server: Server | None = None
    copy: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    settled: dict[str, Sent | MynaError] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    lose_next: int = 0
    """Pushes that the network will lose."""
    repeat: bool = False
    """Whether the network repeats every frame, in both directions."""
    now: float = 0.0

    def connect(self, server: Server) -> None:
        """Open a connection and say hello."""
        self.cut()
        self.server = server
        self.link = Link(
            server.core.services,
            server.commands,
            spawn=server.spawn,
            ready=lambda: None,
            pause=lambda _: None,
            close=lambda _: self.cut(),
        )
        self.link.received(encode(self.state.hello(self.token)))

    def cut(self) -> None:
        """The connection is gone, with everything on its way."""
        if self.link is not None:
            self.link.lost()
            self.link = None
            self.state.lost()

    def pump(self) -> None:
        """Carry what waits in both directions."""
        if self.link is None:
            return
        for asked in self.state.take_frames():
            raw = encode(asked)
            self.sent.append(raw)
            self.link.received(raw)
            if self.repeat:
                self.link.received(raw)
        session = self.link.session
        for _, raw in session.take() if session is not None else ():
            for frame in decode_frames(raw):
                if self.lose_next and isinstance(frame, EventFrame):
                    self.lose_next -= 1
                    continue
                for _ in range(2 if self.repeat else 1):
                    self.state.received(frame, self.now)
        self.now += 0.2
        self.state.tick(self.now)
        for delivery in self.state.take_deliveries():
            self._apply(delivery)

    def resend(self, place: int) -> None:
        """An old frame comes out of the network once more, maybe over another connection."""
        if self.link is not None and self.link.session is not None and self.sent:
            self.link.received(self.sent[place % len(self.sent)])

    def _apply(self, delivery: object) -> None:
        match delivery:
            case EventFrame():
                log = self.copy.setdefault(delivery.conversation, {})
                assert delivery.rev not in log, "an event was applied twice"
                log[delivery.rev] = {
                    "kind": delivery.kind,
                    "seq": delivery.seq,
                    "data": decoded(delivery.data),
                }
            case Snapshot():
                raise AssertionError("no gap here is long enough for a snapshot")
            case Settled():
                assert delivery.client_id not in self.settled, "a draft was settled twice"
                self.settled[delivery.client_id] = delivery.outcome


def decoded(data: object) -> Any:
    """An event's data as plain values."""
    return json.loads(encode(data))


class World:
    """A workspace on a database, the servers on it, and the devices of its users."""

    def __init__(self, url: str, folder: Path, servers: int = 1) -> None:
        settings = Settings(data=str(folder), database=url, moderation=False, turn_delay_ms=0)
        self.bus = LossyBus()
        self.servers = [Server(settings, self.bus) for _ in range(servers)]
        self.devices: list[Device] = []
        self.conversations: list[int] = []
        self.composed: dict[str, tuple[Device, str, str]] = {}

    async def start(self, users: int, groups: Sequence[Sequence[int]]) -> None:
        """People with a device each, and conversations of them."""
        await migrate(database := Database(self.servers[0]._settings.database_url))
        await database.close()
        for server in self.servers:
            await server.start()
        services = self.servers[0].core.services
        workspace = Workspace(new_id(), "World")
        accounts = SqlAccounts(self.servers[0].database)
        await accounts.add_workspace(workspace)
        for place in range(users):
            user = User(new_id(), workspace.id, UserKind.HUMAN, f"user {place}")
            await accounts.add_user(user)
            self.devices.append(Device(user, services.tokens.access(user)))
        for group in groups:
            conversation = new_id()
            seats = tuple((self.devices[each].user.id, MemberRole.MEMBER) for each in group)
            await services.committer.write(
                OpenConversation(conversation, workspace.id, ConversationKind.GROUP, "Group", seats)
            )
            self.conversations.append(conversation)

    async def join(self, device: Device, conversation: int) -> None:
        """A new member who may read from here on."""
        committer = self.servers[0].core.services.committer
        data = {"name": device.user.name}
        await committer.write(Join(conversation, device.user.id, MemberRole.MEMBER, data, history="none"))

    def send(self, device: Device, conversation: int) -> None:
        """A draft goes into the device's outbox."""
        client_id = f"m{len(self.composed)}"
        text = f"{client_id} of {device.user.name}"
        self.composed[client_id] = (device, str(conversation), text)
        device.state.send(str(conversation), client_id, text)

    async def turn(self, times: int = 1) -> None:
        """Let servers and network work a little."""
        for _ in range(times):
            for device in self.devices:
                device.pump()
            await asyncio.sleep(0)

    async def heal(self) -> None:
        """The network works from now on: returns when every client is content and has heard of every head.

        One beacon of each server, after the last draft was stored, must be enough for that.
        """
        self.bus.lose_next = 0
        for place, device in enumerate(self.devices):
            device.lose_next, device.repeat = 0, False
            if device.link is None:
                device.connect(self.servers[place % len(self.servers)])
        await self.stored()
        for server in self.servers:
            await server.beacon()
        await self.level()

    async def stored(self) -> None:
        """Returns when every client with a connection is greeted and knows that its drafts are in the log."""
        async with self._soon():
            while any(each.link and (not each.state.ready or each.state.outbox) for each in self.devices):
                await self.turn()

    async def level(self) -> None:
        """Returns when no client lags behind a log that it may read."""
        async with self._soon():
            while not await self._level():
                await self.turn(5)

    @asynccontextmanager
    async def _soon(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(HEAL_S):
                yield
        except TimeoutError:
            raise AssertionError(f"the world does not heal: {self._lags()}") from None

    async def stop(self) -> None:
        """End everything."""
        for device in self.devices:
            device.cut()
        for server in self.servers:
            await server.crash()

    async def log(self, conversation: int) -> list[Event]:
        """The whole log of a conversation."""
        return await SqlLog(self.servers[0].database).events(conversation, after_rev=0, floor=1, limit=10_000)

    async def messages(self, conversation: int) -> list[Message]:
        """All its messages."""
        log = SqlLog(self.servers[0].database)
        return await log.messages(conversation, floor=1, before=None, after=0, limit=10_000)

    async def _level(self) -> bool:
        """Whether no client lags behind a log that it may read."""
        services = self.servers[0].core.services
        for conversation in self.conversations:
            log = await self.log(conversation)
            for device in self.devices:
                member = await services.directory._conversations.member(conversation, device.user.id)
                if member is None:
                    continue
                if device.state.cursors.get(str(conversation), 0) < log[-1].rev:
                    return False
        return True

    def _lags(self) -> str:
        """How far everybody is, for who reads that a test failed."""
        servers = [each.core.services.relay.pos for each in self.servers]
        devices = [(each.state.ready, len(each.state.outbox), each.state.cursors) for each in self.devices]
        return f"servers at {servers}, devices (ready, drafts, cursors) at {devices}"
