"""Somebody who talks to a bot of a Telegram library, which runs as a process of its own, and what is expected of it."""

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from support import myna_server, processes
from support.backends import ROOT

PYTHON = ROOT / ".tools" / "bots" / "bin" / "python"
BOTS = ROOT / "tests" / "third_party"
SCOPES = ["messages:read:all", "messages:write", "messages:delete", "members:read", "members:manage", "files"]
ANSWER_S = 60.0
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da636068f8cf00000284"
    "018127b6e4730000000049454e44ae426082"
)


def node() -> str | Path:
    """Node of this checkout, or the machine's."""
    own = ROOT / ".tools" / "node" / "bin" / "node"
    return own if own.exists() else shutil.which("node") or "node"


class Person:
    """Somebody with a token."""

    def __init__(self, url: str, token: str, id_: str = "") -> None:
        self.id = id_
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )

    @classmethod
    def operator(cls, server: myna_server.MynaServer) -> "Person":
        """Who was made at the server's first start."""
        return cls(server.url, myna_server.sign_in(server))

    def invited(self, name: str) -> "Person":
        """Another person of the workspace."""
        link = self.ask("POST", "/v1/admin/invitations", json={"name": name.title()})
        token = link["url"].rpartition("#")[2].rpartition("=")[2].rpartition("/")[2]
        wanted = {"token": token, "handle": f"{name}{uuid.uuid4().hex[:6]}", "password": uuid.uuid4().hex}
        made = self.ask("POST", "/v1/auth/invitations/accept", json=wanted)
        return Person(str(self.http.base_url), made["access_token"], made["user"]["id"])

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """The answer's JSON. Where a quick machine makes a walk ask too often, it waits for as long as it is told."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} | content.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **content)
        until = time.monotonic() + ANSWER_S
        while answer.status_code == 429 and time.monotonic() < until:
            refused = answer.json()
            if refused.get("limit") != "request_token":
                break
            time.sleep(refused["retry_ms"] / 1000)
            answer = self.http.request(method, path, headers=headers, **content)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def says(self, place: str, text: str, **body: Any) -> int:
        """Send a message; its seq."""
        wanted = {"body": {"text": text, **body}}
        return int(self.ask("POST", f"/v1/conversations/{place}/messages", json=wanted)["seq"])

    def uploads(self, name: str, content: bytes) -> str:
        """A file's id."""
        file = self.ask("POST", "/v1/files", json={"name": name, "size": len(content)})["id"]
        self.ask("PATCH", f"/v1/files/{file}", content=content, headers={"Upload-Offset": "0"})
        return str(file)

    def bot(self, handle: str, **given: Any) -> tuple[str, str]:
        """A new bot's id and key."""
        asked = {"name": "Bot", "handle": handle, "scopes": SCOPES, **given}
        made = self.ask("POST", "/v1/bots", json=asked)
        return made["bot"]["id"], made["token"]["key"]

    def direct(self, user: str) -> str:
        """The conversation with somebody."""
        return str(self.ask("POST", "/v1/conversations", json={"kind": "direct", "user": user})["id"])


@contextmanager
def running(
    argv: Sequence[str | Path], log: Path, env: dict[str, str], folder: Path = BOTS
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program while the block lasts."""
    process = processes.start(argv, log=log, env=myna_server.environment({}) | env, cwd=folder)
    try:
        yield process
    finally:
        processes.stop(process)


@dataclass(slots=True)
class Talk:
    """A person's conversation with one running bot."""

    person: Person
    bot: str
    key: str
    direct: str
    process: "subprocess.Popen[bytes]"
    log: Path
    handle: str = ""
    patience_s: float = ANSWER_S
    kept: dict[str, Any] = field(default_factory=dict)
    """What one step leaves for the next ones."""

    def message(
        self, wanted: Callable[[dict[str, Any]], bool], place: str = "", after: int = 0
    ) -> dict[str, Any]:
        """The first message after a seq that is wanted."""
        path, until = f"/v1/conversations/{place or self.direct}/messages", time.monotonic() + self.patience_s
        while time.monotonic() < until:
            query = {"after_seq": after, "limit": 50}
            for each in self.person.ask("GET", path, params=query)["messages"]:
                if each["state"] != "streaming" and wanted(each):
                    return dict(each)
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"the bot did not answer:\n{processes.tail(self.log, 60)}")

    def hears(self, expected: str, place: str = "", after: int = 0) -> dict[str, Any]:
        """The bot's first message with this text."""
        return self.message(
            lambda each: each["sender"] == self.bot and each["body"]["text"] == expected, place, after
        )

    def answered(self, text: str, expected: str, place: str = "") -> dict[str, Any]:
        """Say something; the bot's answer with this text."""
        return self.hears(expected, place, self.person.says(place or self.direct, text))

    def answers_with(self, text: str, part: str) -> dict[str, Any]:
        """Say something; the bot's answer that has this in its text."""
        seq = self.person.says(self.direct, text)
        return self.message(
            lambda each: each["sender"] == self.bot and part in str(each["body"]["text"]), after=seq
        )

    def clicks(self, message: dict[str, Any], value: str) -> None:
        """Click a button of a Telegram keyboard."""
        path = f"/v1/conversations/{message['conversation']}/messages/{message['seq']}/actions"
        self.person.ask("POST", path, json={"action": "telegram", "value": value})

    def install(self, place: str, role: str = "admin") -> None:
        """Let the bot into a conversation."""
        wanted = {"scopes": SCOPES, "privacy": "all", "role": role}
        self.person.ask("PUT", f"/v1/bots/{self.bot}/installations/{place}", json=wanted)

    def ended(self) -> bool:
        """Whether the bot's program ends within a while."""
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            return False
        return True
