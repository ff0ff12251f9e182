"""The libraries' own examples, as they come with the libraries, run by `myna bots run`: nothing in them knows of Myna."""

import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import myna_server
from support.telegram_walk import BOTS, PNG, PYTHON, Person, Talk, node, running

SOURCES = PYTHON.parents[1] / "sources"
PACKAGES = BOTS / "node" / "node_modules"


@dataclass(frozen=True, slots=True)
class Example:
    """A program of somebody else, and what it is asked."""

    name: str
    source: Path
    talk: Callable[[Talk], None]
    block: str = ""
    """Which block of a README it is: the first one with these words."""
    placeholder: str = ""
    """What stands for the token where the library itself looks at its shape; otherwise even that stays as it is."""


def _said(*lines: tuple[str, str]) -> Callable[[Talk], None]:
    def talk(found: Talk) -> None:
        for text, part in lines:
            found.answers_with(text, part)

    return talk


def _clicked(text: str, value: str, expected: str) -> Callable[[Talk], None]:
    def talk(found: Talk) -> None:
        menu = found.answers_with("/start", text)
        found.clicks(menu, value)
        found.hears(expected, after=menu["seq"] - 1)

    return talk


def _profile(found: Talk) -> None:
    found.answers_with("/start", "Are you a boy or a girl?")
    found.answers_with("Girl", "send me a photo")
    seq = found.person.says(found.direct, "", files=[found.person.uploads("me.png", PNG)])
    found.message(lambda each: str(each["body"]["text"]).startswith("Gorgeous!"), after=seq)
    found.answers_with("/skip", "You seem a bit paranoid!")
    found.answers_with("I like tea", "Thank you!")


def _buttons(found: Talk) -> None:
    found.answers_with("/start", "Hi! Send me anything.")
    menu = found.answers_with("hello", "Pick one:")
    assert [each["label"] for each in menu["body"]["buttons"][0]] == ["👍", "👎"]


def _deep_links(found: Talk) -> None:
    found.answers_with("/start", "?startgroup=check-this-out")
    found.answers_with("/start so-cool", "CLICK HERE")
    menu = found.answers_with("/start using-entities-here", "InlineKeyboardButtons")
    found.clicks(menu, "keyboard-callback-data")
    found.answers_with("/start using-keyboard-here", "['using-keyboard-here']")


_AIOGRAM, _PTB, _TELEBOT = (
    SOURCES / folder / "examples"
    for folder in ("aiogram-3.31.0", "python_telegram_bot-22.8", "pytelegrambotapi-4.37.1")
)
EXAMPLES = [
    Example("aiogram echo", _AIOGRAM / "echo_bot.py", _said(("/start", "Hello, "), ("hi <3", "hi <3"))),
    Example(
        "aiogram steps",
        _AIOGRAM / "finite_state_machine.py",
        _said(
            ("/start", "What's your name?"),
            ("Ann", "Nice to meet you, Ann!"),
            ("maybe", "I don't understand you"),
            ("yes", "What programming language"),
            ("Python", "circuits light up"),
        ),
    ),
    Example("ptb echo", _PTB / "echobot.py", _said(("/help", "Help!"), ("hi", "hi"))),
    Example("ptb buttons", _PTB / "inlinekeyboard.py", _clicked("Please choose:", "2", "Selected option: 2")),
    Example("ptb conversation", _PTB / "conversationbot.py", _profile),
    Example("ptb deep links", _PTB / "deeplinking.py", _deep_links),
    Example(
        "ptb timer", _PTB / "timerbot.py", _said(("/set 1", "Timer successfully set!"), ("/unset", "imer"))
    ),
    Example(
        "telebot echo",
        _TELEBOT / "echo_bot.py",
        _said(("/start", "I am EchoBot"), ("hi", "hi")),
        placeholder="<api_token>",
    ),
    Example(
        "telebot steps",
        _TELEBOT / "step_example.py",
        _said(
            ("/start", "What's your name?"),
            ("Ann", "How old are you?"),
            ("x", "Age should be a number"),
            ("7", "What is your gender"),
            ("Female", "Age:7"),
        ),
        placeholder="<api_token>",
    ),
    Example(
        "telegraf readme",
        PACKAGES / "telegraf" / "README.md",
        _said(("/start", "Welcome"), ("/help", "Send me a sticker"), ("hi", "Hey there")),
        block="bot.hears('hi'",
    ),
    Example(
        "telegraf commands",
        PACKAGES / "telegraf" / "README.md",
        _said(("/oldschool", "Hello"), ("/hipster", "λ")),
        block="bot.command('oldschool'",
    ),
    Example(
        "grammY readme",
        PACKAGES / "grammy" / "README.md",
        _said(("hi", "Echo: hi")),
        block="bot.start();",
        placeholder='""',
    ),
    Example(
        "node-telegram-bot-api readme",
        PACKAGES / "node-telegram-bot-api" / "README.md",
        _buttons,
        block="await run(bot);",
    ),
]


