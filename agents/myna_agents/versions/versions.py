"""Versions of agents: drafting, judging, publishing behind a gate, rolling back, and replaying what was asked."""

import asyncio
import difflib
import re
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from myna.errors import Conflict, MynaError, NotFound
from myna.ids import new_id
from myna.model.conversation import ConversationKind
from myna.model.message import Message
from myna.model.ticket import TurnRecord
from myna.model.workspace import User
from myna_agents.agent import AgentProfile, profile_of
from myna_agents.turns.rehearsal import ASKER, Rehearsed, Stage, rehearse, said
from myna_agents.turns.world import World
from myna_agents.versions.bundles import Bundle, Bundles, EvalCase

T = TypeVar("T")
GATE_S = 300.0
"""How long judging a version or replaying may take in all."""
AT_ONCE = 4
LEAST_SHARE = 1.0
"""Share of the evaluation set that must pass where a bundle sets none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A real turn of a real conversation, and what the agent did then."""

    conversation: int
    record: TurnRecord
    before: Sequence[Message]
    """The messages up to the one that triggered the turn."""
    then: Message | None
    """What the agent said, None when it said nothing."""


class Versions:
    """Every verb on an agent's versions."""

    def __init__(self, store: Bundles, world: World) -> None:
        self._store, self._world = store, world

    async def draft(self, agent: User, body: Mapping[str, Any], note: str, by: int) -> Bundle:
        """A new version, not live yet."""
        made = Bundle(new_id(), agent.workspace, agent.id, 0, body, note, by, time.time())
        return await self._store.add(made)

    async def one(self, agent: int, number: int) -> Bundle:
        """A version.

        Raises:
            NotFound: there is none of this number.
        """
        found = await self._store.bundle(agent, number)
        if found is None:
            raise NotFound(f"This agent has no version {number}.")
        return found

    async def change(self, agent: int, number: int, body: Mapping[str, Any], note: str) -> Bundle:
        """Another body for a version that was never live.

        Raises:
            Conflict: it was live once: what answered customers is kept as it was; draft a new version.
        """
        found = await self.one(agent, number)
        if not await self._store.change(replace(found, body=body, note=note)):
            raise Conflict(f"Version {number} answered customers; draft a new one.", code="published")
        return await self.one(agent, number)

    async def judge(self, agent: User, number: int) -> Mapping[str, Any]:
        """Ask the whole evaluation set, and keep what came of it with the version."""
        found = await self.one(agent.id, number)
        gate = await self._judged(agent, found, await self._store.cases(agent.id))
        await self._store.judged(agent.id, number, gate)
        return gate

    async def publish(self, agent: User, number: int, by: int, override: str | None = None) -> Bundle:
        """Make a version live, after its evaluation passed, or with the stated reason to do without.

        A version that was live before is only rolled back to: it passed then. A comparison that runs ends.

        Raises:
            Conflict: the evaluation failed, or there is no evaluation set; nothing has changed.
        """
        await self.pass_gate(agent, number, by, override)
        await self._store.publish(agent.id, number, by, time.time())
        return await self.one(agent.id, number)

    async def pass_gate(self, agent: User, number: int, by: int, override: str | None = None) -> None:
        """Judge a version that was never live, unless it is overridden with a reason, which is kept.

        Raises:
            NotFound, Conflict: as `publish`.
        """
        if (await self.one(agent.id, number)).published_at is not None:
            return
        gate = await self.judge(agent, number)
        if not gate["passed"] and not override:
            raise Conflict(
                "The evaluation set is empty; add questions or give a reason to do without."
                if not gate["n"]
                else f"{len(gate['failures'])} of {gate['n']} questions fail.",
                code="gate_closed",
                extra={"gate": dict(gate)},
            )
        if not gate["passed"]:
            await self._store.judged(agent.id, number, {**gate, "override": override, "by": str(by)})

    async def roll_back(self, agent: User, live: int, by: int) -> Bundle:
        """Make the version live that was published before this one.

        Raises:
            Conflict: there is none.
        """
        before = [each for each in await self._store.bundles(agent.id) if each.published_at is not None]
        current = next((each for each in before if each.number == live), None)
        older = [
            each
            for each in before
            if each.number != live
            and (current is None or (each.published_at or 0) < (current.published_at or 0))
        ]
        if not older:
            raise Conflict("There is no earlier published version.", code="no_earlier_version")
        newest = max(older, key=lambda each: each.published_at or 0)
        return await self.publish(agent, newest.number, by)

    async def replay(self, agent: User, number: int, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """What a version would do now with what was really asked, each beside what was done then. Nothing is stored or sent."""
        profile = profile_of_version(agent, await self.one(agent.id, number))

        async def one(each: Asked) -> dict[str, Any]:
            users = await self._world.people.users(
                sorted({message.sender for message in each.before}), agent.workspace
            )
            stage = self._stage(profile, ConversationKind.SUPPORT, {user.id: user for user in users})
            return compared(each, await rehearse(stage, each.before))

        return await _all([one(each) for each in asked])

    async def trial(self, agent: User, number: int, question: str) -> Rehearsed:
        """What a version would do with a question. Nothing is stored or sent."""
        profile = profile_of_version(agent, await self.one(agent.id, number))
        return await rehearse(self._stage(profile, ConversationKind.SUPPORT, {}), [said(1, ASKER, question)])

    async def _judged(self, agent: User, bundle: Bundle, cases: Sequence[EvalCase]) -> dict[str, Any]:
        profile = profile_of_version(agent, bundle)
        least = float(bundle.body.get("gate", {}).get("least", LEAST_SHARE))

        async def one(case: EvalCase) -> dict[str, Any] | None:
            stage = self._stage(profile, ConversationKind.SUPPORT, {})
            try:
                done = await rehearse(stage, [said(1, ASKER, case.question)])
            except (MynaError, TimeoutError) as broken:
                return _failure(case, f"failed: {broken}", "")
            wrong = why_wrong(case, done)
            return None if wrong is None else _failure(case, wrong, done.text)

        failures = [each for each in await _all([one(case) for case in cases]) if each is not None]
        passed = len(cases) - len(failures)
        share = passed / len(cases) if cases else 0.0
        return {
            "n": len(cases),
            "passed_n": passed,
            "share": round(share, 4),
            "least": least,
            "passed": bool(cases) and share >= least,
            "failures": failures,
            "at": time.time(),
        }

    def _stage(self, profile: AgentProfile, kind: ConversationKind, users: Mapping[int, User]) -> Stage:
        return Stage(
            profile,
            self._world.knowledge,
            self._world.engine,
            self._world.fallback,
            kind,
            users,
            self._world.answer_s,
        )


def why_wrong(case: EvalCase, done: Rehearsed) -> str | None:
    """What is wrong with what came of a question; None when it is what was expected. Pure."""
    answered = done.decision.decision == "answer" and bool(done.citations)
    match case.expect:
        case "answer" if not answered:
            return f"no answer: {done.decision.decision} ({done.decision.reason})"
        case "not_answer" if answered:
            return "answered, but should not"
        case "hand_off" if done.handed_off is None:
            return f"no hand-off: {done.decision.decision} ({done.decision.reason})"
        case _:
            text = _folded(done.text)
            missing = [each for each in case.holds if _folded(each) not in text]
            return f"does not hold {missing[0]!r}" if missing else None


def compared(asked: Asked, now: Rehearsed) -> dict[str, Any]:
    """What was done then beside what would be done now, and the difference of the texts word by word. Pure."""
    decision = asked.record.decision
    body: Mapping[str, Any] = {} if asked.then is None else asked.then.body
    was, is_now = str(body.get("text", "")), now.text
    question = next((one for one in reversed(asked.before) if one.seq == asked.record.trigger_seq), None)
    kinds = (decision.decision if decision else "", now.decision.decision)
    return {
        "conversation": str(asked.conversation),
        "seq": asked.record.trigger_seq,
        "question": "" if question is None else str(question.body.get("text", "")),
        "then": {
            "decision": kinds[0],
            "reason": decision.reason if decision else "",
            "text": was,
            "citations": _titles(body.get("citations", ())),
        },
        "now": {
            "decision": kinds[1],
            "reason": now.decision.reason,
            "text": is_now,
            "citations": _titles(now.citations),
            "took_ms": round(now.took_ms, 1),
        },
        "same": kinds[0] == kinds[1] and was == is_now,
        "diff": difference(was, is_now),
    }


def difference(was: str, now: str) -> list[dict[str, str]]:
    """Runs of `same`, `gone` and `new` text, which together are both texts; Chinese by characters, others by words. Pure."""
    old, new = _words(was), _words(now)
    found: list[dict[str, str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append({"kind": "same", "text": "".join(old[a:b])})
            continue
        if b > a:
            found.append({"kind": "gone", "text": "".join(old[a:b])})
        if d > c:
            found.append({"kind": "new", "text": "".join(new[c:d])})
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+", text)


def _titles(citations: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each.get("title", "")) for each in citations]


def _failure(case: EvalCase, wrong: str, text: str) -> dict[str, Any]:
    return {"case": str(case.id), "question": case.question, "wrong": wrong, "text": text[:1000]}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def profile_of_version(agent: User, bundle: Bundle) -> AgentProfile:
    """How an agent would answer with this version."""
    body = dict(bundle.body)
    bases = [int(base) for base in body.pop("bases", ())]
    return profile_of(agent, bases, {**body, "version": bundle.number})


async def _all(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order, a few at once.

    Raises:
        Conflict: it took too long.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Coroutine[Any, Any, T]) -> T:
        async with gate:
            return await each

    try:
        async with asyncio.timeout(GATE_S):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(each)) for each in work]
            return [task.result() for task in tasks]
    except TimeoutError:
        raise Conflict(
            f"This took longer than {GATE_S:.0f} s; use fewer questions.", code="took_too_long"
        ) from None
