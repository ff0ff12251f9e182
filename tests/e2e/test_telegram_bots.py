"""Real bots of Telegram's libraries, each its own process, against a real server; only the URL is another one.

The table is libraries × ways × features. What a library cannot do stands in `ENDS_AT_409`: it behaves as with Telegram.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import myna_server, processes
from support.telegram_walk import BOTS, PNG, PYTHON, Person, Talk, node, running

PROGRAMS: dict[str, list[str | Path]] = {
    "aiogram": [PYTHON, BOTS / "aiogram_bot.py"],
    "python-telegram-bot": [PYTHON, BOTS / "ptb_bot.py"],
    "pyTelegramBotAPI": [PYTHON, BOTS / "telebot_bot.py"],
    "telegraf": [node(), BOTS / "node" / "telegraf_bot.cjs"],
    "grammY": [node(), BOTS / "node" / "grammy_bot.cjs"],
    "node-telegram-bot-api": [node(), BOTS / "node" / "ntba_bot.cjs"],
}
WAYS = ("polling", "webhook")
ENDS_AT_409 = {"telegraf", "grammY", "node-telegram-bot-api"}
"""These programs end when another poller takes their place; the others go on."""


def start(talk: Talk) -> None:
    talk.answered("/start", "start")


def deep_link(talk: Talk) -> None:
    talk.answered("/start ref42", "start ref42")


def echo(talk: Talk) -> None:
    talk.answered("hello 😀 世界", "echo hello 😀 世界")


def html_entities(talk: Talk) -> None:
    entities = talk.answered("/html", "bold link <3")["body"]["entities"]
    assert [each["type"] for each in entities] == ["bold", "text_link"]


def inline_keyboard_callback_edit(talk: Talk) -> None:
    menu = talk.answered("/menu", "choose")
    assert [each["label"] for each in menu["body"]["buttons"][0]] == ["a", "b"]
    talk.clicks(menu, "b")
    changed = talk.hears("chosen: b", after=menu["seq"] - 1)
    assert changed["seq"] == menu["seq"]
    assert not changed["body"].get("buttons")


def form_in_steps(talk: Talk) -> None:
    for text, expected in (("/form", "name?"), ("Ann", "age?"), ("7", "Ann is 7")):
        talk.answered(text, expected)


def photo_up(talk: Talk) -> None:
    (picture,) = talk.answered("/photo", "a picture")["body"]["attachments"]
    assert (picture["type"], picture["width"], picture["height"]) == ("image/png", 8, 6)


def photo_down(talk: Talk) -> None:
    seq = talk.person.says(talk.direct, "look", files=[talk.person.uploads("one.png", PNG)])
    talk.hears("photo 1x1 look", after=seq)


def document_up(talk: Talk) -> None:
    talk.answered("/doc", "downloaded hello file")


def document_down(talk: Talk) -> None:
    seq = talk.person.says(talk.direct, "", files=[talk.person.uploads("notes.txt", b"from me")])
    talk.hears("got notes.txt: from me", after=seq)


def album_up(talk: Talk) -> None:
    last = talk.answered("/album", "album 1")["seq"]
    for caption in ("p1", "p2"):
        sent = talk.hears(caption, after=last - 3)
        (picture,) = sent["body"]["attachments"]
        path = f"/v1/conversations/{talk.direct}/messages/{sent['seq']}/files/{picture['id']}"
        assert talk.person.http.get(path).content.startswith(b"\x89PNG")


def album_down(talk: Talk) -> None:
    files = [talk.person.uploads(f"{n}.png", PNG) for n in (1, 2)]
    seq = talk.person.says(talk.direct, "both", files=files)
    heard = [talk.hears("photo 1x1 both", after=seq)["seq"]]
    talk.message(
        lambda each: (
            each["sender"] == talk.bot
            and each["seq"] not in heard
            and each["body"]["text"].startswith("photo 1x1 ")
        ),
        after=seq,
    )


def chat_action(talk: Talk) -> None:
    talk.answered("/action", "acted")


def member_update_of_itself(talk: Talk) -> None:
    talk.install(group := talk.kept["group"])
    talk.hears("installed", group)


def member_update_of_others(talk: Talk) -> None:
    group, bob = talk.kept["group"], talk.kept["bob"]
    talk.person.ask("POST", f"/v1/conversations/{group}/members", json={"users": [bob.id]})
    talk.hears("joined Bob", group)


def members_and_command_with_a_name(talk: Talk) -> None:
    talk.answered(f"/who@{talk.handle}", "2 of 3, you: creator", talk.kept["group"])


def forward_and_copy(talk: Talk) -> None:
    group = talk.kept["group"]
    first = talk.answered("/copy", "forwarded user", group)["seq"]
    assert talk.hears("/copy", group, first - 3)["sender"] == talk.bot


def delete(talk: Talk) -> None:
    seq = talk.answered("/delete", "deleted", group := talk.kept["group"])["seq"]
    states = talk.message(lambda each: each["seq"] == seq - 1, group, seq - 2)
    assert states["state"] == "recalled"


def poll(talk: Talk) -> None:
    talk.answered("/poll", "poll 2 True", talk.kept["group"])


def pin_and_reaction(talk: Talk) -> None:
    talk.answered("/pin", "pinned", talk.kept["group"])


def edited_message(talk: Talk) -> None:
    group = talk.kept["group"]
    seq = talk.person.says(group, "frist")
    talk.hears("echo frist", group, seq)
    path = f"/v1/conversations/{group}/messages/{seq}"
    talk.person.ask("PATCH", path, json={"body": {"text": "first"}})
    talk.hears("edited: first", group, seq)


def moderation(talk: Talk) -> None:
    group, bob = talk.kept["group"], talk.kept["bob"]
    talk.answered(f"/moderate {bob.id}", "restricted administrator kicked left", group)


def channel_post(talk: Talk) -> None:
    channel = talk.person.ask("POST", "/v1/conversations", json={"kind": "channel", "title": "News"})["id"]
    talk.install(channel, "moderator")
    talk.answered("today", "post: today", channel)


def too_fast_429(talk: Talk) -> None:
    group = talk.person.ask("POST", "/v1/conversations", json={"kind": "group", "title": "Loud"})["id"]
    talk.install(group)
    talk.hears("installed", group)
    talk.answered("/flood", "slowed 1", group)


def second_poller_409(talk: Talk) -> None:
    answer = talk.person.http.get(f"/bot{talk.key}/getUpdates")
    if talk.kept["way"] == "webhook":
        assert answer.status_code == 409
        assert "can't use getUpdates method while webhook is active" in answer.json()["description"]
    elif talk.kept["library"] in ENDS_AT_409:
        assert talk.ended()
        assert "terminated by other getUpdates request" in talk.log.read_text()
        return
    talk.answered("still there?", "echo still there?")


FEATURES: tuple[Callable[[Talk], None], ...] = (
    start,
    deep_link,
    echo,
    html_entities,
    inline_keyboard_callback_edit,
    form_in_steps,
    photo_up,
    photo_down,
    document_up,
    document_down,
    album_up,
    album_down,
    chat_action,
    member_update_of_itself,
    member_update_of_others,
    members_and_command_with_a_name,
    forward_and_copy,
    delete,
    poll,
    pin_and_reaction,
    edited_message,
    moderation,
    channel_post,
    too_fast_429,
    second_poller_409,
)
Outcomes = dict[tuple[str, str, str], BaseException | None]


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
def token(server: myna_server.MynaServer) -> str:
    return myna_server.sign_in(server)


@pytest.fixture(scope="module")
def bob(server: myna_server.MynaServer, token: str) -> Iterator[Person]:
    ann = Person(server.url, token)
    made = ann.invited("bob")
    yield made
    for each in (ann, made):
        each.http.close()


def walk(
    server: myna_server.MynaServer, token: str, bob: Person, library: str, way: str, folder: Path
) -> Outcomes:
    """Everything that a person asks of one bot, in order; what failed is kept for its test."""
    ann = Person(server.url, token)
    handle = f"t{uuid.uuid4().hex[:8]}_bot"
    bot, key = ann.bot(handle, privacy="all")
    env = {"BOT_TOKEN": key, "BOT_API": server.url}
    if way == "webhook":
        env["WEBHOOK_PORT"] = str(processes.free_port())
    log = folder / f"{library}-{way}.log"
    made: Outcomes = {}
    with running(PROGRAMS[library], log, env) as process:
        talk = Talk(ann, bot, key, ann.direct(bot), process, log, handle)
        group = ann.ask("POST", "/v1/conversations", json={"kind": "group", "title": "Shop"})["id"]
        talk.kept |= {"library": library, "way": way, "group": group, "bob": bob}
        for feature in FEATURES:
            try:
                feature(talk)
                made[library, way, feature.__name__] = None
            except Exception as failed:
                made[library, way, feature.__name__] = failed
                talk.patience_s = 5.0
    ann.http.close()
    return made


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    server: myna_server.MynaServer,
    token: str,
    bob: Person,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcomes:
    """What the chosen bots did. They run side by side, since most of their time is waiting."""
    asked = [getattr(each, "callspec", None) for each in request.session.items]
    chosen: dict[tuple[str, str], None] = {}
    for each in asked:
        if each is not None and {"library", "way"} <= each.params.keys():
            chosen[each.params["library"], each.params["way"]] = None
    folder = tmp_path_factory.mktemp("bots")
    with ThreadPoolExecutor(6) as pool:
        walks = [pool.submit(walk, server, token, bob, library, way, folder) for library, way in chosen]
    return {key: each for done in walks for key, each in done.result().items()}


@pytest.mark.needs("bot-libraries")
@pytest.mark.parametrize("feature", [each.__name__ for each in FEATURES])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", PROGRAMS)
def test_a_bot_of_this_library_works(library: str, way: str, feature: str, outcomes: Outcomes) -> None:
    failed = outcomes[library, way, feature]
    if failed is not None:
        raise failed
