"""Real bots of Telegram's libraries, each its own process, against a real server; only the URL is another one."""

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import myna_server, processes
from support.backends import ROOT

PYTHON = ROOT / ".tools" / "bots" / "bin" / "python"
BOTS = ROOT / "tests" / "third_party"
PAUSE_S = 6.0
SCOPES = ["messages:read:all", "messages:write", "messages:delete", "members:read", "members:manage", "files"]


class Person:
    """Somebody with a token."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
        )

    def ask(self, method: str, path: str, **content: Any) -> Any:
        answer = self.http.request(method, path, headers={"Idempotency-Key": uuid.uuid4().hex}, **content)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def says(self, place: str, text: str) -> int:
        return int(
            self.ask("POST", f"/v1/conversations/{place}/messages", json={"body": {"text": text}})["seq"]
        )

    def after(
        self, place: str, seq: int, wanted: Callable[[dict[str, Any]], bool], log: Path
    ) -> dict[str, Any]:
        """The first message after a seq that is wanted."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            query = {"after_seq": seq, "limit": 50}
            for each in self.ask("GET", f"/v1/conversations/{place}/messages", params=query)["messages"]:
                if each["state"] != "streaming" and wanted(each):
                    return dict(each)
            time.sleep(0.1)
        raise AssertionError(f"the bot did not answer:\n{processes.tail(log, 60)}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[myna_server.MynaServer]:
    settings = {
        "MYNA_AGENTS": "0",
        "MYNA_MODERATION": "0",
        "MYNA_EMBEDDER": "none:",
        "MYNA_PRIVATE_WEBHOOKS": "1",
    }
    with myna_server.serve(tmp_path_factory.mktemp("telegram"), settings=settings) as made:
        yield made


@pytest.fixture(scope="module")
def ann(server: myna_server.MynaServer) -> Iterator[Person]:
    password = (server.data / "operator-password.txt").read_text().strip()
    asked = {"handle": "operator", "password": password}
    signed = httpx.post(f"{server.url}/v1/auth/sign-in", json=asked, trust_env=False).json()
    person = Person(server.url, signed["access_token"])
    yield person
    person.http.close()


def command_of(name: str) -> list[str | Path]:
    """How the feature bot on a library is started."""
    if name in {"telegraf", "grammy"}:
        own = ROOT / ".tools" / "node" / "bin" / "node"
        return [own if own.exists() else "node", BOTS / "node" / f"{name}_bot.cjs"]
    return [PYTHON, BOTS / f"{name}_bot.py"]


@contextmanager
def running(argv: list[str | Path], folder: Path, env: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    process = processes.start(argv, log=folder / "bot.log", env=myna_server.environment({}) | env, cwd=BOTS)
    try:
        yield process
    finally:
        processes.stop(process)


@pytest.mark.needs("bot-libraries")
@pytest.mark.parametrize("library", ["aiogram", "ptb", "telebot"])
def test_a_bot_that_was_written_for_telegram_runs_without_an_edit(
    library: str, server: myna_server.MynaServer, ann: Person, tmp_path: Path
) -> None:
    asked = {"name": "Bot", "handle": f"{library}{uuid.uuid4().hex[:6]}", "scopes": SCOPES}
    made = ann.ask("POST", "/v1/bots", json=asked)
    bot, key = made["bot"]["id"], made["token"]["key"]
    direct = ann.ask("POST", "/v1/conversations", json={"kind": "direct", "user": bot})["id"]
    run: list[str | Path] = [*myna_server.COMMAND, "bots", "run", "--", PYTHON, BOTS / f"{library}_bot.py"]
    log = tmp_path / "bot.log"
    env = {"BOT_TOKEN": key, "BOT_URL": server.url}
    with running(run, tmp_path, env):
        for text, expected in (("/start", "start"), ("hi", "echo hi"), ("/doc", "downloaded hello file")):
            seq = ann.says(direct, text)
            ann.after(direct, seq, lambda each, e=expected: each["body"]["text"] == e, log)  # type: ignore[misc]


@pytest.mark.needs("bot-libraries")
@pytest.mark.parametrize("library", ["aiogram", "aiogram webhook", "ptb", "telebot", "telegraf", "grammy"])
def test_a_bot_of_this_library_works(
    library: str, server: myna_server.MynaServer, ann: Person, tmp_path: Path
) -> None:
    name = library.split(maxsplit=1)[0]
    handle = f"{name}{uuid.uuid4().hex[:6]}_bot"
    asked = {"name": "Bot", "handle": handle, "privacy": "all", "scopes": SCOPES}
    made = ann.ask("POST", "/v1/bots", json=asked)
    bot, key = made["bot"]["id"], made["token"]["key"]
    direct = ann.ask("POST", "/v1/conversations", json={"kind": "direct", "user": bot})["id"]
    env = {"BOT_TOKEN": key, "BOT_API": server.url}
    if "webhook" in library:
        env["WEBHOOK_PORT"] = str(processes.free_port())
    log = tmp_path / "bot.log"
    with running(command_of(name), tmp_path, env):

        def answered(text: str, expected: str, place: str = direct) -> dict[str, Any]:
            seq = ann.says(place, text)
            return ann.after(
                place, seq, lambda each: each["sender"] == bot and each["body"]["text"] == expected, log
            )

        answered("/start ref42", "start ref42")
        answered("hello 😀 世界", "echo hello 😀 世界")
        kinds = [each["type"] for each in answered("/html", "bold link <3")["body"]["entities"]]
        assert kinds == ["bold", "text_link"]
        menu = answered("/menu", "choose")
        path = f"/v1/conversations/{direct}/messages/{menu['seq']}/actions"
        ann.ask("POST", path, json={"action": "telegram", "value": "b"})
        changed = ann.after(direct, menu["seq"] - 1, lambda each: each["body"]["text"] == "chosen: b", log)
        assert not changed["body"].get("buttons")
        for text, expected in (("/form", "name?"), ("Ann", "age?"), ("7", "Ann is 7")):
            answered(text, expected)
        photo = answered("/photo", "a picture")
        assert photo["body"]["attachments"][0]["width"] == 8
        answered("/doc", "downloaded hello file")
        # A chat takes one message a second from a bot after a burst of 20, and the whole walk has more.
        time.sleep(PAUSE_S)
        for text, expected in (
            ("/album", "album 1"),
            ("/action", "acted"),
            ("/copy", "forwarded user"),
            ("/delete", "deleted"),
            ("/poll", "poll 2 True"),
            ("/pin", "pinned"),
        ):
            answered(text, expected)
        group = ann.ask("POST", "/v1/conversations", json={"kind": "group", "title": "Shop"})["id"]
        wanted = {"scopes": SCOPES, "privacy": "all", "role": "moderator"}
        ann.ask("PUT", f"/v1/bots/{bot}/installations/{group}", json=wanted)
        ann.after(group, 0, lambda each: each["body"]["text"] == "installed", log)
        answered(f"/who@{handle}", "2 of 2, you: creator", group)
        seq = ann.says(group, "frist")
        ann.after(group, seq, lambda each: each["body"]["text"] == "echo frist", log)
        ann.ask("PATCH", f"/v1/conversations/{group}/messages/{seq}", json={"body": {"text": "first"}})
        ann.after(group, seq, lambda each: each["body"]["text"] == "edited: first", log)
