"""A model provider for tests: a real HTTP server that speaks the OpenAI chat protocol and plays a script."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """Streams these pieces, then stops in the given way: `done`, `drop` the connection, or `hang` for ever."""

    pieces: tuple[str, ...]
    end: str = "done"
    pause_s: float = 0.0
    """Before each piece."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Asks for a tool, perhaps after saying something."""

    name: str
    arguments: dict[str, Any]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Asks for several tools at once."""

    calls: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers with an error status."""

    status: int
    retry_after_s: float | None = 0.0


Reply = Text | Tool | Tools | Refuse
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
}
"""What every complete answer is said to have taken."""


@dataclass(slots=True)
class Provider:
    """The server's script and what it saw. When the script is at its end the last reply is played again."""

    url: str
    script: deque[Reply] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closes a connection on which an answer was still being written."""

    def plays(self, *replies: Reply) -> None:
        """Replace the script."""
        self.script = deque(replies)

    def _next(self) -> Reply:
        return self.script.popleft() if len(self.script) > 1 else self.script[0]


@asynccontextmanager
async def openai_provider() -> AsyncIterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider("")

    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving[task] = writer
        try:
            while (request := await _request(reader)) is not None:
                provider.requests.append(request)
                if not await _play(provider, provider._next(), reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            provider.hung_up.set()
        finally:
            writer.close()
            del serving[task]

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield provider
    finally:
        server.close()
        for writer in serving.values():
            writer.close()
        await asyncio.gather(*serving)
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    request: dict[str, Any] = json.loads(body)
    return {**request, "_path": lines[0].split()[1], "_key": headers.get("authorization")}


async def _play(
    provider: Provider, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    if isinstance(reply, Refuse):
        body = json.dumps({"error": {"message": "refused", "type": "error", "code": "refused"}}).encode()
        wait = "" if reply.retry_after_s is None else f"retry-after-ms: {reply.retry_after_s * 1000:.0f}\r\n"
        head = f"HTTP/1.1 {reply.status} X\r\ncontent-type: application/json\r\n{wait}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return True
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for data in _chunks(reply):
        if isinstance(reply, Text) and reply.pause_s:
            await asyncio.sleep(reply.pause_s)
        _event(writer, json.dumps(data))
        await writer.drain()
    if isinstance(reply, Text) and reply.end == "drop":
        return False
    if isinstance(reply, Text) and reply.end == "hang":
        if not await reader.read(1):
            provider.hung_up.set()
        return False
    _event(writer, "[DONE]")
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _event(writer: asyncio.StreamWriter, data: str) -> None:
    payload = f"data: {data}\n\n".encode()
    writer.write(f"{len(payload):x}\r\n".encode() + payload + b"\r\n")


def _chunks(reply: Text | Tool | Tools) -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": ""})
    pieces: tuple[str, ...] = ()
    if isinstance(reply, Text):
        pieces = reply.pieces
    elif isinstance(reply, Tool):
        pieces = (reply.before,) * bool(reply.before)
    for piece in pieces:
        yield _chunk({"content": piece})
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    if not isinstance(reply, Text):
        calls = reply.calls if isinstance(reply, Tools) else ((reply.name, reply.arguments),)
    for index, (name, arguments) in enumerate(calls):
        call = {"name": name, "arguments": json.dumps(arguments)}
        yield _chunk(
            {"tool_calls": [{"index": index, "id": f"call_{index}", "type": "function", "function": call}]}
        )
    if not isinstance(reply, Text) or reply.end == "done":
        yield _chunk({}, "stop" if isinstance(reply, Text) else "tool_calls")
        yield {**_chunk({}), "choices": [], "usage": USAGE}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
