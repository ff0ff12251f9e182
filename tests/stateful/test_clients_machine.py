"""Clients, servers and a bad network: whatever happens, what was acknowledged is there once, and everybody ends with the log.

Invariants I1 to I7 of docs/protocol.md, on both databases, with one server and with two that share a bus which loses frames.
"""

import asyncio
import gc
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from myna_bots.client.outbox import Sent
from support.world import World, decoded

# A crash leaves connections to the database unclosed, as it does in a process that dies.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
USERS = 4
GROUPS = ((0, 1, 2), (0, 1))
LATE = 3
"""The user who joins the first group later, without its past."""
PEOPLE = st.integers(0, USERS - 1)


class Clients(RuleBasedStateMachine):
    """A few people in two groups."""

    url = ""
    template = Path()
    """A migrated file, copied for each example that has no `url`."""
    servers = 1

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        url = self.url or f"sqlite:///{shutil.copy(self.template, folder / 'myna.db')}"
        self.world = World(url, folder, self.servers)
        self.joined = False
        self.run(self.start())

    async def start(self) -> None:
        await self.world.start(USERS, GROUPS)
        for place, device in enumerate(self.world.devices):
            device.connect(self.world.servers[place % self.servers])
        await self.world.turn(5)

    def run(self, work: Any) -> None:
        self.runner.run(work)

    @rule(who=st.integers(0, 1), where=st.integers(0, 1), count=st.integers(1, 4))
    def send(self, who: int, where: int, count: int) -> None:
        for _ in range(count):
            self.world.send(self.world.devices[who], self.world.conversations[where])

    @rule(times=st.integers(1, 6))
    def work(self, times: int) -> None:
        self.run(self.world.turn(times))

    @rule()
    def store(self) -> None:
        self.run(self.world.stored())

    @rule(who=PEOPLE)
    def cut(self, who: int) -> None:
        async def cut() -> None:
            self.world.devices[who].cut()

        self.run(cut())

    @rule(who=PEOPLE, where=st.integers(0, 1))
    def connect(self, who: int, where: int) -> None:
        async def connect() -> None:
            self.world.devices[who].connect(self.world.servers[where % self.servers])

        self.run(connect())

    @rule(who=PEOPLE, count=st.integers(1, 3))
    def lose_pushes(self, who: int, count: int) -> None:
        self.world.devices[who].lose_next += count

    @rule(count=st.integers(1, 10))
    def lose_bus_frames(self, count: int) -> None:
        self.world.bus.lose_next += count

    @rule(which=st.integers(0, 1))
    def beacon(self, which: int) -> None:
        self.run(self.world.servers[which % self.servers].beacon())

    @rule(who=PEOPLE, on=st.booleans())
    def repeat_frames(self, who: int, on: bool) -> None:
        self.world.devices[who].repeat = on

    @rule(who=PEOPLE, place=st.integers(0, 50))
    def an_old_frame_comes_again(self, who: int, place: int) -> None:
        async def resend() -> None:
            self.world.devices[who].resend(place)

        self.run(resend())

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        async def crash() -> None:
            server = self.world.servers[which % self.servers]
            for device in self.world.devices:
                if device.server is server:
                    device.cut()
            await server.crash()
            await server.start()

        self.run(crash())

    @rule()
    def join(self) -> None:
        if not self.joined:
            self.joined = True
            self.run(self.world.join(self.world.devices[LATE], self.world.conversations[0]))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.run(self.world.heal())
            self.run(self.check())
        finally:
            self.run(self.world.stop())
            self.runner.close()
            self.folder.cleanup()

    async def check(self) -> None:
        rows: dict[str, tuple[str, int, str]] = {}
        for conversation in self.world.conversations:
            log, messages = await self.world.log(conversation), await self.world.messages(conversation)
            assert [event.rev for event in log] == list(range(1, len(log) + 1)), "I1: revs are dense"
            assert [each.seq for each in messages] == list(range(1, len(messages) + 1)), "I1: seqs are dense"
            for message in messages:
                text = str(message.body["text"])
                client_id = text.split(maxsplit=1)[0]
                assert client_id not in rows, "I4: a composed message is one row"
                rows[client_id] = (str(conversation), message.seq, text)
            await self.check_copies(conversation)
        for client_id, (device, place, text) in self.world.composed.items():
            assert rows[client_id][0::2] == (place, text), (
                "I5: every draft is in the log once the network heals"
            )
            outcome = device.settled[client_id]
            assert isinstance(outcome, Sent)
            assert (outcome.conversation, outcome.seq) == rows[client_id][:2], "I2: an ack names the row"

    async def check_copies(self, conversation: int) -> None:
        log = await self.world.log(conversation)
        everything = {
            event.rev: {"kind": event.kind.value, "seq": event.seq, "data": decoded(event.data)}
            for event in log
        }
        seats = self.world.servers[0].core.services.directory._conversations
        for device in self.world.devices:
            copy = device.copy.get(str(conversation), {})
            seat = await seats.member(conversation, device.user.id)
            if seat is None:
                assert copy == {}, "I7: nothing reaches a stranger"
                continue
            mine = {
                rev: event
                for rev, event in everything.items()
                if event["seq"] is None or event["seq"] >= seat.from_seq
            }
            assert list(copy) == sorted(copy), "I3: events are applied in order"
            if seat.from_seq == 1:
                assert copy == mine, "I6: a client's copy is the log"
            else:
                # Who joined late may have been pushed only what came after; nothing below its floor, nothing missing above.
                joined = max(rev for rev, event in everything.items() if event["kind"] == "member.joined")
                assert {rev: event for rev, event in copy.items() if rev >= joined} == {
                    rev: event for rev, event in mine.items() if rev >= joined
                }
                assert set(copy) <= set(mine), "I7: nothing below the floor"


