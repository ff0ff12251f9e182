"""The verbs that keep a base right: gaps from unanswered questions, drafts from what people answered, findings, impact."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import numpy as np

from myna.errors import Malformed, NotFound
from myna.ids import EPOCH_MS
from myna_knowledge.care.ageing import DAY_S, UNUSED_DAYS, stale, unused
from myna_knowledge.care.clusters import Asked, nearest, typical
from myna_knowledge.care.contradictions import contradictions
from myna_knowledge.care.drafting import draft_for
from myna_knowledge.care.impact import trial
from myna_knowledge.care.masking import masked
from myna_knowledge.care.model import (
    Exchange,
    Finding,
    FindingKind,
    Gap,
    GapReport,
    GapState,
    HumanAnswer,
    Impact,
    Question,
    Usage,
)
from myna_knowledge.model import Calibration, Section, SourceDraft, SourceKind, SourceState
from myna_knowledge.ports import Store
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.calibration import prior, strict
from myna_knowledge.retrieval.memory import Memories, Memory
from myna_knowledge.text import language
from myna_knowledge.vectors import Vectors

log = logging.getLogger(__name__)

KEPT_DAYS = 90
"""Questions are forgotten after so long."""
OVERLAP_S = 900.0
"""A turn may end so long after it began; its id tells when it began."""
PAGE = 200
PAGES = 10
"""At most so many pages of turns are read at once."""
SORTED_AT_ONCE = 40
"""Questions embedded and sorted in between two other things."""
EVERY_S = 60.0
"""Pause of the worker between two rounds; whoever looks at gaps need not wait for it."""
EXAMINED_EVERY_S = 86_400.0
LISTENED_EVERY_S = 86_400.0
SHOWN_QUESTIONS = 50
SHOWN_EXAMPLES = 10
ANSWERS_LOOKED_UP = 20
TRIED = 300
"""Unanswered questions that a change is tried on."""
TRIED_ANSWERED = 60
"""Answered ones; they have no vector yet."""
MAX_DAYS = KEPT_DAYS
UNIT_BITS = 12
"""How far the milliseconds stand from the right in an id."""


Put = Callable[[int, SourceDraft], Awaitable[object]]
"""Hands a source in; see `Library.put`."""


class Care:
    """Keeps bases right. Gaps follow the platform's turns: nothing has to be reported by agents."""

    def __init__(self, store: Store, memories: Memories, asking: Asking, put: Put) -> None:
        self._store, self._memories, self._asking, self._put = store, memories, asking, put
        self._care, self._said = store.care, store.conversations
        self._seen: dict[int, int] = {}
        """The turn up to which each base's questions are kept."""
        self._locks: dict[int, asyncio.Lock] = {}

    async def gaps(self, base: int, state: GapState | None = GapState.OPEN) -> list[Gap]:
        """What agents could not answer from this base, most asked first."""
        await self.collect(base)
        return await self._care.gaps(base, state)

    async def gap(self, base: int, gap: int) -> GapReport:
        """A gap with its questions, what people answered to them, and the entry proposed from that.

        Raises:
            NotFound: the base has no such gap.
        """
        found = await self._care.gap(base, gap)
        if found is None:
            raise NotFound(f"Knowledge base {base} has no gap {gap}.")
        questions = await self._care.questions(base, gap=gap, limit=SHOWN_QUESTIONS)
        alive = await self._said.alive(questions)
        gone = [each.turn for each in questions if each.turn not in alive]
        if gone:
            # What its author took back is not kept here either.
            await self._care.forget(base, gone)
            return await self.gap(base, gap)
        answers = await self._answers(questions)
        draft = await draft_for(found, questions, answers, self._memories, self._asking, self._store)
        return GapReport(found, tuple(questions), tuple(answers), draft)

    async def wrong(self, base: int, exchange: Exchange) -> None:
        """Count a question as unanswered although an agent answered it, since a person says that the answer was wrong."""
        async with self._locks.setdefault(base, asyncio.Lock()):
            await self._care.forget(base, [exchange.turn])
            told = replace(exchange, answered=False, sources=())
            kept = [(told, masked(told.text), language(told.text))]
            await self._care.keep(base, kept, time.time() - KEPT_DAYS * DAY_S)

    async def end(self, base: int, gap: int, state: GapState, source: int | None = None) -> None:
        """Resolve or dismiss a gap, or open it again.

        Raises:
            NotFound: the base has no such gap.
        """
        if not await self._care.end(base, gap, state, source):
            raise NotFound(f"Knowledge base {base} has no gap {gap}.")

    async def findings(
        self, base: int, kind: FindingKind | None = None, *, dismissed: bool = False
    ) -> list[Finding]:
        """What may be wrong with what the base says, as of its present version."""
        await self.examine(base)
        return await self._care.findings(base, kind, dismissed=dismissed)

    async def dismiss(self, base: int, finding: int, *, dismissed: bool = True) -> None:
        """Hide a finding for good, or show it again.

        Raises:
            NotFound: the base has no such finding.
        """
        if not await self._care.dismiss(base, finding, dismissed):
            raise NotFound(f"Knowledge base {base} has no finding {finding}.")

    async def usage(self, base: int, source: int, days: int) -> Usage:
        """How often answers of the last days cited a source.

        Raises:
            Malformed: more days than are kept.
        """
        await self.collect(base)
        return await self._care.usage(base, source, days, _since(days))

    async def impact(
        self, base: int, draft: SourceDraft, *, days: int = 7, replaces: int | None = None
    ) -> Impact:
        """What adding a source, or putting it in the place of another one, would do to the questions of the last days.

        Raises:
            Unreadable: nothing can be read of the draft.
            Malformed: more days than are kept.
        """
        since = _since(days)
        await self.collect(base)
        memory, sections = await self._whole(base)
        calibration = await self._store.calibrations.load(base, self._name) or prior(self._name)
        tried = await trial(
            memory,
            sections,
            draft,
            replaces=replaces,
            pieces=self._store.pieces,
            asking=self._asking,
            calibration=calibration,
        )
        asked = await self._care.questions(base, since=since, limit=TRIED)
        would = [each for each in asked if await tried.answers(each)]
        known = await self._care.questions(base, since=since, answered=True, limit=TRIED_ANSWERED)
        changed = [each for each in known if await tried.answers(each)]
        return Impact(
            days,
            len(asked),
            len(would),
            len({each.conversation for each in would}),
            tuple(would[:SHOWN_EXAMPLES]),
            tuple(changed[:SHOWN_EXAMPLES]),
        )

    async def strictness(self, base: int) -> tuple[Calibration, float | None]:
        """The calibration that serves, be it the shipped prior, and the bound that the operator chose."""
        wrong, name = await self._store.calibrations.bound(base), self._name
        return await self._store.calibrations.load(base, name) or strict(prior(name), wrong), wrong

    async def choose_strictness(self, base: int, wrong: float | None) -> None:
        """At most this share of the questions without an answer may be answered; None for the usual bound. Holds at once."""
        name = self._name
        await self._store.calibrations.choose(base, wrong)
        known = await self._store.calibrations.load(base, name) or prior(name)
        version = (await self._memories.current(base)).version
        await self._store.calibrations.save(base, version, strict(known, wrong))

    async def keep_up(self) -> None:
        """Collect and examine every base now and then, for as long as the process lives."""
        while True:
            try:
                for base in await self._care.bases():
                    await self.collect(base)
                    await self.examine(base)
                    await self.listen_again(base)
            except Exception:
                log.exception("The care of knowledge bases failed; it goes on in %d s", EVERY_S)
            await asyncio.sleep(EVERY_S)

    async def listen_again(self, base: int) -> None:
        """Read handled conversations again where that was turned on and a day has passed."""
        for source in await self._store.catalog.sources(base):
            waits = source.state in {SourceState.QUEUED, SourceState.INDEXING}
            if source.kind is not SourceKind.CONVERSATIONS or waits:
                continue
            if time.time() - source.changed_at > LISTENED_EVERY_S:
                handed = await self._store.catalog.draft(source.id)
                if handed is not None:
                    await self._put(base, handed[0])

    async def collect(self, base: int) -> None:
        """Keep what agents were asked since the last time, and sort unanswered questions into gaps."""
        async with self._locks.setdefault(base, asyncio.Lock()):
            agents = await self._said.agents_of(base)
            after = max(self._seen.get(base, 0), await self._care.newest(base) - _turns_of(OVERLAP_S))
            after = max(after, _turn_at(time.time() - KEPT_DAYS * DAY_S))
            begun = _turn_at(time.time() - OVERLAP_S)
            for _ in range(PAGES if agents else 0):
                page = await self._said.exchanges(agents, after, PAGE)
                if not page:
                    self._seen[base] = begun
                    break
                kept = [(each, masked(each.text), language(each.text)) for each in page]
                await self._care.keep(base, kept, time.time() - KEPT_DAYS * DAY_S)
                after = page[-1].turn
                self._seen[base] = min(after, begun)
            for question in await self._care.unsorted(base, SORTED_AT_ONCE):
                await self._sort(base, question)

    async def examine(self, base: int) -> None:
        """Make the base's findings anew when it has changed or a day has passed."""
        version, at = await self._care.examined(base)
        memory = await self._memories.current(base)
        if version == memory.version and time.time() - at < EXAMINED_EVERY_S:
            return
        memory, sections = await self._whole(base)
        sources = await self._store.catalog.sources(base)
        now = time.time()
        answers, cited = await self._care.cited(base, now - UNUSED_DAYS * DAY_S)
        found = await asyncio.to_thread(contradictions, sections)
        found += await asyncio.to_thread(stale, sources, sections, now)
        found += unused(sources, cited, answers, now)
        await self._care.found(base, memory.version, found)

    @property
    def _name(self) -> str:
        return self._asking.embedder.name if self._asking.embedder is not None else "none"

    async def _sort(self, base: int, question: Question) -> None:
        members = await self._care.members(base)
        vector = await self._asking.vector(question.text)
        if vector is None and self._asking.embedder is not None:
            return  # It stays unsorted and is tried again.
        memory = await self._memories.current(base)
        known = [Asked(each.text, await self._centred(memory, each.vector, each.lang)) for each in members]
        own = Asked(question.text, await self._centred(memory, vector, question.lang))
        gap = nearest(own, known, [each.gap or 0 for each in members])
        into = await self._care.sort_in(base, question, vector, self._name, gap)
        if gap == into and own.vector is not None:
            pairs = [(question, own.vector)]
            pairs += [
                (each, at.vector)
                for each, at in zip(members, known, strict=True)
                if each.gap == into and at.vector is not None
            ]
            stands = pairs[typical(np.stack([vector for _, vector in pairs]))][0]
            await self._care.name(into, stands.text, stands.lang)

    async def _centred(self, memory: Memory, vector: Vectors | None, lang: str) -> Vectors | None:
        embedder = self._asking.embedder
        if vector is None or embedder is None or embedder.dimensions not in {0, len(vector)}:
            return None
        general = None if lang in memory.space.asking else await self._asking.common(lang)
        return memory.space.question(vector, lang, general)

    async def _answers(self, questions: Sequence[Question]) -> list[HumanAnswer]:
        found: dict[tuple[int, int], HumanAnswer] = {}
        for question in questions[:ANSWERS_LOOKED_UP]:
            answer = await self._said.answer_to(question.conversation, question.seq)
            if answer is not None:
                plain = HumanAnswer(answer.conversation, answer.seq, masked(answer.text), answer.at)
                found.setdefault((answer.conversation, answer.seq), plain)
        return sorted(found.values(), key=lambda each: -each.at)

    async def _whole(self, base: int) -> tuple[Memory, list[Section]]:
        """The base's memory and its sections in the same order."""
        memory = await self._memories.current(base)
        changes = await self._store.pieces.changes(base, -1)
        by_id = {section.id: section for section in changes.added} if changes is not None else {}
        return memory, [by_id[each.id] for each in memory.sections if each.id in by_id]


def _since(days: int) -> float:
    if not 1 <= days <= MAX_DAYS:
        raise Malformed(f"Questions of 1 to {MAX_DAYS} days are kept, not {days}.")
    return time.time() - days * DAY_S


def _turn_at(at: float) -> int:
    """The least id that a turn of this moment can have; see `myna.ids`."""
    return max(0, (int(at * 1000) - EPOCH_MS) << UNIT_BITS)


def _turns_of(seconds: float) -> int:
    return int(seconds * 1000) << UNIT_BITS
