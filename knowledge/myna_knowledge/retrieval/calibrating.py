"""Calibration of one base on questions made from itself, with the answer in place and with the answer taken out."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myna_knowledge.model import Calibration, Chunk, Section
from myna_knowledge.ports import Pieces
from myna_knowledge.retrieval.asking import GENERAL, Asking
from myna_knowledge.retrieval.calibration import Labelled, fit
from myna_knowledge.retrieval.lexical import Scores
from myna_knowledge.retrieval.memory import Memory
from myna_knowledge.retrieval.probing import Probe, probes
from myna_knowledge.retrieval.ranking import LEXICAL_WEIGHT, Found, evidence, fuse, lexical_top
from myna_knowledge.retrieval.space import Level
from myna_knowledge.text import language, topic_terms
from myna_knowledge.vectors import Vectors

MAX_SECTIONS = 2000
"""A larger base is calibrated on so many of its sections, drawn by their digests."""
NEAREST = 64
WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""What words may count beside meaning."""
SURELY = 2.0
"""Standard errors by which another weight must find better."""
LEAST_QUESTIONS = 40
"""Fewer questions do not tell how much words should count."""
TWIN, TWIN_OF_STATEMENT = 0.5, 0.8
"""Centred cosines from which a piece of another section, or of one with the same address, may answer in its stead.
Measured on the demo help centre: 99 % of unrelated pairs are below 0.47, 95 % of the nearest relatives above 0.52."""


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
    plain: Vectors
    """The vectors as they come."""
    common: Mapping[str, Vectors]
    """Common part of questions by language, where the base's own FAQ do not tell."""
    words: float = LEXICAL_WEIGHT
    """What words count beside meaning."""


async def calibrate(
    memory: Memory,
    sections: Sequence[Section],
    pieces: Pieces,
    asking: Asking,
    wrong: float | None = None,
) -> Calibration:
    """A calibration of the base, from questions made of its own words and off-topic ones. `sections`
    stand for the memory's, in its order; `wrong` is the operator's bound, None for the usual one.

    The same content gives the same calibration, in whatever order and under whatever ids it was stored.
    """
    memory, sections = await asyncio.to_thread(memory.arranged, sections)
    scene = await scene_of(memory, sections[:MAX_SECTIONS], pieces, asking)
    asked: list[tuple[Probe, Vectors | None]] = []
    for probe in probes(scene.sections):
        question = await asking.vector(probe.text)
        if question is not None or asking.embedder is None:
            asked.append((probe, question))
    words = (
        await asyncio.to_thread(fit_words, scene, asked) if asking.embedder is not None else LEXICAL_WEIGHT
    )
    scene = replace(scene, words=words)
    rows: list[Labelled] = []
    for group, (probe, question) in enumerate(asked):
        rows.extend(await asyncio.to_thread(_judge, scene, probe, question, group))
    name = asking.embedder.name if asking.embedder is not None else "none"
    return replace(await asyncio.to_thread(fit, name, rows, wrong), words=words)


def fit_words(scene: Scene, asked: Sequence[tuple[Probe, Vectors | None]]) -> float:
    """What words should count beside meaning, by the base's own questions with the answer in place.

    The weight of `WEIGHTS` under which right sections stand highest (mean reciprocal rank) takes the place of the usual one only
    if it is better by more than `SURELY` standard errors of the paired differences: these questions resemble real ones only so
    far. Wordings of FAQ decide where there are enough, for parts of sentences flatter words, which stand there as they are: of
    the demo help centre's own questions the wordings are found best at 0.2 (0.93; 0.90 at 0.5), the parts at 0.5 (0.82; 0.89),
    and customers' at 0.2 (right page first for 0.77; 0.76). Blocks.
    """
    reworded = [(probe, question) for probe, question in asked if _reworded(scene, probe)]
    told = [(probe, question) for probe, question in asked if probe.statement]
    ranks: list[list[float]] = []
    for probe, question in reworded if len(reworded) >= LEAST_QUESTIONS else [*reworded, *told]:
        if probe.place is None:
            continue
        twins = _twins(scene, probe.place, close=probe.statement)
        own = NOTHING if probe.statement else _own(scene, probe)
        found, scores = candidates(scene, probe.text, question, own, otherwise=probe.otherwise)
        lang = language(probe.text)
        bm25 = {scene.memory.base: scores}
        orders = (fuse(found, bm25, lang, words, hidden=own.entries) for words in WEIGHTS)
        ranks.append([_reciprocal([each.found.place for each in order], twins) for order in orders])
    if len(ranks) < LEAST_QUESTIONS:
        return LEXICAL_WEIGHT
    table = np.array(ranks)
    usual = table[:, WEIGHTS.index(LEXICAL_WEIGHT)]
    best = int(table.mean(axis=0).argmax())
    gain = table[:, best] - usual
    error = float(gain.std(ddof=1)) / len(gain) ** 0.5
    return WEIGHTS[best] if float(gain.mean()) > SURELY * error else LEXICAL_WEIGHT


