"""The same trace over WebSocket, Server-Sent Events, long poll and REST gives the same log and the same answers (I12)."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from support import myna_server, transports
from support.population import Population, populate
from support.transports import Frame, Line

SETTINGS = {"MYNA_AGENTS": "0", "MYNA_EMBEDDER": "none:", "MYNA_MODERATION": "0", "MYNA_LIMITS": "off"}
OPENERS: dict[str, Callable[[str, str], AbstractAsyncContextManager[Line]]] = {
    "socket": transports.socket_line,
    "stream": transports.stream_line,
    "poll": transports.poll_line,
    "rest": transports.rest_line,
}


def trace(conversation: int, foreign: int) -> list[tuple[int, Frame]]:
    """(who, frame): sends, a resend, a conflict, an answer, and drafts that must be refused."""

    def send(client_id: str, text: Any, place: int = conversation, **more: Any) -> Frame:
        body = {"text": text}
        return {
            "op": "send",
            "ref": client_id,
            "conversation": str(place),
            "client_id": client_id,
            "body": body,
        } | more

    return [
        (0, send("a1", "Good morning")),
        (1, send("b1", "Morning, Ann")),
        (0, send("a1", "Good morning")),
        (0, send("a1", "Good evening")),
        (1, send("b2", "您好，请问", reply_to=1)),
        (0, send("a2", "   ")),
        (0, send("a3", "x" * 10_001)),
        (0, send("notice:1", "I am the server")),
        (0, send("a4", "wrong place", place=foreign)),
        (1, send("a1", "the same client_id of another sender")),
        (0, send("a5", 'quotes " and \\ and \u2028 and 🦜')),
    ]


def shape(answer: Frame) -> tuple[Any, ...]:
    """What must be the same whatever the transport."""
    if answer["op"] == "ack":
        return ("ack", answer["client_id"], answer["seq"], answer["rev"], answer["duplicate"])
    return ("nack", answer["code"], answer["error"])


def plain(event: Frame) -> dict[str, Any]:
    """An event without what depends on where and when it was."""
    data = {
        name: value for name, value in event["data"].items() if name not in {"conversation", "created_at"}
    }
    return {"rev": event["rev"], "kind": event["kind"], "seq": event["seq"], "data": data}


async def play(url: str, people: Population, place: int, open_line: Callable[..., Any]) -> dict[str, Any]:
    """Run the trace as two people and a third one who listens; answers, the log, and what was heard."""
    conversation, foreign = people.places[place][0], people.places[-1][0]
    async with (
        open_line(url, people.tokens[0]) as ann,
        open_line(url, people.tokens[1]) as bob,
        transports.rest_line(url, people.tokens[0]) as reader,
    ):
        answers = [shape(await (ann, bob)[who].ask(frame)) for who, frame in trace(conversation, foreign)]
        stored = sum(each[0] == "ack" and not each[4] for each in answers)
        heard = [plain(each) for each in await bob.heard(stored)]
        log = await reader.get(f"/v1/conversations/{conversation}/events")
        return {"answers": answers, "heard": heard, "log": [plain(each) for each in log.json()["events"]]}


async def test_every_transport_gives_the_same_log_and_the_same_answers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'myna.db'}"
    # Three in each: two people have one direct conversation only. Ann is no member of the last one.
    groups = [[0, 1, 3] for _ in OPENERS] + [[1, 2, 3]]
    people = await asyncio.to_thread(populate, url, tmp_path / "data", users=4, groups=groups)
    with myna_server.serve(tmp_path, settings=SETTINGS) as server:
        found = {
            name: await play(server.url, people, place, opener)
            for place, (name, opener) in enumerate(OPENERS.items())
        }
    first = found["socket"]
    assert [each[:3] for each in first["answers"]] == [
        ("ack", "a1", 1),
        ("ack", "b1", 2),
        ("ack", "a1", 1),
        ("nack", 409, "client_id_conflict"),
        ("ack", "b2", 3),
        ("nack", 400, "malformed"),
        ("nack", 413, "too_large"),
        ("nack", 400, "malformed"),
        ("nack", 404, "not_found"),
        ("ack", "a1", 4),
        ("ack", "a5", 5),
    ]
    assert [each["seq"] for each in first["heard"]] == [1, 2, 3, 4, 5]
    for name, other in found.items():
        assert other == first, name
