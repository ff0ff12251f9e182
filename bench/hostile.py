"""A signed-in user's messages while 50,000 hostile requests arrive: wrong passwords, forged tokens, probes, guesses, floods."""

import asyncio
import json
import multiprocessing
import os
import time
import uuid
from typing import Any

from bench.rig import LOAD_CORE, Rig, cpu_s, rig

REQUESTS = 50_000
CONNECTIONS = 64
EVERY_S = 0.05
"""How often the user writes: a lively conversation."""
WARM_S = 2.0
ADDRESSES = 100
"""From so many addresses the requests come, as a small botnet would: a single one is blocked after a few."""


def hostile() -> dict[str, Any]:
    """Milliseconds until each of the user's messages is acknowledged, before and during the attack."""
    pairs = [[0, 1]]
    with rig(users=2, groups=pairs, settings={"MYNA_MODERATION": "0", "MYNA_LIMITS": ""}) as here:
        return asyncio.run(_measure(here))


async def _measure(here: Rig) -> dict[str, Any]:
    from websockets.asyncio.client import connect

    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    attack = context.Process(target=_attack, args=(int(here.port), done))
    calm: list[float] = []
    under: list[float] = []
    late: list[float] = []
    async with connect(here.server.socket_url, proxy=None) as socket:
        await socket.send(json.dumps({"op": "hello", "v": 1, "token": here.people.tokens[0]}))
        await _answer(socket, "ready")
        place = str(here.people.places[0][0])
        until = time.perf_counter() + WARM_S
        while time.perf_counter() < until:
            calm.append(await _write(socket, place))
            await asyncio.sleep(EVERY_S)
        before, at = cpu_s(here.server.pid), time.monotonic()
        attack.start()
        while attack.is_alive():
            under.append(await _write(socket, place))
            # The pause after a message ends late when the meter itself waits for its core.
            began = time.perf_counter()
            await asyncio.sleep(EVERY_S)
            late.append(max(0.0, (time.perf_counter() - began - EVERY_S) * 1000))
        attack.join()
    took_s = time.monotonic() - at
    statuses: dict[str, int] = done.get()
    sent = sum(statuses.values())
    return {
        "requests": sent,
        "requests_per_s": round(sent / took_s),
        "statuses": statuses,
        "messages": len(under),
        "calm_ms": _spread(calm),
        "ms": _spread(under),
        "meter_late_ms": _spread(late),
        "server_cpu": round((cpu_s(here.server.pid) - before) / took_s, 3),
        "server_us_per_request": round((cpu_s(here.server.pid) - before) / sent * 1e6),
    }


async def _write(socket: Any, place: str) -> float:
    """Milliseconds until a message is acknowledged."""
    frame = {"op": "send", "conversation": place, "client_id": uuid.uuid4().hex, "body": {"text": "hello"}}
    start = time.perf_counter()
    await socket.send(json.dumps(frame))
    await _answer(socket, "ack")
    return (time.perf_counter() - start) * 1000


async def _answer(socket: Any, op: str) -> None:
    async with asyncio.timeout(30):
        while True:
            found = json.loads(await socket.recv())
            if any(each.get("op") == op for each in (found if isinstance(found, list) else [found])):
                return


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


def _attack(port: int, done: Any) -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {int(LOAD_CORE)})
    # The user's own program, which is timed, runs on the same core: in the world it has one of its own.
    os.nice(10)
    done.put(asyncio.run(_storm(port)))


async def _storm(port: int) -> dict[str, int]:
    statuses: dict[str, int] = {}
    numbers = iter(range(REQUESTS))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            writer.write(_request(number))
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                await reader.readexactly(length)
                status = head.split(b" ", 2)[1].decode()
                closed = b"connection: close" in head.lower()
            except (asyncio.IncompleteReadError, ConnectionError):
                status, closed = "hung up", True
            statuses[status] = statuses.get(status, 0) + 1
            if closed:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one())
    return statuses


def _request(number: int) -> bytes:
    address = number % ADDRESSES
    heads = f"Host: myna\r\nX-Forwarded-For: 203.{address // 250}.113.{address % 250}\r\n"
    kind = number % 5
    if kind == 0:
        body = json.dumps({"handle": f"person{number}", "password": "wrong one"})
        more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST /v1/auth/sign-in HTTP/1.1\r\n{heads}{more}\r\n{body}".encode()
    path = {
        1: "/v1/me",
        2: f"/v1/search?q=1'%20UNION%20SELECT%20{number}",
        3: f"/v1/inboxes/guess{number}",
        4: f"/v1/files/{number}/..%2f..%2fetc%2fpasswd",
    }[kind]
    token = f"Authorization: Bearer forged.{number}.token\r\n" if kind == 1 else ""
    return f"GET {path} HTTP/1.1\r\n{heads}{token}\r\n".encode()