def _reciprocal(order: Sequence[int], right: Collection[int]) -> float:
    return next((1.0 / rank for rank, place in enumerate(order, start=1) if place in right), 0.0)


def _reworded(scene: Scene, probe: Probe) -> bool:
    """Whether another wording is left when the one that is asked is hidden."""
    return (
        probe.place is not None
        and probe.wording is not None
        and len(scene.memory.lexicon.entries_of(probe.place)) > 1
    )


def _own(scene: Scene, probe: Probe) -> "Hidden":
    """The wording that is asked, hidden: nobody types it letter by letter."""
    assert probe.place is not None
    assert probe.wording is not None
    entries = scene.memory.lexicon.entries_of(probe.place)
    places = np.flatnonzero(scene.owners == probe.place).tolist()
    same = {at for at in places if scene.embedded[at] == probe.text}
    return Hidden(frozenset({int(entries[probe.wording])}), frozenset(same))


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
        chunks.sort(key=lambda chunk: (memory.places[chunk.section], chunk.id))
        general = {lang: await asking.common(lang) for lang in GENERAL if lang not in memory.space.asking}
        common = {lang: vector for lang, vector in general.items() if vector is not None}
    centred = [memory.space.pieces(spots[chunk.id], chunk.lang) for chunk in chunks]
    return Scene(
        memory=memory,
        sections=sections,
        owners=np.array([memory.places[chunk.section] for chunk in chunks], dtype=np.int64),
        embedded=[chunk.embedded for chunk in chunks],
        matrix=np.stack(centred) if centred else np.zeros((0, 1), dtype=np.float32),
        plain=np.stack([spots[chunk.id] for chunk in chunks])
        if chunks
        else np.zeros((0, 1), dtype=np.float32),
        common=common,
    )


def _judge(scene: Scene, probe: Probe, question: Vectors | None, group: int) -> list[Labelled]:
    """The question with its answer in place, if another wording of it is left, and with the answer taken out."""
    if probe.place is None:
        features, _ = ask(scene, probe.text, question)
        return [Labelled(features, False, probe.weight, group, unanswerable=True)]
    twins = _twins(scene, probe.place, close=probe.statement)
    rows: list[Labelled] = []
    if probe.statement:
        features, best = ask(scene, probe.text, question, otherwise=probe.otherwise)
        rows.append(Labelled(features, best in twins, 1.0, group))
    elif _reworded(scene, probe):
        own = _own(scene, probe)
        features, best = ask(scene, probe.text, question, own, unsaid=probe.text, otherwise=probe.otherwise)
        rows.append(Labelled(features, best in twins, 1.0, group))
    gone = frozenset(int(entry) for place in twins for entry in scene.memory.lexicon.entries_of(place))
    features, _ = ask(
        scene, probe.text, question, Hidden(gone, places=frozenset(twins)), otherwise=probe.otherwise
    )
    rows.append(Labelled(features, False, probe.weight, group, unanswerable=True))
    return rows