def program(example: Example, key: str, folder: Path) -> list[str | Path]:
    """How an example is run. TypeScript of a README becomes JavaScript; nothing else is done to it."""
    source = example.source.read_text(encoding="utf-8")
    if example.block:
        blocks: list[str] = re.findall(r"^```(?:js|ts|TS)\n(.*?)^```", source, re.MULTILINE | re.DOTALL)
        source = next(each for each in blocks if example.block in each)
    if example.placeholder:
        assert source.count(example.placeholder) == 1
        quoted = f'"{key}"' if example.placeholder == '""' else key
        source = source.replace(example.placeholder, quoted)
    if example.source.suffix == ".py":
        file = example.source
        if example.placeholder:
            file = folder / example.source.name
            file.write_text(source, encoding="utf-8")
        return [PYTHON, file]
    module = re.search(r"^import ", source, re.MULTILINE) is not None
    plain = folder / ("bot.mjs" if module else "bot.cjs")
    if module:
        build = [node(), PACKAGES / "esbuild" / "bin" / "esbuild", "--loader=ts"]
        done = subprocess.run(build, input=source, text=True, capture_output=True, check=True, timeout=60)
        source = done.stdout
    plain.write_text(source, encoding="utf-8")
    (folder / "node_modules").symlink_to(PACKAGES)
    return [node(), plain]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[myna_server.MynaServer]:
    settings = {"MYNA_AGENTS": "0", "MYNA_MODERATION": "0", "MYNA_EMBEDDER": "none:"}
    with myna_server.serve(tmp_path_factory.mktemp("telegram"), settings=settings) as made:
        yield made


def run(server: myna_server.MynaServer, token: str, example: Example, folder: Path) -> None:
    ann = Person(server.url, token)
    bot, key = ann.bot(f"e{uuid.uuid4().hex[:8]}_bot")
    env = {"BOT_TOKEN": key, "BOT_URL": server.url}
    argv = [*myna_server.COMMAND, "bots", "run", "--", *program(example, key, folder)]
    log = folder / "bot.log"
    with running(argv, log, env, folder) as process:
        example.talk(Talk(ann, bot, key, ann.direct(bot), process, log))
    ann.http.close()


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, server: myna_server.MynaServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BaseException | None]:
    """What the chosen examples did, side by side."""
    asked = [getattr(each, "callspec", None) for each in request.session.items]
    chosen: dict[str, Example] = {}
    for each in asked:
        if each is not None and isinstance(each.params.get("example"), Example):
            chosen[each.params["example"].name] = each.params["example"]
    token = myna_server.sign_in(server)
    with ThreadPoolExecutor(4) as pool:
        begun = {
            name: pool.submit(run, server, token, example, tmp_path_factory.mktemp("example"))
            for name, example in chosen.items()
        }
    return {name: each.exception() for name, each in begun.items()}


@pytest.mark.needs("bot-libraries")
@pytest.mark.parametrize("example", [pytest.param(each, id=each.name) for each in EXAMPLES])
def test_an_example_of_the_library_runs_without_an_edit(
    example: Example, outcomes: dict[str, BaseException | None]
) -> None:
    failed = outcomes[example.name]
    if failed is not None:
        raise failed
