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
ENV_FILE, PROGRAM = "bot.env", "bot.py"
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
    # The folder first: a bot without its key at hand would be of no use.
    try:
        folder.mkdir()
    except OSError as failed:
        raise MynaError(f"The folder {options.name!r} cannot be made: {failed.strerror}.") from failed
    try:
        made = asyncio.run(_make(options.url, options.user, password, options.name))
    except BaseException:
        folder.rmdir()
        raise
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
        hint = f" (the server's first start left it in {PASSWORD_FILE} of its folder)" * (user == "operator")
        try:
            return getpass(f"Password of {user}{hint}: ")
        except EOFError:
            raise MynaError("No password was given; name a file with it by --password-file.") from None
    try:
        return chosen.read_text(encoding="utf-8").strip()
    except OSError as failed:
        raise MynaError(f"{chosen} cannot be read: {failed.strerror}.") from failed


def command_of(program: list[str], folder: Path | None = None) -> list[str]:
    """The command line of a program: `bot.py …` runs with this Python, anything else as it is; nothing is `bot.py`.

    Programs are looked for in `folder`, or where this one runs.
    """
    here = folder or Path.cwd()
    words = program[1:] if program[:1] == ["--"] else program
    if not words and (here / PROGRAM).is_file():
        words = [PROGRAM]
    if not words:
        raise MynaError("Say what to run: `myna bots run bot.py`, or `myna bots run -- python bot.py`.")
    if not words[0].endswith(".py"):
        return words
    if not (here / words[0]).is_file():
        raise MynaError(f"There is no {words[0]!r} in {str(here)!r}; `myna bots new` makes a bot.")
    return [sys.executable, *words]


def environment(file: Path) -> dict[str, str]:
    """The environment of a bot's program: this one's, with what stands in the file, and the shim for Telegram bots."""
    made = dict(os.environ)
    for name, value in _settings(file).items():
        made.setdefault(name, value)
    if "BOT_TOKEN" not in made:
        _say(
            f"There is no BOT_TOKEN: neither in the environment nor in {file}. `myna bots new` makes a bot with one."
        )
    shim = Path(str(resources.files("myna_bots") / "shim"))
    made["PYTHONPATH"] = os.pathsep.join(filter(None, (str(shim), made.get("PYTHONPATH"))))
    required = f"--require {shim / 'telegram.cjs'}"
    made["NODE_OPTIONS"] = " ".join(filter(None, (made.get("NODE_OPTIONS"), required)))
    return made


def _settings(file: Path) -> dict[str, str]:
    """What stands in a file of settings; the one with the usual name may be missing.

    Raises:
        MynaError: another one is missing, or it cannot be read.
    """
    if file.name == ENV_FILE and not file.exists():
        return {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failed:
        why = failed.strerror if isinstance(failed, OSError) else "it is no text in UTF-8"
        raise MynaError(f"{file} cannot be read: {why}.") from failed
    found = (line.strip().removeprefix("export ").partition("=") for line in lines)
    return {name.strip(): _unquoted(value.strip()) for name, is_, value in found if is_ and name[:1] != "#"}


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def run(options: argparse.Namespace) -> int:
    """Run a program to its end; its exit status."""
    command = command_of(options.program)
    with _started(command, environment(options.env)) as process:
        signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
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
    for each in folders:
        if not each.is_dir():
            raise MynaError(f"{str(each)!r} is no folder to watch.")
    # As Ctrl-C does, so that the program does not outlive this one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
