"""What is measured. Each scenario gives figures as one JSON object; higher layers repeat and compare them."""

import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

from bench.rig import LOAD_CORE, Rig, cpu_s, generator, memory_kb, pinned, rig
from bench.search import search_million

Figures = dict[str, Any]
PAIRS = [[2 * pair, 2 * pair + 1] for pair in range(500)]
TEN_BY_HUNDRED = [[100 * group + place for place in range(100)] for group in range(10)]
ONE_BY_THOUSAND = [list(range(1000))]


def direct(*options: str, database: str = "sqlite", senders: int = 2) -> Callable[[], Figures]:
    """Messages of two people to one another, end to end."""

    def measure() -> Figures:
        with rig(users=1000, groups=PAIRS, database=database) as here:
            return here.load(*options, senders=senders)

    return measure


def moderated() -> Figures:
    """The same with the filter, over so many people that nobody's messages look like a flood."""
    pairs = [[2 * pair, 2 * pair + 1] for pair in range(4000)]
    with rig(users=8000, groups=pairs, settings={"MYNA_MODERATION": "1"}) as here:
        return here.load("--window", "1", senders=1)


def moderated_road() -> Figures:
    """What the moderation step adds to the road of a message: 200 a second without and with it, in one run."""
    pairs = [[2 * pair, 2 * pair + 1] for pair in range(4000)]
    found: Figures = {}
    for name, on in (("plain", "0"), ("moderated", "1")):
        with rig(users=8000, groups=pairs, settings={"MYNA_MODERATION": on}) as here:
            found[name] = here.load("--rate", "200", senders=1)["delivery_ms"]
    return {
        **found,
        "added_ms": {each: found["moderated"][each] - found["plain"][each] for each in ("p50", "p99")},
    }


def judging(entries: int, together: int = 1) -> Callable[[], Figures]:
    """The shipped filter alone, in this process: texts of 100 characters, each of another sender, one in five spam.

    So many are judged in one pass; the figure is the share of each.
    """

    def measure() -> Figures:
        from myna.model.conversation import ConversationKind
        from myna.model.filtering import Filtering, Listed, Listing
        from myna.model.moderation import Case, Verdict
        from myna.model.workspace import UserKind
        from myna_agents.moderation import LayeredModerator

        listings = tuple(
            Listing(
                number, 1, Listed.RULE, f"offer{number:05d} .{{0,9}} today", "hold", f"rule {number}", 1, 0.0
            )
            for number in range(entries)
        )
        filtering = Filtering(1, {}, listings)
        texts = [(text * 9)[:100] for text in JUDGED]

        def case(number: int) -> Case:
            text, at = f"{number} {texts[number % len(texts)]}", 30_000.0 * number
            return Case(1, 7, ConversationKind.GROUP, number, UserKind.HUMAN, text, at, filtering=filtering)

        async def run() -> list[float]:
            moderator, took = LayeredModerator(), list[float]()
            await moderator.judge(case(0))  # loads the models and compiles the rules
            for first in range(1, 5_500, together):
                cases = [case(number) for number in range(first, first + together)]
                start = time.perf_counter()
                for judged in moderator.judge_many(cases):
                    if not isinstance(judged, Verdict):
                        await judged
                took += [(time.perf_counter() - start) * 1000 / together] * together
            return took[500:]

        return _latencies(asyncio.run(run()))

    return measure


JUDGED = (
    "Where is my order number 20241? It was due on Monday and nobody has told me anything since. ",
    "我的快递三天没更新了，订单号20240817123，能不能帮我查一下现在到哪里了？谢谢你们。",
    "Can you look at the page with my invoice? It shows an error whenever I try to open it. ",
    "WINNER!! You have won a cash prize of 1000 pounds. Call 09061701461 to claim it now. ",
    "请问你们的客服几点下班？我想换一个大一点的尺码，不知道还来不来得及。",
)


def fan_out(groups: list[list[int]], *options: str, database: str = "sqlite") -> Callable[[], Figures]:
    """Messages of one sender to each group, who keeps so many in flight."""

    def measure() -> Figures:
        with rig(users=1000, groups=groups, database=database) as here:
            return here.load(*options)

    return measure


def connects() -> Figures:
    """New connections with a token check, 64 at once, until each was greeted with its heads."""
    pairs = [[2 * pair, 2 * pair + 1] for pair in range(2500)]
    with rig(users=5000, groups=pairs) as here:
        return here.load("--mode", "connect", "--at-once", "64")


