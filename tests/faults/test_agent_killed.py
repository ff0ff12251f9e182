"""kill -9 while an agent speaks: its sentence ends as interrupted, the next worker answers, once."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from support import myna_server, processes
from support.openai_provider import Text, openai_provider

QUESTION = "How long do I have to return something?"
BEGUN = Text(("You have 45 days from delivery to return unused goods [1]. ", "Then "), "hang")
WHOLE = Text(("You have 45 days from delivery to return unused goods [1].",))
WAIT_S = 90.0


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Returns when it holds."""
    async with asyncio.timeout(WAIT_S):
        while not await look():
            await asyncio.sleep(0.1)


async def test_a_server_that_is_killed_in_mid_sentence_leaves_one_whole_answer(tmp_path: Path) -> None:
    port = processes.free_port()
    async with openai_provider() as provider:
        provider.plays(BEGUN)
        settings = {
            "MYNA_DATA": str(tmp_path / "data"),
            "MYNA_HOST": "127.0.0.1",
            "MYNA_PORT": str(port),
            "MYNA_TURN_DELAY_MS": "0",
            "MYNA_EMBEDDER": "none:",
            "MYNA_MODEL": f"openai:scripted@{provider.url}",
        }
        process, server = await asyncio.to_thread(myna_server.launch, tmp_path, "--demo", settings=settings)
        await asyncio.to_thread(myna_server.wait_for, process, server)
        await asyncio.to_thread(myna_server.wait_for_knowledge, server)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", timeout=20) as http:
            session = (await http.post("/visitors", json={"inbox": "demo"})).json()
            http.headers["Authorization"] = f"Bearer {session['access_token']}"
            opened = await http.post("/conversations", json={"kind": "support", "inbox": "demo"})
            path = f"/conversations/{opened.json()['id']}/messages"

            async def answers() -> list[dict[str, Any]]:
                found = (await http.get(path)).json()["messages"]
                customer = session["user"]["id"]
                return [each for each in found if each["kind"] == "text" and each["sender"] != customer]

            async def speaks() -> bool:
                return [each["state"] for each in await answers()] == ["streaming"]

            async def done() -> bool:
                return [each["state"] for each in await answers()][-1:] == ["sent"]

            asked = await http.post(
                path, json={"body": {"text": QUESTION}}, headers={"Idempotency-Key": "question"}
            )
            assert asked.status_code == 201
            await until(speaks)
            os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait, 20)
            provider.plays(WHOLE)
            (tmp_path / "again").mkdir()
            process, server = await asyncio.to_thread(
                myna_server.launch, tmp_path / "again", "--demo", settings=settings
            )
            await asyncio.to_thread(myna_server.wait_for, process, server)
            await until(done)
            said = await answers()
            assert [each["state"] for each in said] == ["interrupted", "sent"]
            assert "45 days" in said[1]["body"]["text"]
            assert said[1]["body"]["citations"]
        await asyncio.to_thread(processes.stop, process)
