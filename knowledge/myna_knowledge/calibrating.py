"""Calibration of one base on questions made from itself, with the answer in place and with the answer taken out."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.asking import GENERAL, Asking
from myna_knowledge.calibration import Labelled, fit
from myna_knowledge.chunking import SEPARATOR
from myna_knowledge.memory import Memory
from myna_knowledge.model import Calibration, Chunk, Section
from myna_knowledge.ports import Pieces, Vectors
from myna_knowledge.ranking import Found, evidence, fuse, lexical_top
from myna_knowledge.space import Level
from myna_knowledge.text import language

MAX_QUESTIONS = 160
MAX_SECTIONS = 2000
"""A larger base is calibrated on its first so many sections."""
NEAREST = 64
HEADING_WEIGHT = 0.5
"""A heading is asked only with its page taken out: with it, it is easier than what people ask."""
OFF_TOPIC_WEIGHT = 0.5
TWIN = 0.93
"""Cosine from which a piece of another section says the same (E5: translations and paraphrases of one question)."""

OFF_TOPIC = (
    "What is the capital of Australia?",
    "Who painted the Mona Lisa?",
    "Write me a poem about autumn leaves.",
    "How do I bake sourdough bread?",
    "What will the weather be like tomorrow?",
    "Explain how black holes form.",
    "Which team won the world cup in 1998?",
    "Translate good morning into Spanish.",
    "How tall is Mount Everest?",
    "What is the square root of 144?",
    "Tell me a joke about penguins.",
    "Who was the first person on the moon?",
    "How do I fix a leaking kitchen tap?",
    "What does my horoscope say today?",
    "Recommend a good science fiction film.",
    "How does photosynthesis work?",
    "法国的首都是哪里？",
    "给我写一首关于春天的诗",
    "明天会下雨吗？",
    "红烧肉怎么做好吃？",
    "谁写了《红楼梦》？",
    "地球到月亮有多远？",
    "帮我算一下 37 乘以 48",
    "最近有什么好看的电影推荐？",
    "怎么学会弹吉他？",
    "恐龙是怎么灭绝的？",
    "股票今天涨了吗？",
    "讲个笑话给我听",
    "世界上最高的山是哪座？",
    "感冒了吃什么药好？",
    "Python 里怎么写循环？",
    "今天是星期几？",
)
"""Questions that hardly any help centre answers, in both languages."""


@dataclass(frozen=True, slots=True)
class _Probe:
    """A question made from a section: `place` is where the answer stands, `wording` the entry it was taken from."""

    text: str
    place: int | None
    wording: int | None
    weight: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A base laid open: all of its vectors beside its memory, so that parts can be hidden from a question."""

    memory: Memory
    sections: Sequence[Section]
    owners: NDArray[np.int64]
    """Place of each chunk's section."""
    embedded: Sequence[str]
    matrix: Vectors
    """Centred unit vectors of the chunks."""
    common: Mapping[str, Vectors]
    """Common part of questions by language, where the base's own FAQ do not tell."""


async def calibrate(
    memory: Memory, sections: Sequence[Section], pieces: Pieces, asking: Asking
) -> Calibration:
    """A calibration of the base, from at most `MAX_QUESTIONS` of its own questions and the off-topic ones. `sections`
    stand for the memory's, in its order.
    """
    scene = await scene_of(memory, sections[:MAX_SECTIONS], pieces, asking)
    rows: list[Labelled] = []
    for group, probe in enumerate(_probes(scene.sections)):
        question = await asking.vector(probe.text)
        if question is not None or asking.embedder is None:
            rows.extend(await asyncio.to_thread(_judge, scene, probe, question, group))
    name = asking.embedder.name if asking.embedder is not None else "none"
    return await asyncio.to_thread(fit, name, rows)


async def scene_of(memory: Memory, sections: Sequence[Section], pieces: Pieces, asking: Asking) -> Scene:
    """The scene of these sections, which stand for the memory's in its order."""
    chunks: list[Chunk] = []
    spots: dict[int, Vectors] = {}
    common: dict[str, Vectors] = {}
    if asking.embedder is not None:
        ids = [section.id for section in sections]
        chunks = await pieces.chunks_of(ids)
        spots = {spot.chunk: spot.vector for spot in await pieces.spots(asking.embedder.name, sections=ids)}
        chunks = [chunk for chunk in chunks if chunk.id in spots and chunk.section in memory.places]
        general = {lang: await asking.common(lang) for lang in GENERAL if lang not in memory.space.asking}
        common = {lang: vector for lang, vector in general.items() if vector is not None}
    centred = [memory.space.pieces(spots[chunk.id], chunk.lang) for chunk in chunks]
    return Scene(
        memory=memory,
        sections=sections,
        owners=np.array([memory.places[chunk.section] for chunk in chunks], dtype=np.int64),
        embedded=[chunk.embedded for chunk in chunks],
        matrix=np.stack(centred) if centred else np.zeros((0, 1), dtype=np.float32),
        common=common,
    )


