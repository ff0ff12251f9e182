"""Search in 1,000,000 messages: they are made once and kept in build/bench/million, since making them takes minutes."""

import asyncio
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from bench.rig import ROOT, Rig, quiet_server

from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.accounts import SqlRefreshTokens
from myna.adapters.sql.log.connection import Connection
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.search.store import IndexWriter
from myna.adapters.sql.statement_texts import insert_of
from myna.adapters.sql.tables.conversations import EventRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.identity.tokens import Tokens, load_key
from myna.log.plan import digest_of
from myna.model.message import Event, EventKind, Message, MessageKind, MessageState
from myna.model.workspace import User, UserKind
from myna.search import document
from myna.wire import message_object
from support.population import Crowd, Population, fill

MESSAGES = 1_000_000
PLACES = 400
USERS = 50
CHUNK = 5_000
ASKS = 400
VOCABULARY = 20_000
_SOUNDS = "babebibodadedifakekikolalelilomamemimonaneninoparerirosasetateti"
SYLLABLES = [_SOUNDS[at : at + 2] for at in range(0, len(_SOUNDS), 2)]
HANS = "我们的包裹什么时候到货请帮忙看一下订单退款发票地址电话客服谢谢明天上午下午产品颜色尺寸"
_dice = random.Random(7)
WORDS = sorted({"".join(_dice.choices(SYLLABLES, k=_dice.randint(2, 4))) for _ in range(3 * VOCABULARY)})
_dice.shuffle(WORDS)
WORDS = WORDS[:VOCABULARY]
"""Made-up words, the same in each run. How often one is said falls with its place (Zipf's law)."""


def texts() -> Iterator[str]:
    """Messages of 4 to 20 words; each tenth is Chinese."""
    dice, weights = random.Random(11), [1 / (place + 3) for place in range(VOCABULARY)]
    while True:
        some = dice.choices(WORDS, weights, k=50_000)
        for number in range(5_000):
            if number % 10 == 3:
                yield "".join(dice.choices(HANS, k=dice.randint(6, 30)))
            else:
                at = dice.randrange(len(some) - 20)
                yield " ".join(some[at : at + dice.randint(4, 20)])