@dataclass(frozen=True, slots=True)
class Hidden:
    """Parts of a base that a question does not find: lexical entries, chunks by position, sections by place."""

    entries: frozenset[int] = frozenset()
    chunks: frozenset[int] = frozenset()
    places: frozenset[int] = frozenset()


NOTHING = Hidden()


def ask(
    scene: Scene,
    text: str,
    question: Vectors | None,
    hidden: Hidden = NOTHING,
    *,
    unsaid: str | None = None,
    otherwise: frozenset[str] = frozenset(),
) -> tuple[dict[str, float], int | None]:
    """The features of a question and the place of its best section, with some of the base hidden.

    `question` is its vector as it comes, None to find by words alone; terms said `otherwise` are found nowhere.
    """
    lang = language(text)
    found, scores = candidates(scene, text, question, hidden, otherwise=otherwise)
    bm25 = {scene.memory.base: scores}
    ranked = fuse(found, bm25, lang, scene.words, hidden=hidden.entries)
    terms = None if unsaid is None else frozenset(topic_terms(unsaid))
    features = evidence(text, lang, ranked, hidden=hidden.entries, unsaid=terms, otherwise=otherwise)
    return features, ranked[0].found.place if ranked else None


def candidates(
    scene: Scene,
    text: str,
    question: Vectors | None,
    hidden: Hidden = NOTHING,
    *,
    otherwise: frozenset[str] = frozenset(),
) -> tuple[list[Found], Scores]:
    """What a question finds with some of the base hidden, by words and by meaning, and all of its scores by words."""
    memory, lang = scene.memory, language(text)
    scores = memory.lexicon.scores(text, hidden=hidden.entries, otherwise=otherwise)
    top = [place for place in lexical_top(scores.joined) if place not in hidden.places]
    if question is None or not len(scene.matrix):
        return [Found(memory, place) for place in top], scores
    asked = memory.space.question(question, lang, scene.common.get(lang, scene.common.get("en")))
    cosines = scene.matrix @ asked
    visible = ~np.isin(scene.owners, list(hidden.places))
    visible[list(hidden.chunks)] = False
    near = _near(scene, top, np.where(visible, cosines, -np.inf), question, memory.space.levels(asked))
    return near, scores


def _near(
    scene: Scene,
    top: Sequence[int],
    cosines: NDArray[np.floating[Any]],
    question: Vectors,
    levels: Mapping[str, Level],
) -> list[Found]:
    best: dict[int, int] = {}
    for at in np.argsort(-cosines, kind="stable")[:NEAREST]:
        if np.isfinite(cosines[at]):
            best.setdefault(int(scene.owners[at]), int(at))
    for place in top:
        own = np.flatnonzero(scene.owners == place)
        if place not in best and len(own) and np.isfinite(cosines[own].max()):
            best[place] = int(own[cosines[own].argmax()])
    sections = scene.memory.sections
    found = [
        Found(
            scene.memory,
            place,
            None,
            float(cosines[at]),
            levels[sections[place].lang],
            float(scene.plain[at] @ question),
            scene.matrix[at],
        )
        for place, at in best.items()
    ]
    return [*found, *(Found(scene.memory, place) for place in top if place not in best)]


def _twins(scene: Scene, place: int, *, close: bool) -> set[int]:
    """The section with those that may answer in its stead: all of its source, unless that is a list of FAQ, and of its
    address; and pieces as near to its own as a translation or paraphrase is. What a part of a sentence (`close`) says is
    said elsewhere only by nearly equal pieces, or in another language."""
    section = scene.sections[place]
    gone = {
        at
        for at, other in enumerate(scene.sections)
        if at == place
        or (section.kind != "faq" and other.source == section.source)
        or (section.url is not None and other.url == section.url)
    }
    own = scene.matrix[scene.owners == place]
    if len(own):
        near: Vectors = (scene.matrix @ own.T).max(axis=1)
        for at, cosine in zip(map(int, scene.owners), map(float, near), strict=True):
            same = close and scene.sections[at].lang == section.lang
            if cosine > (TWIN_OF_STATEMENT if same else TWIN):
                gone.add(at)
    return gone
