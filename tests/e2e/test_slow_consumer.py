"""A reader that stops reading costs the others nothing, loses its queue but not its place, and catches up by pulling (I8)."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from myna.deliver.session import QUEUE_BYTES
from support import myna_server
from support.myna_server import MynaServer
from support.population import populate

MESSAGES, CHARS = 6_000, 2_000
"""12 MB: several times what the kernel keeps for a connection that nobody reads (4 MiB) and the queue together."""
WINDOW = 40
"""Sends in flight: their bytes fit into the queue of a reader that reads, so that only the slow one falls behind."""
WAIT_S = 60.0
SETTINGS = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_MODERATION": "0", "MYNA_LIMITS": "off"}


async def hello(server: MynaServer, token: str, **options: Any) -> ClientConnection:
    made = await connect(server.socket_url, max_size=None, compression=None, **options)
    await made.send(json.dumps({"op": "hello", "v": 1, "token": token}))
    assert json.loads(await asyncio.wait_for(made.recv(), WAIT_S))["op"] == "ready"
    return made


def narrow(server: MynaServer) -> socket.socket:
    """A connection for which the kernel keeps next to nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1])))
    made.setblocking(False)
    return made


async def flood(sender: ClientConnection, conversation: int) -> None:
    """Send everything, a window of sends at a time; returns when all is acknowledged."""
    acked = sent = 0
    while acked < MESSAGES:
        while sent < MESSAGES and sent - acked < WINDOW:
            body = {"text": f"{sent} ".ljust(CHARS, "x")}
            frame = {"op": "send", "conversation": str(conversation), "client_id": f"c{sent}", "body": body}
            await sender.send(json.dumps(frame))
            sent += 1
        async with asyncio.timeout(WAIT_S):
            answer = json.loads(await sender.recv())
        assert answer["op"] != "nack", answer
        acked += answer["op"] == "ack"


async def test_a_reader_that_stops_reading_comes_back_without_a_hole(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'myna.db'}"
    people = await asyncio.to_thread(populate, url, tmp_path / "data", users=3, groups=[[0, 1, 2]])
    conversation = people.places[0][0]
    with myna_server.serve(tmp_path, settings=SETTINGS) as server:
        ann, bob = await hello(server, people.tokens[0]), await hello(server, people.tokens[1])
        slow = await hello(server, people.tokens[2], sock=narrow(server), max_queue=1)
        heard = asyncio.create_task(events_of(bob))
        await flood(ann, conversation)
        assert await heard == list(range(1, MESSAGES + 1)), "the others hear everything"

        seen, pushed_bytes = await until_heads(slow)
        assert pushed_bytes < MESSAGES * CHARS / 2, "the queue was bounded"
        assert pushed_bytes >= QUEUE_BYTES / 4
        assert seen == list(range(1, len(seen) + 1)), "what was pushed has no hole"
        assert len(seen) < MESSAGES
        assert await pulled(slow, conversation, len(seen)) == list(range(len(seen) + 1, MESSAGES + 1))
        for each in (ann, bob, slow):
            await each.close()


async def events_of(reader: ClientConnection) -> list[int]:
    """The seqs of all events, as they are pushed."""
    seqs: list[int] = []
    async with asyncio.timeout(WAIT_S):
        while len(seqs) < MESSAGES:
            frame = json.loads(await reader.recv())
            if frame["op"] == "event":
                seqs.append(frame["seq"])
    return seqs


async def until_heads(reader: ClientConnection) -> tuple[list[int], int]:
    """The seqs that were pushed before the reader heard where the conversation stands, and the bytes of those frames."""
    seqs: list[int] = []
    size = 0
    async with asyncio.timeout(WAIT_S):
        while True:
            raw = await reader.recv()
            frame = json.loads(raw)
            if frame["op"] == "heads":
                return seqs, size
            if frame["op"] == "event":
                seqs.append(frame["seq"])
                size += len(raw)


async def pulled(reader: ClientConnection, conversation: int, after: int) -> list[int]:
    """The seqs of everything after a message, page by page backwards, since a long gap gives no events."""
    found: list[int] = []
    before = MESSAGES + 1
    async with asyncio.timeout(WAIT_S):
        while before > after + 1:
            await reader.send(
                json.dumps(
                    {
                        "op": "pull",
                        "ref": before,
                        "conversation": str(conversation),
                        "before_seq": before,
                        "limit": 200,
                    }
                )
            )
            while (page := json.loads(await reader.recv()))["op"] != "page":
                pass
            seqs = [each["seq"] for each in page["messages"] if each["seq"] > after]
            found = seqs + found
            before = min(each["seq"] for each in page["messages"])
    return found