# Without shrinking: a failure that shows only after healing would be tried for many minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
LITTLE = settings(max_examples=15, stateful_step_count=30, deadline=None, phases=PHASES)


@pytest.fixture(autouse=True)
def left_connections() -> Iterator[None]:
    """What crashes left unclosed goes while its warnings are still expected."""
    yield
    gc.collect()


def machine(servers: int, *, url: str = "", template: Path = Path()) -> type[Clients]:
    return type("Clients", (Clients,), {"url": url, "template": template, "servers": servers})


def test_clients_of_one_server_on_sqlite_end_with_the_log(migrated_sqlite: Path) -> None:
    run_state_machine_as_test(machine(1, template=migrated_sqlite), settings=LITTLE)


def test_clients_of_two_servers_on_sqlite_end_with_the_log(migrated_sqlite: Path) -> None:
    run_state_machine_as_test(machine(2, template=migrated_sqlite), settings=LITTLE)


@pytest.mark.needs("postgres")
def test_clients_of_two_servers_on_postgres_end_with_the_log(postgres_url: str) -> None:
    run_state_machine_as_test(machine(2, url=postgres_url), settings=LITTLE)


async def test_a_client_gets_what_it_heard_of_from_a_server_that_is_behind(
    database_url: str, tmp_path: Path
) -> None:
    world = World(database_url, tmp_path, servers=2)
    await world.start(2, [(0, 1)])
    ahead, behind = world.servers
    writer, reader = world.devices
    writer.connect(ahead)
    reader.connect(behind)
    try:
        world.send(writer, world.conversations[0])
        await world.stored()
        # Both servers have it in memory, and the reader has applied it.
        await behind.beacon()
        await world.level()
        await ahead.core.services.relay.drained()
        world.bus.lose_next = 1
        world.send(writer, world.conversations[0])
        await world.stored()
        await ahead.core.services.relay.drained()
        assert behind.core.services.relay.pos < ahead.core.services.relay.pos
        # The new greeting names the head of the log, which the server itself has not taken in.
        reader.connect(behind)
        await world.level()
        assert behind.core.services.relay.pos < ahead.core.services.relay.pos
    finally:
        await world.stop()