def _probes(sections: Sequence[Section]) -> Iterator[_Probe]:
    """Spread over the base: the first variant of every FAQ before the second of any, then headings, then off-topic."""
    made: list[tuple[int, int, _Probe]] = []
    for place, section in enumerate(sections):
        if section.kind == "faq" and section.question is not None:
            wordings = tuple(dict.fromkeys((section.question, *section.variants)))
            for number, wording in enumerate(wordings):
                # The question itself comes last: without its entry a FAQ with no variants is hardly there.
                rank = number or (len(wordings) if len(wordings) > 1 else 90)
                made.append((rank, place, _Probe(wording, place, number, 1.0)))
        else:
            heading = section.heading.split(SEPARATOR)[-1] or section.title
            made.append((1, place, _Probe(heading, place, None, HEADING_WEIGHT)))
    made.sort(key=lambda each: each[:2])
    step = max(1.0, len(made) / MAX_QUESTIONS)
    yield from (made[int(at * step)][2] for at in range(min(len(made), MAX_QUESTIONS)))
    yield from (_Probe(text, None, None, OFF_TOPIC_WEIGHT) for text in OFF_TOPIC)


def _judge(scene: Scene, probe: _Probe, question: Vectors | None, group: int) -> list[Labelled]:
    """The question with its answer in place, if another wording of it is left, and with the answer taken out."""
    if probe.place is None:
        features, _ = ask(scene, probe.text, question, set(), set(), set())
        return [Labelled(features, False, probe.weight, group, unanswerable=True)]
    entries = scene.memory.lexicon.entries_of(probe.place)
    twins = _twins(scene, probe.place)
    rows: list[Labelled] = []
    if probe.wording is not None and len(entries) > 1:
        same = {
            int(at) for at in np.flatnonzero(scene.owners == probe.place) if scene.embedded[at] == probe.text
        }
        own = {int(entries[probe.wording])}
        features, best = ask(scene, probe.text, question, own, same, set())
        rows.append(Labelled(features, best in twins, 1.0, group))
    hidden = {int(entry) for place in twins for entry in scene.memory.lexicon.entries_of(place)}
    features, _ = ask(scene, probe.text, question, hidden, set(), twins)
    rows.append(Labelled(features, False, probe.weight, group, unanswerable=True))
    return rows


def ask(
    scene: Scene, text: str, question: Vectors | None, entries: set[int], chunks: set[int], places: set[int]
) -> tuple[dict[str, float], int | None]:
    """The features of a question and the place of its best section, with these entries, chunks and places hidden.

    `question` is its vector as it comes, None to find by words alone.
    """
    memory, lang = scene.memory, language(text)
    scores = memory.lexicon.scores(text, hidden=entries)
    top = [place for place in lexical_top(scores) if place not in places]
    found = [Found(memory, place) for place in top]
    if question is not None and len(scene.matrix):
        asked = memory.space.question(question, lang, scene.common.get(lang, scene.common.get("en")))
        cosines = scene.matrix @ asked
        visible = ~np.isin(scene.owners, list(places))
        visible[list(chunks)] = False
        found = _near(scene, top, np.where(visible, cosines, -np.inf), memory.space.levels(asked))
    ranked = fuse(found, {memory.base: scores}, lang)
    return evidence(text, lang, ranked, hidden=entries), ranked[0].found.place if ranked else None


def _near(
    scene: Scene, top: Sequence[int], cosines: NDArray[np.floating[Any]], levels: Mapping[str, Level]
) -> list[Found]:
    best: dict[int, float] = {}
    for at in np.argsort(-cosines, kind="stable")[:NEAREST]:
        if np.isfinite(cosines[at]):
            best.setdefault(int(scene.owners[at]), float(cosines[at]))
    for place in top:
        own = cosines[scene.owners == place]
        if place not in best and len(own) and np.isfinite(own.max()):
            best[place] = float(own.max())
    sections = scene.memory.sections
    found = [Found(scene.memory, at, None, cos, levels[sections[at].lang]) for at, cos in best.items()]
    return [*found, *(Found(scene.memory, place) for place in top if place not in best)]


def _twins(scene: Scene, place: int) -> set[int]:
    """The section with those that would answer in its stead: its source's, unless that is a list of FAQ, and those
    whose pieces are as near to its own as a translation is."""
    section = scene.sections[place]
    gone = {place}
    if section.kind != "faq":
        gone |= {at for at, other in enumerate(scene.sections) if other.source == section.source}
    own = scene.matrix[scene.owners == place]
    if len(own):
        near = (scene.matrix @ own.T).max(axis=1)
        gone |= {int(at) for at in scene.owners[near > TWIN]}
    return gone
