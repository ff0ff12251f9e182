"""The client of bots against a real server, over sockets that lose things."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.errors import Conflict, Forbidden, Malformed, NotFound, Unauthorised
from myna.identity.passwords import hash_password
from myna.ids import new_id
from myna.model.workspace import Inbox, User, UserKind, Workspace, WorkspaceRole
from myna.settings import Settings
from myna.wiring.backends import open_database
from myna_bots import Client, Event, Sent
from myna_bots.adapters.socket import connect
from myna_bots.client.client import default_http
from myna_bots.client.errors import Closed, Unreachable
from myna_bots.client.events import Events
from myna_bots.client.ports import Socket
from myna_bots.client.tokens import Tokens
from support import myna_server
from support.myna_server import MynaServer

WAIT_S = 60.0
TRUSTING = {"MYNA_MODERATION": "0"}
"""These clients write faster than people do, which a filter would take for a flood."""


async def seed(folder: Path) -> None:
    """A workspace with two people and an inbox without an agent."""
    database = await open_database(Settings(data=str(folder / "data")))
    accounts = SqlAccounts(database)
    workspace = Workspace(new_id(), "Kestrel")
    await accounts.add_workspace(workspace)
    hashed = await hash_password("secret")
    for handle in ("ann", "bob"):
        person = User(
            new_id(), workspace.id, UserKind.HUMAN, handle.title(), handle, role=WorkspaceRole.OPERATOR
        )
        await accounts.add_user(person, hashed)
    await accounts.add_inbox(Inbox(new_id(), workspace.id, "desk", "Desk", None))
    await database.close()


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    await seed(tmp_path)
    return tmp_path


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[MynaServer]:
    with myna_server.serve(folder, settings=TRUSTING) as running:
        yield running


@dataclass
class Weather:
    """What a client's sockets do to what goes through them, and those that were opened."""

    lose: Callable[[dict[str, Any]], bool] = lambda _: False
    cut_on: Callable[[dict[str, Any]], bool] = lambda _: False
    sockets: list["Stormy"] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    lost: list[dict[str, Any]] = field(default_factory=list)
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, url: str) -> "Stormy":
        try:
            stormy = Stormy(self, await connect(url))
        except Unreachable:
            self.failed.set()
            raise
        self.sockets.append(stormy)
        return stormy


class Stormy:
    """A socket in bad weather."""

    def __init__(self, weather: Weather, inner: Socket) -> None:
        self._weather, self._inner = weather, inner

    @property
    def close_code(self) -> int | None:
        return self._inner.close_code

    def send(self, payload: bytes) -> None:
        self._weather.sent.append(json.loads(payload))
        self._inner.send(payload)

    async def receive(self) -> bytes | None:
        while (raw := await self._inner.receive()) is not None:
            frame = json.loads(raw)
            if self._weather.cut_on(frame):
                return None
            if self._weather.lose(frame):
                self._weather.lost.append(frame)
                continue
            return raw
        return None

    def close(self) -> None:
        self._inner.close()


@asynccontextmanager
async def at(server: MynaServer, handle: str, weather: Weather | None = None) -> AsyncIterator[Client]:
    """A connected client of a person."""
    http = default_http(server.url)
    tokens = await Tokens.sign_in(http, handle, "secret")
    sky = weather or Weather()
    async with Client(server.url, http, tokens, connect=sky.connect) as client:
        await client.connected()
        yield client


async def texts(events: Events, conversation: str, count: int) -> list[str]:
    """The texts of the next so many messages, in the order in which they were applied."""
    found: list[str] = []
    async with asyncio.timeout(WAIT_S):
        async for each in events:
            message = each.message if isinstance(each, Event) else None
            if message is not None and message.conversation == conversation and message.kind == "text":
                found.append(message.text)
                if len(found) == count:
                    break
    return found


async def group_of(ann: Client, bob: Client) -> str:
    return (await ann.api.open_group("Trail talk", [bob.user])).id


async def stored(client: Client, conversation: str) -> list[str]:
    history = await client.api.messages(conversation, limit=200)
    return [each.text for each in history.messages if each.kind == "text"]


