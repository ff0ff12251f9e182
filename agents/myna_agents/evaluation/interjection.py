"""`myna eval interjection`: does an agent in a group speak when it should, and keep quiet when it should not."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna.model.message import Message
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.engines.offline import OfflineEngine
from myna_agents.evaluation.report import Report, mean, percentiles
from myna_agents.turns.rehearsal import Stage, rehearse, said
from myna_knowledge.model import Retrieval
from myna_knowledge.text import language

SPEAKS = frozenset({"answer", "ask_back", "decline", "hand_off"})
AGENT = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A group's conversation and whether the agent should say something to its last message."""

    stage: Stage
    messages: tuple[Message, ...]
    should_speak: bool
    why: str
    lang: str


class Ignorant:
    """A knowledge base that holds nothing: what is judged is whether the agent speaks, not what it knows."""

    async def retrieve(
        self, bases: Sequence[int], query: str, *, k: int = 6, lang: str | None = None
    ) -> Retrieval:
        """Nothing."""
        return Retrieval((), 0.0, 1.0, False)


def case_of(row: Mapping[str, Any]) -> Case:
    """The case of a row `{"messages": [{"from", "text", "reply_to"?}], "members", "agent", "should_speak", "why"?, "bots"?}`.

    `reply_to` is the place of a message counted from 1, or the name of whoever said it last. Members named in `bots` are bots.
    """
    agent = str(row["agent"])
    bots = {str(name) for name in row.get("bots", ())}
    spoken = [str(each["from"]) for each in row["messages"]]
    names = dict.fromkeys((*(str(name) for name in row.get("members", ())), *spoken))
    ids = {agent: AGENT} | {name: at for at, name in enumerate((n for n in names if n != agent), AGENT + 1)}
    users = {
        ids[name]: User(ids[name], 1, UserKind.BOT if name in bots else UserKind.HUMAN, name)
        for name in ids
        if name != agent
    }
    messages = tuple(
        said(
            at,
            ids[str(each["from"])],
            str(each["text"]),
            reply_to=_target(row["messages"], at, each.get("reply_to")),
            at=at * SECONDS_BETWEEN,
        )
        for at, each in enumerate(row["messages"], 1)
    )
    lang = language(messages[-1].body["text"])
    profile = AgentProfile(AGENT, agent, agent.lower(), languages=(lang, *({"en", "zh"} - {lang})))
    offline = OfflineEngine()
    stage = Stage(profile, Ignorant(), offline, offline, ConversationKind.GROUP, users)
    return Case(stage, messages, bool(row["should_speak"]), str(row.get("why", "")), lang)


def _target(messages: Sequence[Mapping[str, Any]], at: int, reply_to: object) -> int | None:
    """The place of the message that is replied to: given from 1, or as the name of who said it last before."""
    if isinstance(reply_to, int):
        return reply_to
    said_by = [place for place, each in enumerate(messages[: at - 1], 1) if each["from"] == reply_to]
    return said_by[-1] if said_by else None


SECONDS_BETWEEN = 10.0
"""How far apart the messages of a case are taken to have come."""


class InterjectionKind:
    """Counts false interjections and missed questions, overall and by language."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """No options of its own."""

    async def judge(self, file: Path, options: argparse.Namespace) -> Report:
        """Rehearse every case.

        Raises:
            MynaError: a line is not such a case; says which.
        """
        cases = list(_read(file))[: options.limit]
        wrong: list[dict[str, Any]] = []
        figures: dict[str, list[tuple[Case, bool]]] = {}
        took_ms: list[float] = []
        for case in cases:
            started = time.perf_counter()
            done = await rehearse(case.stage, case.messages)
            took_ms.append((time.perf_counter() - started) * 1000)
            spoke = done.decision.decision in SPEAKS
            figures.setdefault(case.lang, []).append((case, spoke))
            if spoke is not case.should_speak:
                last = case.messages[-1].body["text"]
                heard = done.decision.trace.get("heard", "")
                wrong.append({"text": last, "why": case.why, "spoke": spoke, "heard": heard})
        everything = [each for one in figures.values() for each in one]
        return Report(
            file=file.name,
            kind="interjection",
            n=len(cases),
            metrics=_metrics(everything),
            by_language={lang: _metrics(one) for lang, one in sorted(figures.items())}
            if len(figures) > 1
            else {},
            latency_ms=percentiles(took_ms),
            details={"wrong": wrong} if wrong else {},
        )


KIND = InterjectionKind()


def shipped() -> Path:
    """The set that comes with Myna: 342 hand-made turns in English and Chinese."""
    return Path(str(files("myna_agents.evaluation") / "data" / "group_turns.jsonl"))


def _metrics(done: Sequence[tuple[Case, bool]]) -> dict[str, Any]:
    asked = [spoke for case, spoke in done if case.should_speak]
    unasked = [spoke for case, spoke in done if not case.should_speak]
    return {
        "false_interjections": mean([float(spoke) for spoke in unasked]),
        "missed_questions": mean([float(not spoke) for spoke in asked]),
    }


def _read(file: Path) -> Sequence[Case]:
    found: list[Case] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(case_of(json.loads(line)))
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise MynaError(
                f"{file.name} line {number} is no interjection case: {type(wrong).__name__}: {wrong}",
                code="bad_cases",
            ) from wrong
    if not found:
        raise MynaError(f"{file.name} holds no cases.", code="bad_cases")
    return found
