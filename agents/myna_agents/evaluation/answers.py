"""`myna eval answers`: how good the answers are on questions with known answers, whoever makes them."""

import argparse
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from myna_agents.agent import AgentProfile
from myna_agents.answers.engine import Engine
from myna_agents.answers.guard import MARK
from myna_agents.engines.offline import OfflineEngine
from myna_agents.evaluation.cases import Asked, Stand, read_cases, standing
from myna_agents.evaluation.engines import open_engine
from myna_agents.evaluation.report import Measured, Report, mean, percentiles
from myna_agents.evaluation.retrieval import declare_embedding, languages, settings_of
from myna_agents.text.language import conversation_language
from myna_agents.turns.rehearsal import ASKER, Rehearsed, Stage, rehearse, said
from myna_knowledge.text import sentences, terms

MAX_SENTENCES = 3
"""A longer answer does not count as holding the gold span: quoting the whole page would always hold it."""
EVALUATED = 2
"""The user id of the agent that is evaluated."""


@dataclass(slots=True)
class Tally:
    """What was counted: one value for each question that a metric applies to."""

    values: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, name: str, value: float) -> None:
        """One question's value."""
        self.values.setdefault(name, []).append(float(value))

    def metrics(self) -> dict[str, Measured]:
        """Every metric with its interval."""
        return {name: mean(each) for name, each in self.values.items()}


class AnswersKind:
    """Asks every question in a conversation of its own, through the whole turn.

    The calibrated threshold does not silence the agent here: `contained` and the citation figures are over all questions;
    `answered` says what share the threshold would have let through, `contained_when_answered` how good those are.

    * `contained`: the answer, at most three sentences long, holds a gold span (width of characters, case and white space apart).
    * `citation_right`: the first citation is of a relevant passage. `citation_precision`, `citation_recall`: of all of them.
    * `f1`: token overlap with the nearest gold span or the reference.
    * `sentences`: how long the answers are.
    """

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """The options of every kind that ingests passages, and the key of a model's endpoint."""
        declare_embedding(parser)
        parser.add_argument("--key", default="", help="key for the endpoint of --engine openai:MODEL@URL")

    async def judge(self, file: Path, options: argparse.Namespace) -> Report:
        """Ingest the passages, ask the questions, count."""
        cases = read_cases(file, seed=options.seed, limit=options.limit)
        asked = [one for one in cases.questions if one.answerable is not False]
        by_language: dict[str, Tally] = {}
        whole, took = Tally(), list[float]()
        async with AsyncExitStack() as stack:
            engine = open_engine(options.engine, options.key)
            stack.push_async_callback(engine.close)
            stand = await stack.enter_async_context(
                standing(cases.passages, embedder=options.embedder, cache=options.cache)
            )
            for question in asked:
                done = await self._ask(stand, engine, question)
                took.append(done.took_ms)
                for tally in (whole, by_language.setdefault(question.lang or "", Tally())):
                    count(tally, question, done, stand.passage_of)
        return Report(
            file=file.name,
            kind="answers",
            n=len(asked),
            metrics=whole.metrics(),
            latency_ms=percentiles(took),
            settings=settings_of(options) | {"engine": options.engine, "passages": len(cases.passages)},
            by_language={lang: by_language[lang].metrics() for lang in languages(asked)},
        )

    async def _ask(self, stand: Stand, engine: Engine, question: Asked) -> Rehearsed:
        lang = question.lang or conversation_language([question.text], "en")
        profile = AgentProfile(
            EVALUATED,
            "Myna",
            "myna",
            bases=(stand.base,),
            languages=tuple(dict.fromkeys((lang, "en", "zh"))),
            threshold=0.0,
        )
        stage = Stage(profile, stand.library, engine, OfflineEngine())
        return await rehearse(stage, [said(1, ASKER, question.text)])


def count(tally: Tally, question: Asked, done: Rehearsed, passage_of: Mapping[int, str]) -> None:
    """Add one question's outcome to the tally."""
    made = done.decision.decision == "answer" and bool(done.citations)
    text = MARK.sub("", done.text) if made else ""
    would = made and (done.decision.confidence or 0.0) >= (done.decision.threshold or 0.0)
    brief = len(sentences(text)) <= MAX_SENTENCES
    held = brief and any(contains(text, span) for span in question.answers)
    if question.answers:
        tally.add("contained", held)
    golds = question.answers or ((question.reference,) if question.reference else ())
    if golds:
        tally.add("f1", max(token_f1(text, gold) for gold in golds))
    if question.relevant:
        _citations(tally, question, done if made else None, passage_of)
    tally.add("answered", would)
    if question.answers and would:
        tally.add("contained_when_answered", held)
    if made:
        tally.add("sentences", len(sentences(text)))


def contains(text: str, span: str) -> bool:
    """Whether a text holds a span, whatever the width of its characters, its case and its white space."""
    return _squeezed(span) in _squeezed(text)


def token_f1(told: str, gold: str) -> float:
    """Harmonic mean of precision and recall over index terms, repeats counted (SQuAD's F1, Rajpurkar et al. 2016, with
    stems for English and single characters for Chinese)."""
    mine, theirs = Counter(_tokens(told)), Counter(_tokens(gold))
    common = (mine & theirs).total()
    return 0.0 if not common else 2 * common / (mine.total() + theirs.total())


def _citations(tally: Tally, question: Asked, done: Rehearsed | None, passage_of: Mapping[int, str]) -> None:
    cited: Sequence[str] = (
        () if done is None else [passage_of.get(int(each["source"]), "") for each in done.citations]
    )
    tally.add("citation_right", bool(cited) and cited[0] in question.relevant)
    if cited:
        tally.add("citation_precision", sum(each in question.relevant for each in cited) / len(cited))
    tally.add("citation_recall", len(question.relevant & set(cited)) / len(question.relevant))


def _tokens(text: str) -> list[str]:
    """Terms without the pairs of Chinese characters, which would count every character twice."""
    return [term for term in terms(text) if len(term) == 1 or not "\u4e00" <= term[0] <= "\u9fff"]


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


KIND = AnswersKind()
