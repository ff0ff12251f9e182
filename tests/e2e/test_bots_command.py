"""`myna bots new|run|dev|up`, each from a fresh folder, as somebody does who makes their first bot."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import myna_server
from support.telegram_walk import Person, Talk, running

ANSWERS = """
from myna_bots import Bot, Router

router = Router()


@router.message()
async def answer(ctx):
    await ctx.reply("{word} " + ctx.text)


if __name__ == "__main__":
    Bot.from_env().include(router).run()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[myna_server.MynaServer]:
    settings = {"MYNA_AGENTS": "0", "MYNA_MODERATION": "0", "MYNA_EMBEDDER": "none:"}
    with myna_server.serve(tmp_path_factory.mktemp("bots"), settings=settings) as made:
        yield made


@pytest.fixture
def ann(server: myna_server.MynaServer) -> Iterator[Person]:
    made = Person.operator(server)
    yield made
    made.http.close()


def new(server: myna_server.MynaServer, folder: Path, name: str, *options: str) -> Path:
    """What `myna bots new` makes."""
    words = ["bots", "new", name, "--url", server.url, *options]
    words += ["--password-file", str(server.data / "operator-password.txt")]
    done = subprocess.run(
        [*myna_server.COMMAND, *words],
        cwd=folder,
        env=myna_server.environment({}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "myna bots dev bot.py" in done.stdout
    return folder / name


def talk_with(ann: Person, folder: Path, process: "subprocess.Popen[bytes]", log: Path) -> Talk:
    """The direct conversation with the bot of a folder."""
    env = dict(line.split("=", 1) for line in (folder / "bot.env").read_text().splitlines())
    bot = env["BOT_TOKEN"].partition(":")[0]
    return Talk(ann, bot, env["BOT_TOKEN"], ann.direct(bot), process, log)


@pytest.mark.parametrize("example", ["echo", "orders", "librarian", "standup"])
def test_a_new_bot_has_a_folder_of_its_own_whose_test_passes(
    example: str, server: myna_server.MynaServer, tmp_path: Path
) -> None:
    folder = new(server, tmp_path, f"my_{example}", "--from", example)
    assert sorted(each.name for each in folder.iterdir()) == ["bot.env", "bot.py", "test_bot.py"]
    assert (folder / "bot.env").stat().st_mode & 0o077 == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--asyncio-mode=auto", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env=myna_server.environment({}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    again = [*myna_server.COMMAND, "bots", "new", f"my_{example}", "--url", server.url]
    refused = subprocess.run(
        again, cwd=tmp_path, env=myna_server.environment({}), capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "already" in refused.stderr


def test_run_answers_until_it_is_ended(server: myna_server.MynaServer, ann: Person, tmp_path: Path) -> None:
    folder = new(server, tmp_path, "runner_bot")
    log = tmp_path / "run.log"
    with running([*myna_server.COMMAND, "bots", "run", "bot.py"], log, {}, folder) as process:
        talk_with(ann, folder, process, log).answers_with("hello", "hello")


def test_dev_starts_a_changed_program_again_and_misses_nothing(
    server: myna_server.MynaServer, ann: Person, tmp_path: Path
) -> None:
    folder = new(server, tmp_path, "dev_bot")
    (folder / "bot.py").write_text(ANSWERS.replace("{word}", "first"))
    log = tmp_path / "dev.log"
    with running([*myna_server.COMMAND, "bots", "dev", "bot.py"], log, {}, folder) as process:
        talk = talk_with(ann, folder, process, log)
        talk.answered("one", "first one")
        (folder / "bot.py").write_text("this is no Python\n")
        until = time.monotonic() + 60
        while "ended with status" not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        seq = ann.says(talk.direct, "two")
        (folder / "bot.py").write_text(ANSWERS.replace("{word}", "second"))
        talk.hears("second two", after=seq)
    assert "bot.py changed; restarting." in log.read_text()


def test_up_keeps_the_bots_of_a_file_running(
    server: myna_server.MynaServer, ann: Person, tmp_path: Path
) -> None:
    folders = [new(server, tmp_path, name) for name in ("upper_bot", "lower_bot")]
    for folder in folders:
        (folder / "bot.py").write_text(ANSWERS.replace("{word}", folder.name))
    (tmp_path / "bots.toml").write_text(
        "".join(
            f'[[bot]]\nname = "{each.name}"\ncommand = "bot.py"\nfolder = "{each.name}"\n' for each in folders
        )
    )
    log = tmp_path / "up.log"
    with running([*myna_server.COMMAND, "bots", "up", "bots.toml"], log, {}, tmp_path) as process:
        for folder in folders:
            talk_with(ann, folder, process, log).answered("hi", f"{folder.name} hi")