async def test_two_people_talk_and_both_see_the_same_log(server: MynaServer) -> None:
    async with at(server, "ann") as ann, at(server, "bob") as bob:
        heard = bob.events()
        group = await group_of(ann, bob)
        first = await ann.send(group, "Morning, Bob")
        second = await bob.send(group, "早上好 🐦", reply_to=first.seq)
        assert (first.seq, second.seq) == (1, 2)
        assert await texts(heard, group, 2) == ["Morning, Bob", "早上好 🐦"]


async def test_a_message_whose_ack_was_cut_off_is_stored_once(server: MynaServer) -> None:
    acks = 0

    def third_ack(frame: dict[str, Any]) -> bool:
        nonlocal acks
        ack = bool(frame["op"] == "ack")
        acks += ack
        return ack and acks == 3

    weather = Weather(cut_on=third_ack, lose=lambda frame: frame["op"] == "event")
    async with at(server, "ann", weather) as ann, at(server, "bob") as bob:
        group = await group_of(ann, bob)
        sent = await asyncio.gather(*(ann.send(group, f"line {n}", client_id=f"l{n}") for n in range(8)))
        assert [each.seq for each in sent] == list(range(1, 9))
        assert await stored(ann, group) == [f"line {n}" for n in range(8)]
    assert len(weather.sockets) == 2
    assert len([frame for frame in weather.sent if frame.get("client_id") == "l7"]) == 2


async def test_pushes_that_were_lost_are_pulled(server: MynaServer) -> None:
    async with at(server, "ann") as ann:
        lossy = Weather(lose=lambda frame: frame["op"] == "event" and frame["rev"] % 3 != 0)
        async with at(server, "bob", lossy) as bob:
            heard = bob.events()
            group = await group_of(ann, bob)
            for n in range(20):
                await ann.send(group, f"line {n}")
            assert await texts(heard, group, 20) == [f"line {n}" for n in range(20)]
        assert len(lossy.lost) >= 10
        assert any(frame["op"] == "pull" for frame in lossy.sent)


async def test_what_was_said_while_a_device_was_away_comes_when_it_is_back(server: MynaServer) -> None:
    async with at(server, "ann") as ann, at(server, "bob") as bob:
        group = await group_of(ann, bob)
        heard = bob.events()
        await ann.send(group, "before")
        assert await texts(heard, group, 1) == ["before"]
        cursors = bob.cursors
        await bob.__aexit__(None, None, None)
        for n in range(5):
            await ann.send(group, f"meanwhile {n}")
        http = default_http(server.url)
        tokens = await Tokens.sign_in(http, "bob", "secret")
        back = Client(server.url, http, tokens, cursors=cursors)
        heard = back.events()
        async with back:
            assert await texts(heard, group, 5) == [f"meanwhile {n}" for n in range(5)]


async def test_a_killed_server_comes_back_and_every_draft_is_stored_once(folder: Path) -> None:
    weather = Weather()
    with myna_server.serve(folder, settings=TRUSTING) as first, ExitStack() as later:
        async with at(first, "ann", weather) as ann:
            group = (await ann.api.open_group("Notes", [])).id
            await ann.send(group, "before")
            heard = ann.events()
            os.kill(first.pid, signal.SIGKILL)
            sending = [asyncio.create_task(ann.send(group, f"line {n}")) for n in range(20)]
            async with asyncio.timeout(WAIT_S):
                await weather.failed.wait()
            assert len(ann.unsent) == 20
            port = TRUSTING | {"MYNA_PORT": first.env["MYNA_PORT"]}
            later.enter_context(myna_server.serve(folder, settings=port))
            sent = await asyncio.gather(*sending)
            assert [each.seq for each in sent] == list(range(2, 22))
            assert ann.unsent == []
            expected = [f"line {n}" for n in range(20)]
            assert await texts(heard, group, 20) == expected
            assert await stored(ann, group) == ["before", *expected]
    assert len(weather.sockets) == 2


async def test_two_devices_of_one_person_show_the_same(server: MynaServer) -> None:
    async with at(server, "ann") as phone, at(server, "ann") as laptop, at(server, "bob") as bob:
        on_phone, on_laptop = phone.events(), laptop.events()
        group = await group_of(phone, bob)
        lines = [f"line {n}" for n in range(12)]
        for n, line in enumerate(lines):
            await (phone, laptop, bob)[n % 3].send(group, line)
        assert await texts(on_phone, group, 12) == lines
        assert await texts(on_laptop, group, 12) == lines
        assert phone.cursors == laptop.cursors