def idle() -> Figures:
    """Memory per idle connection: the growth of a fresh server from 10,000 of them, kernel memory not counted."""
    connections = 10_000
    pairs = [[2 * pair, 2 * pair + 1] for pair in range(connections // 2)]
    with rig(users=connections, groups=pairs) as here:
        before = memory_kb(here.server.pid)
        cast = here.people.cast(here.folder / "cast", senders=0)
        command = [*pinned(LOAD_CORE), str(generator()), "127.0.0.1", here.port, str(cast)]
        with subprocess.Popen(
            [*command, "--mode", "connect", "--hold", "10"], stdout=subprocess.PIPE, text=True
        ) as holding:
            assert holding.stdout is not None
            found: Figures = json.loads(holding.stdout.readline())
            time.sleep(5)
            after = memory_kb(here.server.pid)
            holding.wait(60)
        grown = {kind: (after[kind] - before[kind]) / found["connections"] for kind in before}
        return {
            **found,
            "kb_per_connection": round(grown["pss"], 2),
            "server_mb": round(before["rss"] / 1024, 1),
        }


def catch_up() -> Figures:
    """10,000 missed messages of ten conversations over one socket, pulled as the protocol's client does."""
    groups = [list(range(10)) for _ in range(10)]
    with rig(users=10, groups=groups, messages=1000) as here:
        # The search index of a fresh database begins at its beginning; nobody comes back to that.
        while _busy(here.server.pid) > 0.05:
            pass
        before, at = (cpu_s(here.server.pid), time.process_time()), time.monotonic()
        found = asyncio.run(_pull_all(here, 10_000))
        wall = time.monotonic() - at
        found["server_cpu"] = round((cpu_s(here.server.pid) - before[0]) / wall, 3)
        found["generator_cpu"] = round((time.process_time() - before[1]) / wall, 3)
        return found


def _busy(pid: int) -> float:
    before, at = cpu_s(pid), time.monotonic()
    time.sleep(0.5)
    return (cpu_s(pid) - before) / (time.monotonic() - at)


async def _pull_all(here: Rig, expected: int) -> Figures:
    from websockets.asyncio.client import connect

    rates = []
    for _ in range(5):
        async with connect(here.server.socket_url, max_size=None, compression=None) as socket:
            await socket.send(json.dumps({"op": "hello", "v": 1, "token": here.people.tokens[0]}))
            await socket.recv()
            at, got = time.perf_counter(), 0
            for conversation, _ in here.people.places:
                await socket.send(_pull(conversation, 0))
            while got < expected:
                page = json.loads(await socket.recv())
                if page["op"] != "page":
                    raise RuntimeError(f"unexpected: {page}")
                events = page["events"]
                got += sum(event["kind"] == "message.created" for event in events)
                if events and events[-1]["rev"] < page["head_rev"]:
                    await socket.send(_pull(page["conversation"], events[-1]["rev"]))
            rates.append(got / (time.perf_counter() - at))
    return {"messages_per_s": round(statistics.median(rates)), "runs": [round(each) for each in rates]}


def _pull(conversation: int | str, after: int) -> str:
    return json.dumps(
        {"op": "pull", "ref": after, "conversation": str(conversation), "after_rev": after, "limit": 200}
    )


def conversation_list() -> Figures:
    """The first page of 25 conversations of somebody who has 1,000."""
    import httpx

    groups = [[0, 1 + number % 50] for number in range(1000)]
    with rig(users=51, groups=groups, messages=2) as here:
        times = []
        headers = {"Authorization": f"Bearer {here.people.tokens[0]}"}
        with httpx.Client(base_url=here.server.url, headers=headers, trust_env=False) as http:
            for number in range(600):
                at = time.perf_counter()
                answer = http.get("/v1/conversations?limit=25")
                if number >= 100:
                    times.append((time.perf_counter() - at) * 1000)
                if answer.status_code != 200 or len(answer.json()["conversations"]) != 25:
                    raise RuntimeError(answer.text)
        return _latencies(times)


def _latencies(times: list[float]) -> Figures:
    cut = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "ms": {
            "p50": round(cut[49], 3),
            "p95": round(cut[94], 3),
            "p99": round(cut[98], 3),
            "max": round(max(times), 3),
        }
    }


GATHER = ("--gather-us", "200")
"""In groups the generator looks at its sockets every 0.2 ms, as a network card gathers what arrives: else each of the
server's thousands of writes would also pay for waking the generator up, which remote clients do not cost it."""

SCENARIOS: dict[str, tuple[str, Callable[[], Figures]]] = {
    "direct": ("1:1 messages, 1,000 senders, 1 in flight", direct("--window", "1")),
    "direct-moderated": ("the same with the moderation step, 8,000 people", moderated),
    "moderated-road": ("what moderation adds to the road of a message at 200/s", moderated_road),
    "judging": ("the filter alone, per message of 100 characters", judging(0)),
    "judging-10000-rules": ("the same with 10,000 rules", judging(10_000)),
    "judging-together": ("the filter alone, 64 messages in a pass, the share of each", judging(0, 64)),
    "direct-postgres": ("the same on PostgreSQL", direct("--window", "1", database="postgres")),
    "rate-500": ("latency at 500 messages/s", direct("--rate", "500")),
    "rate-2000": ("latency at 2,000 messages/s", direct("--rate", "2000")),
    "rate-4000": ("latency at 4,000 messages/s", direct("--rate", "4000")),
    "rate-500-postgres": ("500 messages/s on PostgreSQL", direct("--rate", "500", database="postgres")),
    "rate-2000-postgres": ("2,000 messages/s on PostgreSQL", direct("--rate", "2000", database="postgres")),
    "groups-10x100": (
        "10 groups of 100, 16 in flight each",
        fan_out(TEN_BY_HUNDRED, "--window", "16", *GATHER),
    ),
    "groups-10x100-64": (
        "10 groups of 100, 64 in flight each",
        fan_out(TEN_BY_HUNDRED, "--window", "64", *GATHER),
    ),
    "group-1x1000": ("1 group of 1,000, 16 in flight", fan_out(ONE_BY_THOUSAND, "--window", "16", *GATHER)),
    "group-1x1000-64": (
        "1 group of 1,000, 64 in flight",
        fan_out(ONE_BY_THOUSAND, "--window", "64", *GATHER),
    ),
    "groups-postgres": (
        "10 groups of 100, 64 in flight each, on PostgreSQL",
        fan_out(TEN_BY_HUNDRED, "--window", "64", *GATHER, database="postgres"),
    ),
    "connects": ("connections with token check and heads", connects),
    "idle": ("memory of 10,000 idle connections", idle),
    "catch-up": ("10,000 missed messages over one socket", catch_up),
    "list": ("25 of 1,000 conversations over HTTP", conversation_list),
    "search": ("20 hits in 1,000,000 messages over HTTP", search_million),
}

TARGETS: dict[str, tuple[str, str, float]] = {
    "direct": ("acked_per_s", "at least", 9_000),
    "direct-moderated": ("acked_per_s", "at least", 6_000),
    "moderated-road": ("added_ms.p99", "at most", 5),
    "judging": ("ms.p50", "at most", 0.2),
    "judging-10000-rules": ("ms.p50", "at most", 0.2),
    "judging-together": ("ms.p50", "at most", 0.065),
    "direct-postgres": ("acked_per_s", "", 0),
    "rate-500": ("delivery_ms.p99", "", 0),
    "rate-2000": ("delivery_ms.p99", "at most", 30),
    "rate-4000": ("delivery_ms.p99", "at most", 50),
    "rate-500-postgres": ("delivery_ms.p99", "", 0),
    "rate-2000-postgres": ("delivery_ms.p99", "", 0),
    "groups-10x100": ("delivered_per_s", "at least", 800_000),
    "groups-10x100-64": ("delivered_per_s", "at least", 800_000),
    "group-1x1000": ("delivered_per_s", "at least", 800_000),
    "group-1x1000-64": ("delivered_per_s", "at least", 800_000),
    "groups-postgres": ("delivered_per_s", "", 0),
    "connects": ("connects_per_s", "at least", 2_000),
    "idle": ("kb_per_connection", "at most", 12),
    "catch-up": ("messages_per_s", "at least", 50_000),
    "list": ("ms.p99", "at most", 10),
    "search": ("ms.p95", "at most", 50),
}
"""The figure of each scenario that counts, and what it should be."""
