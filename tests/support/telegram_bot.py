"""A bot that calls Telegram's methods, and the oracle that its answers are shown to."""

import asyncio
import json
import subprocess
from typing import Any

import httpx

from support.backends import ROOT
from support.bot_world import Caller

PYTHON = ROOT / ".tools" / "bots" / "bin" / "python"
ORACLE = ROOT / "tests" / "third_party" / "oracle.py"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da636068f8cf00000284"
    "018127b6e4730000000049454e44ae426082"
)


class Telegram:
    """A bot's calls; every answer is remembered for the oracle."""

    def __init__(self, bot: Caller) -> None:
        self.bot, self.seen = bot, list[dict[str, Any]]()

    async def call(self, method: str, status: int = 200, files: Any = None, **params: Any) -> Any:
        """The result, or the description of the error that is expected; waits as told when it was too fast, as libraries do."""
        while (answer := await self._post(method, files, params)).status_code == 429 != status:
            await asyncio.sleep(answer.json()["parameters"]["retry_after"])
        assert answer.status_code == status, f"{method}: {answer.text}"
        body = answer.json()
        assert body["ok"] is (status == 200)
        self.seen.append({"method": method, "body": body})
        return body["result"] if status == 200 else body["description"]

    async def _post(self, method: str, files: Any, params: dict[str, Any]) -> httpx.Response:
        path = f"/bot{self.bot.token}/{method}"
        if files is None:
            return await self.bot.http.post(path, json=params)
        flat = {name: each if isinstance(each, str) else json.dumps(each) for name, each in params.items()}
        return await self.bot.http.post(path, data=flat, files=files)

    async def updates(self, count: int = 1, **params: Any) -> list[dict[str, Any]]:
        """The next so many updates, confirmed."""
        found: list[dict[str, Any]] = []
        offset = params.pop("offset", 0)
        async with asyncio.timeout(60):
            while len(found) < count:
                got = await self.call("getUpdates", timeout=5, offset=offset, **params)
                found += got
                offset = got[-1]["update_id"] + 1 if got else offset
        await self.call("getUpdates", offset=offset)
        self.seen += [{"method": "update", "body": each} for each in found]
        return found

    def check(self) -> None:
        """Every answer and update fits aiogram's models."""
        if not PYTHON.exists():
            return
        lines = "\n".join(json.dumps(each) for each in self.seen)
        done = subprocess.run(
            [PYTHON, ORACLE], check=False, input=lines, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
