"""Bot and server are killed with -9 again and again; in the end every message has exactly one answer."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from support import myna_server, processes

MESSAGES = 40
BOT = """
from myna_bots import Bot, Router

router = Router()


@router.message()
async def answer(ctx):
    await ctx.reply("got " + ctx.text)


Bot.from_env().include(router).run()
"""


class Person:
    """Somebody who keeps trying, as clients do."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)

    def ask(self, method: str, path: str, **content: Any) -> Any:
        until = time.monotonic() + 60
        while True:
            try:
                answer = self.http.request(method, path, **content)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 429:
                assert answer.status_code < 300, answer.text
                return answer.json()
            assert time.monotonic() < until, f"{method} {path} was never answered"
            time.sleep(0.1)

    def says(self, place: str, text: str) -> None:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        self.ask("POST", f"/v1/conversations/{place}/messages", json={"body": {"text": text}}, headers=key)

    def texts(self, place: str, sender: str) -> list[str]:
        query = {"limit": 200}
        got = self.ask("GET", f"/v1/conversations/{place}/messages", params=query)["messages"]
        return [each["body"]["text"] for each in got if each["sender"] == sender]


def start_bot(folder: Path, url: str, key: str) -> "subprocess.Popen[bytes]":
    env = myna_server.environment({}) | {"BOT_URL": url, "BOT_TOKEN": key}
    return processes.start([sys.executable, folder / "bot.py"], log=folder / "bot.log", env=env)


def test_killing_bot_and_server_neither_loses_nor_doubles_an_answer(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(BOT)
    settings = {
        "MYNA_DATA": str(tmp_path / "data"),
        "MYNA_HOST": "127.0.0.1",
        "MYNA_PORT": str(processes.free_port()),
        "MYNA_AGENTS": "0",
        "MYNA_MODERATION": "0",
        "MYNA_EMBEDDER": "none:",
    }
    process, server = myna_server.launch(tmp_path, settings=settings)
    bot: subprocess.Popen[bytes] | None = None
    ann: Person | None = None
    try:
        myna_server.wait_for(process, server)
        password = (server.data / "operator-password.txt").read_text().strip()
        signed = httpx.post(
            f"{server.url}/v1/auth/sign-in",
            json={"handle": "operator", "password": password},
            trust_env=False,
        ).json()
        ann = Person(server.url, signed["access_token"])
        place = ann.ask("POST", "/v1/conversations", json={"kind": "group", "title": "Shop"})["id"]
        scopes = ["messages:read:all", "messages:write"]
        asked = {"name": "Bot", "handle": "bot", "privacy": "all", "scopes": scopes}
        made = ann.ask("POST", "/v1/bots", json=asked)
        path = f"/v1/bots/{made['bot']['id']}/installations/{place}"
        ann.ask("PUT", path, json={"scopes": scopes, "privacy": "all"})
        key = made["token"]["key"]
        bot = start_bot(tmp_path, server.url, key)
        for number in range(MESSAGES):
            ann.says(place, f"message {number}")
            if number % 13 == 5:
                os.kill(bot.pid, signal.SIGKILL)
                bot.wait()
                bot = start_bot(tmp_path, server.url, key)
            if number % 17 == 11:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                process, server = myna_server.launch(tmp_path, settings=settings)
                myna_server.wait_for(process, server)
        wanted = [f"got message {number}" for number in range(MESSAGES)]
        until = time.monotonic() + 120
        while len(ann.texts(place, made["bot"]["id"])) < MESSAGES and time.monotonic() < until:
            time.sleep(0.3)
        answers = ann.texts(place, made["bot"]["id"])
        log = (tmp_path / "bot.log").read_text()
        assert Counter(answers) == Counter(wanted), log[-3000:]
        assert answers == wanted
    finally:
        processes.stop(process)
        if ann is not None:
            ann.http.close()
        if bot is not None:
            processes.stop(bot)
