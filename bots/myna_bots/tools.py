"""`myna bots new|run|dev`: make a bot, run its program, restart it when its code changes."""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
from getpass import getpass
from importlib import resources
from pathlib import Path
from typing import Any

from myna.errors import MynaError
from myna_bots.client.client import default_http
from myna_bots.client.problems import checked
from myna_bots.client.tokens import Tokens
from myna_bots.client.wire import decoded

STOP_S = 10.0
ENV_FILE = "bot.env"
PASSWORD_FILE = Path("data/operator-password.txt")


def new(options: argparse.Namespace) -> int:
    """Make a bot and its folder; the exit status."""
    folder = Path(options.name)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{2,31}", options.name):
        raise MynaError(
            f"{options.name!r} is no handle: 3 to 32 letters, digits and underscores, a letter first."
        )
    if folder.exists():
        raise MynaError(f"There is a {options.name!r} here already.")
    password = _password(options.password_file, options.user)
    made = asyncio.run(_make(options.url, options.user, password, options.name))
    folder.mkdir()
    source = resources.files("myna_bots.examples") / f"{options.example}.py"
    (folder / "bot.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    env = folder / ENV_FILE
    handle = os.open(env, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"BOT_URL={options.url}\nBOT_TOKEN={made['token']['key']}\n")
    (folder / "test_bot.py").write_text(_TEST, encoding="utf-8")
    _say(f"Made @{made['bot']['handle']} and its program in {folder}/. Next:")
    _say(f"  cd {folder} && myna bots dev bot.py")
    return 0


_TEST = '''"""Tests of this bot, against a whole Myna in the test's own process. Run with: pytest --asyncio-mode=auto"""

from bot import router
from myna_bots.testing import Room, room

__all__ = ["room"]


async def test_the_bot_is_there(room: Room) -> None:
    await room.start(router)
    await room.ann.says("/start")
    await room.settled()
'''


async def _make(url: str, user: str, password: str, handle: str) -> dict[str, Any]:
    http = default_http(url)
    try:
        tokens = await Tokens.sign_in(http, user, password)
        asked = {"name": handle.replace("_", " ").title(), "handle": handle}
        headers = {"Authorization": f"Bearer {await tokens.access()}"}
        reply = await http.request("POST", "/v1/bots", json=asked, headers=headers)
        return decoded(checked(reply), dict[str, Any])
    finally:
        await http.close()


def _password(file: Path | None, user: str) -> str:
    chosen = file or (PASSWORD_FILE if PASSWORD_FILE.exists() else None)
    if chosen is None:
        return getpass(f"Password of {user}: ")
    try:
        return chosen.read_text(encoding="utf-8").strip()
    except OSError as failed:
        raise MynaError(f"{chosen} cannot be read: {failed.strerror}.") from failed


def command_of(program: list[str]) -> list[str]:
    """The command line of a program: `bot.py …` runs with this Python, anything else as it is."""
    words = program[1:] if program[:1] == ["--"] else program
    if not words:
        raise MynaError("Say what to run: `myna bots run bot.py`, or `myna bots run -- python bot.py`.")
    return [sys.executable, *words] if words[0].endswith(".py") else words


def environment(file: Path) -> dict[str, str]:
    """The environment of a bot's program: this one's, with what stands in the file, and the shim for Telegram bots."""
    made = dict(os.environ)
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, found, value = line.partition("=")
            if found and not name.lstrip().startswith("#"):
                made.setdefault(name.strip(), value.strip())
    shim = Path(str(resources.files("myna_bots") / "shim"))
    made["PYTHONPATH"] = os.pathsep.join(filter(None, (str(shim), made.get("PYTHONPATH"))))
    required = f"--require {shim / 'telegram.cjs'}"
    made["NODE_OPTIONS"] = " ".join(filter(None, (made.get("NODE_OPTIONS"), required)))
    return made


def run(options: argparse.Namespace) -> int:
    """Run a program to its end; its exit status."""
    command = command_of(options.program)
    with _started(command, environment(options.env)) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            return process.wait()


def dev(options: argparse.Namespace) -> int:
    """Run a program, again after each change of a file, until Ctrl-C."""
    from watchfiles import PythonFilter, watch

    command, env = command_of(options.program), environment(options.env)
    folders = options.watch or [_folder_of(command)]
    process = _started(command, env)
    try:
        for changes in watch(*folders, watch_filter=PythonFilter(), yield_on_timeout=True, rust_timeout=1000):
            if changes:
                names = ", ".join(sorted({Path(path).name for _, path in changes}))
                _say(f"{names} changed; restarting.")
                stop(process)
                process = _started(command, env)
            elif (status := process.poll()) is not None:
                _say(f"The program ended with status {status}; it starts again when a file changes.")
                for again in watch(*folders, watch_filter=PythonFilter()):
                    if again:
                        break
                process = _started(command, env)
    except KeyboardInterrupt:
        pass
    finally:
        stop(process)
    return 0


def _folder_of(command: list[str]) -> Path:
    file = next((Path(word) for word in command[1:] if Path(word).is_file()), None)
    return (file.parent if file is not None else Path()).resolve()


def _started(command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, env=env)  # noqa: S603 - the user's own program
    except OSError as failed:
        raise MynaError(f"{command[0]!r} cannot be run: {failed.strerror}.") from failed


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a program: asked first, then at once."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _say(text: str) -> None:
    print(text, flush=True)