def queries() -> list[tuple[str, str]]:
    """(kind, query), the kinds in turn."""
    dice = random.Random(13)

    def word(low: int, high: int) -> str:
        return WORDS[dice.randrange(low, high)]

    kinds: tuple[tuple[str, Callable[[], str]], ...] = (
        ("frequent word", lambda: word(0, 20)),
        ("middling word", lambda: word(200, 2_000)),
        ("rare word", lambda: word(10_000, VOCABULARY)),
        ("two words", lambda: f"{word(0, 50)} {word(50, 500)}"),
        ("beginning of a word", lambda: word(500, 5_000)[:5]),
        ("phrase", lambda: f'"{word(0, 20)} {word(0, 20)}"'),
        ("Chinese pair", lambda: "".join(dice.choices(HANS, k=2))),
        ("word and sender", lambda: f"{word(0, 200)} from:person-{dice.randrange(USERS)}"),
    )
    return [(kind, make()) for _ in range(ASKS // len(kinds)) for kind, make in kinds]


def search_million() -> dict[str, Any]:
    """The first 20 hits for somebody who may read all of 400 conversations, over HTTP."""
    import httpx

    folder = ROOT / "build" / "bench" / "million"
    people = _filled(folder)
    times: dict[str, list[float]] = {}
    hits = 0
    with quiet_server(folder, people) as here, _client(here) as http:
        assert isinstance(http, httpx.Client)
        for number, (kind, asked) in enumerate(queries()):
            at = time.perf_counter()
            answer = http.get("/v1/search", params={"q": asked})
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
            if number >= ASKS // 10:
                times.setdefault(kind, []).append((time.perf_counter() - at) * 1000)
                hits += len(answer.json()["hits"])
    everything = sorted(each for some in times.values() for each in some)
    return {
        "messages": MESSAGES,
        "hits": hits,
        "ms": _cut(everything),
        "kinds": {kind: _cut(sorted(some)) for kind, some in times.items()},
    }


def _client(here: Rig) -> Any:
    import httpx

    headers = {"Authorization": f"Bearer {here.people.tokens[0]}"}
    return httpx.Client(base_url=here.server.url, headers=headers, trust_env=False, timeout=60)


def _cut(times: list[float]) -> dict[str, float]:
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    cut = {name: round(times[int(share * (len(times) - 1))], 2) for name, share in places.items()}
    return {**cut, "max": round(times[-1], 2)}


def _filled(folder: Path) -> Population:
    """Who is in the kept database; it is made when it is not there."""
    data = folder / "data"
    url = f"sqlite:///{data / 'myna.db'}"
    marker = folder / "users.json"
    crowd = Crowd(USERS, {100_000 + place: list(range(USERS)) for place in range(PLACES)})
    places = [(conversation, list(members)) for conversation, members in crowd.groups.items()]
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"    making {MESSAGES:,} messages in {data.relative_to(ROOT)}, once", flush=True)
        made = fill(url, data, crowd)
        asyncio.run(_store_all(url, [user.id for user in made.users]))
        marker.write_text(json.dumps([made.workspace, [user.id for user in made.users]]))
    workspace, ids = json.loads(marker.read_text())
    users = [
        User(each, workspace, UserKind.HUMAN, f"Person {place}", f"person-{place}")
        for place, each in enumerate(ids)
    ]
    tokens = Tokens(load_key(data / "secret.key"), SqlRefreshTokens(Database(url)))
    return Population(workspace, users, [tokens.access(user) for user in users], places)


async def _store_all(url: str, users: list[int]) -> None:
    """Messages with their events and the index, dense in every counter, as if they had been sent one after the other."""
    database = Database(url)
    said, begun = texts(), time.time() - MESSAGES
    for first in range(0, MESSAGES, CHUNK):
        some = [_message(number, users, next(said), begun) for number in range(first, first + CHUNK)]
        await database.in_one_go(partial(_store, some=some, pos=PLACES + first))
        if first % (10 * CHUNK) == 0:
            _write_back(database)
    await database.in_one_go(_end)
    await database.close()


def _write_back(database: Database) -> None:
    """Keep the write-ahead log short, as the committer does in a server."""
    with closing(sqlite3.connect(database.path or "")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _message(number: int, users: list[int], text: str, begun: float) -> Message:
    sender = users[number // PLACES % len(users)]
    return Message(
        100_000 + number % PLACES,
        number // PLACES + 1,
        sender,
        f"past-{number}",
        MessageKind.TEXT,
        MessageState.SENT,
        {"text": text},
        begun + number,
        None,
    )


def _store(connection: Connection, some: list[Message], pos: int) -> None:
    events = [
        Event(
            each.conversation,
            each.seq + 1,
            pos + place,
            EventKind.MESSAGE_CREATED,
            each.seq,
            message_object(each),
        )
        for place, each in enumerate(some, 1)
    ]
    written = [
        rows.message_row(each, digest_of(each.body, None), event.rev)
        for each, event in zip(some, events, strict=True)
    ]
    connection.many(insert_of(MessageRow, sqlite_driver=True), written)
    connection.many(
        insert_of(EventRow, sqlite_driver=True), [rows.event_row(each, keep_data=False) for each in events]
    )
    cursor = connection.fetch("SELECT pos FROM search_state WHERE id = 1")[0][0]
    IndexWriter(sqlite=True).store(
        connection, cursor, pos + len(some), [document(each) for each in events], {}
    )


def _end(connection: Connection) -> None:
    last = PLACES + MESSAGES
    seq = MESSAGES // PLACES
    connection.many(
        "UPDATE conversation SET seq = ?, rev = ?, last_pos = ? - (? - id)",
        [(seq, seq + 1, last, 100_000 + PLACES - 1)],
    )
    connection.many("UPDATE lane SET pos = ? WHERE id = 1", [(last,)])
    connection.fetch("ANALYZE")
