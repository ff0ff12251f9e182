"""`myna bots new|run|dev`: what a newcomer may get wrong is said in a sentence, and leaves nothing behind."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from myna.errors import MynaError
from myna_bots import tools
from support.processes import free_port


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    return tmp_path


def new(name: str, **given: object) -> argparse.Namespace:
    asked = {"example": "echo", "user": "operator", "password_file": None, "url": "http://127.0.0.1:1"}
    return argparse.Namespace(name=name, **{**asked, **given})


@pytest.mark.parametrize("name", ["7up", "ab", "my-bot", "über", "a" * 33, "../bot", ""])
def test_a_name_that_is_no_handle_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(MynaError, match="is no handle: 3 to 32 letters"):
        tools.new(new(name))
    assert list(folder.iterdir()) == []


def test_without_a_server_no_folder_is_left_and_the_message_names_the_address(folder: Path) -> None:
    (folder / "password").write_text("secret")
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(MynaError) as failed:
        tools.new(new("hello_bot", password_file=folder / "password", url=url))
    assert url in failed.value.message
    assert not (folder / "hello_bot").exists()


def test_a_folder_of_the_name_is_left_alone(folder: Path) -> None:
    (folder / "hello_bot").mkdir()
    with pytest.raises(MynaError, match="There is a 'hello_bot' here already"):
        tools.new(new("hello_bot"))


def test_a_missing_password_says_how_to_give_one(folder: Path) -> None:
    with pytest.raises(MynaError, match="nowhere cannot be read"):
        tools.new(new("hello_bot", password_file=Path("nowhere")))
    program = (
        "from myna_bots import tools, commands; import argparse; p = argparse.ArgumentParser();"
        "commands.declare(p, []); o = p.parse_args(['new', 'hello_bot']); o.run(o)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        input="",
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert "name a file with it by --password-file" in ended.stderr


def test_what_is_run_is_found_or_named(folder: Path) -> None:
    with pytest.raises(MynaError, match="Say what to run"):
        tools.command_of([])
    with pytest.raises(MynaError, match=r"There is no 'bto\.py' in"):
        tools.command_of(["bto.py"])
    (folder / "bot.py").touch()
    assert tools.command_of([]) == tools.command_of(["--", "bot.py"]) == [sys.executable, "bot.py"]
    assert tools.command_of(["--", "node", "bot.js"]) == ["node", "bot.js"]


def test_the_file_of_settings_is_read_as_people_write_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "BOT_TOKEN" not in tools.environment(Path("bot.env"))
    assert "There is no BOT_TOKEN" in capsys.readouterr().out
    lines = ["# of the shop", "BOT_URL = 'http://127.0.0.1:8000'", 'export BOT_TOKEN="7:x=y"', "nonsense", ""]
    (folder / "bot.env").write_text("\n".join(lines))
    found = tools.environment(Path("bot.env"))
    assert (found["BOT_URL"], found["BOT_TOKEN"]) == ("http://127.0.0.1:8000", "7:x=y")
    assert capsys.readouterr().out == ""
    for wrong in (Path("other.env"), folder):
        with pytest.raises(MynaError, match="cannot be read"):
            tools.environment(wrong)
    (folder / "bot.env").write_bytes(b"BOT_TOKEN=\xff")
    with pytest.raises(MynaError, match="no text in UTF-8"):
        tools.environment(Path("bot.env"))