async def test_the_same_client_id_over_http_and_socket_is_one_message(server: MynaServer) -> None:
    async with at(server, "ann") as ann:
        group = (await ann.api.open_group("Notes", [])).id
        over_http = await ann.api.send(group, "once", client_id="k1")
        over_socket = await ann.send(group, "once", client_id="k1")
        assert over_socket == Sent(group, "k1", over_http.seq, over_http.rev, duplicate=True)
        with pytest.raises(Conflict):
            await ann.send(group, "something else", client_id="k1")


async def test_errors_of_the_server_keep_their_class(server: MynaServer) -> None:
    async with at(server, "ann") as ann:
        with pytest.raises(NotFound):
            await ann.send("12345", "Is anybody there?")
        with pytest.raises(NotFound):
            await ann.api.conversation("12345")
        group = (await ann.api.open_group("Notes", [])).id
        with pytest.raises(Malformed):
            await ann.send(group, "   ")
    with pytest.raises(Closed):
        await ann.send(group, "too late")
    with pytest.raises(Unauthorised):
        await Client.sign_in(server.url, "ann", "wrong")


async def test_a_visitor_asks_for_a_person_and_an_operator_takes_over(server: MynaServer) -> None:
    visitor = await Client.visitor(server.url, "desk", "zh")
    heard = visitor.events()
    async with visitor, at(server, "ann") as ann:
        conversation = await visitor.api.open_support("desk")
        await visitor.send(conversation.id, "人工")
        ticket = await visitor.api.hand_off(conversation.id)
        assert ticket.owner == "queue"
        queue = await ann.api.tickets("queue")
        assert [row.conversation for row in queue.tickets] == [conversation.id]
        taken = await ann.api.claim(conversation.id, ticket.epoch)
        assert (taken.owner, taken.owner_user) == ("operator", ann.user)
        with pytest.raises(Conflict) as moved:
            await ann.api.claim(conversation.id, ticket.epoch)
        assert moved.value.code == "epoch_moved"
        await ann.send(conversation.id, "您好，我是 Ann。")
        assert await texts(heard, conversation.id, 2) == ["人工", "您好，我是 Ann。"]
        with pytest.raises(Forbidden):
            await visitor.api.tickets()


async def test_an_access_token_that_was_refused_is_renewed_once(server: MynaServer) -> None:
    http = default_http(server.url)
    tokens = await Tokens.sign_in(http, "ann", "secret")
    refresh = tokens.session.refresh_token
    tokens.session = type(tokens.session)("stale", refresh, 900.0, tokens.session.user, tokens.session.role)
    async with Client(server.url, http, tokens) as ann:
        await asyncio.gather(*(ann.api.me() for _ in range(5)))
        await ann.connected()
        assert tokens.session.refresh_token != refresh


async def test_a_sign_in_that_has_ended_ends_the_client_with_its_reason(server: MynaServer) -> None:
    http = default_http(server.url)
    tokens = await Tokens.sign_in(http, "ann", "secret")
    await tokens.end()
    tokens.session = type(tokens.session)("stale", tokens.session.refresh_token, 900.0, tokens.session.user)
    client = Client(server.url, http, tokens)
    heard = client.events()
    async with client:
        with pytest.raises(Unauthorised):
            await texts(heard, "12345", 1)
        with pytest.raises(Unauthorised):
            await client.send("12345", "hello")


async def test_a_server_that_is_not_there_is_named(server: MynaServer) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        await Client.sign_in("http://127.0.0.1:9", "ann", "secret")


async def test_a_file_goes_with_a_message_and_survives_in_the_outbox(server: MynaServer) -> None:
    async with await Client.sign_in(server.url, "ann", "secret") as ann:
        place = (await ann.api.open_group("Files", [])).id
        file = await ann.upload("notes.txt", b"from me")
        sent = await ann.send(place, "", files=[file])
        assert sent.seq is not None
        (message,) = (await ann.api.messages(place, after_seq=sent.seq - 1)).messages
        assert [each["name"] for each in message.body["files"]] == ["notes.txt"]
        with pytest.raises(NotFound):
            await ann.send(place, "x", files=["1"])
