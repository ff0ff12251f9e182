"""A bot that was down for an hour of traffic, and bot and server killed with -9 again and again: every message has exactly one
answer, in order."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import myna_server, processes

GROUPS, EACH = 20, 10
"""An hour of a workspace in which somebody says something every eighteen seconds."""
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


class House:
    """A server and a bot's program, each of which can be killed at any moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "bot.py").write_text(BOT)
        self._settings = {
            "MYNA_DATA": str(folder / "data"),
            "MYNA_HOST": "127.0.0.1",
            "MYNA_PORT": str(processes.free_port()),
            "MYNA_AGENTS": "0",
            "MYNA_MODERATION": "0",
            "MYNA_EMBEDDER": "none:",
        }
        self.key = ""
        self._bot: subprocess.Popen[bytes] | None = None
        self._serve()

    def _serve(self) -> None:
        self._process, self.server = myna_server.launch(self._folder, settings=self._settings)
        myna_server.wait_for(self._process, self.server)

    def kill_server(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._serve()

    def start_bot(self) -> None:
        env = myna_server.environment({}) | {"BOT_URL": self.server.url, "BOT_TOKEN": self.key}
        argv: list[str | Path] = [sys.executable, self._folder / "bot.py"]
        self._bot = processes.start(argv, log=self._folder / "bot.log", env=env)

    def kill_bot(self) -> None:
        assert self._bot is not None
        os.kill(self._bot.pid, signal.SIGKILL)
        self._bot.wait()

    def log(self) -> str:
        return (self._folder / "bot.log").read_text()[-3000:]

    def close(self) -> None:
        processes.stop(self._process)
        if self._bot is not None:
            processes.stop(self._bot)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_killing_bot_and_server_neither_loses_nor_doubles_an_answer(house: House) -> None:
    with ExitStack() as stack:
        ann = Person(house.server.url, myna_server.sign_in(house.server))
        stack.callback(ann.http.close)
        scopes = ["messages:read:all", "messages:write"]
        made = ann.ask(
            "POST", "/v1/bots", json={"name": "Bot", "handle": "bot", "privacy": "all", "scopes": scopes}
        )
        bot, house.key = made["bot"]["id"], made["token"]["key"]
        places: list[str] = []
        for number in range(GROUPS):
            group = {"kind": "group", "title": f"Shop {number}"}
            places.append(ann.ask("POST", "/v1/conversations", json=group)["id"])
            path = f"/v1/bots/{bot}/installations/{places[-1]}"
            ann.ask("PUT", path, json={"scopes": scopes, "privacy": "all"})

        def answers() -> list[list[str]]:
            return [ann.texts(place, bot) for place in places]

        def answered(count: int) -> None:
            until = time.monotonic() + 120
            while sum(len(each) for each in answers()) < count:
                assert time.monotonic() < until, house.log()
                time.sleep(0.3)

        def busy(numbers: range) -> None:
            """This much is said in each group, in four groups at once."""

            def talk(place: str) -> None:
                for number in numbers:
                    ann.says(place, f"message {number}")

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(talk, places))

        house.start_bot()
        ann.says(places[0], "message 0")
        answered(1)
        house.kill_bot()
        for place in places[1:]:
            ann.says(place, "message 0")
        # The hour in which the bot is down; the server dies in it.
        busy(range(1, EACH // 2))
        house.kill_server()
        busy(range(EACH // 2, EACH))
        house.start_bot()
        answered(40)
        house.kill_bot()
        house.start_bot()
        answered(90)
        house.kill_server()
        answered(GROUPS * EACH)
        wanted = [f"got message {number}" for number in range(EACH)]
        assert answers() == [wanted] * GROUPS, house.log()
