"""Supervised bots: started, restarted, bounded; and plugins: found, heard, and harmless when they fail."""

import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case, Verdict
from myna.model.workspace import UserKind
from myna.ports.moderator import Judged
from myna_bots.plugins import PluginModerator, load_plugins
from myna_bots.shipped.runaway import SAME, RunawayBots
from myna_bots.supervisor import Supervisor, programs_of
from support.bot_world import world
from support.moderating import verdict_of


def bots_file(folder: Path, script: str, limits: str = "") -> Path:
    (folder / "bot.py").write_text(script)
    file = folder / "bots.toml"
    file.write_text(f'[[bot]]\nname = "one"\ncommand = "bot.py"\nenv = {{MARK = "m"}}\n{limits}')
    return file


def until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        supervisor.look()
        time.sleep(0.02)


def test_a_bot_that_dies_is_started_again_and_sees_no_foreign_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_MODEL_KEY", "secret")
    script = (
        "import os, pathlib\n"
        "line = os.environ.get('MYNA_MODEL_KEY', 'None') + ' ' + os.environ['MARK']\n"
        "print(line, file=pathlib.Path('runs').open('a'))\n"
    )
    minutes = count(step=61.0)
    supervisor = Supervisor(programs_of(bots_file(tmp_path, script)), clock=lambda: next(minutes))
    runs = tmp_path / "runs"
    until(supervisor, lambda: runs.exists() and len(runs.read_text().splitlines()) >= 3)
    assert set(runs.read_text().splitlines()) == {"None m"}
    supervisor.stop()
    supervisor.run()


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux only")
def test_a_bot_cannot_take_more_memory_than_it_may(tmp_path: Path) -> None:
    script = (
        "import pathlib\n"
        "try:\n    data = bytearray(400 * 1024 * 1024)\n    said = 'too much'\n"
        "except MemoryError:\n    said = 'bounded'\n"
        "pathlib.Path('said').write_text(said)\n"
    )
    file = bots_file(tmp_path, script, "[bot.limits]\nmemory_mb = 256\n")
    supervisor = Supervisor(programs_of(file))
    said = tmp_path / "said"
    until(supervisor, lambda: said.exists() and said.read_text() != "")
    assert said.read_text() == "bounded"
    supervisor.stop()
    supervisor.run()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[bot]]\nname = 'a b'\ncommand = 'x'",
        "[[bot]]\nname = 'a'",
        "[[bot]]\nname = 'a'\ncommand = 'x'\nfolder = 'nowhere'",
        "[[bot]]\nname = 'a'\ncommand = 'x'\nlimts = 1",
        "[[bot]]\nname = 'a'\ncommand = 'x'\n[bot.limits]\nmemory = 1",
        "[[bot]]\nname = 'a'\ncommand = 'x'\n[[bot]]\nname = 'a'\ncommand = 'x'",
        "[[bot",
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bots.toml"
    file.write_text(text)
    with pytest.raises(MynaError) as wrong:
        programs_of(file)
    assert "bots.toml" in wrong.value.message


def case(text: str, number: int, kind: UserKind = UserKind.BOT) -> Case:
    return Case(1, 1, ConversationKind.GROUP, 7, kind, text, 0.0, f"c{number}")


async def test_a_bot_in_a_loop_is_put_aside_and_a_resend_does_not_count() -> None:
    plugin = RunawayBots()
    for number in range(SAME):
        assert await plugin.judge(case("again", number)) is None
        assert await plugin.judge(case("again", number)) is None
    held = await plugin.judge(case("again", 99))
    assert held
    assert (held.action, held.reasons[0].code) == (Action.HOLD, "runaway_bot")
    assert await plugin.judge(case("something else", 100)) is None
    assert await plugin.judge(case("again", 101, UserKind.HUMAN)) is None


class Passes:
    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        return [Verdict(Action.ALLOW) for _ in cases]


class Strict:
    async def judge(self, _: Case) -> Verdict:
        return Verdict(Action.BLOCK)


class Broken:
    async def judge(self, _: Case) -> Verdict:
        raise RuntimeError("on purpose")


async def test_the_strictest_verdict_counts_and_a_broken_plugin_is_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    points = [
        EntryPoint(name, f"{__name__}:{name}", "myna.plugins") for name in ("Broken", "Strict", "Missing")
    ]
    monkey: Any = sys.modules
    monkey[__name__] = sys.modules.get(__name__) or sys.modules[Broken.__module__]
    assert [each.name for each in load_plugins("*", points)] == ["Broken", "Strict"]
    plugins = load_plugins("Broken,Strict,Nobody", points)
    assert "Nobody" in caplog.text
    assert (await verdict_of(PluginModerator(Passes(), plugins), case("x", 1))).action is Action.BLOCK
    only = load_plugins("Broken", points)
    assert (await verdict_of(PluginModerator(Passes(), only), case("x", 2))).action is Action.ALLOW
    assert load_plugins("", points) == []


async def test_the_shipped_plugins_are_installed_and_serve(tmp_path: Path) -> None:
    shipped = ["clock", "directory", "feeds", "meetings", "runaway"]
    assert [each.name for each in load_plugins("*")] == shipped
    async with world(tmp_path, moderation=True) as shop:
        ann = await shop.person("ann")
        place = await shop.group(ann)
        bot = await shop.installed(ann, place, "loop_bot")
        listed = await ann.ask("GET", "/plugins/directory/bots")
        assert [each["handle"] for each in listed["bots"]] == ["loop_bot"]
        await bot.ask("GET", "/plugins/directory/bots", 403)
        path = f"/v1/bot/conversations/{place}/messages"
        for number in range(SAME):
            await bot.ask(
                "POST", path, 201, json={"text": "beep boop"}, headers={"Idempotency-Key": str(number)}
            )
        held = await bot.ask(
            "POST", path, 202, json={"text": "beep boop"}, headers={"Idempotency-Key": "last"}
        )
        assert held["held"]
