"""What a new or changed source would do to questions that were asked: they are asked again of the base as it would be.

The very ranking, features, calibration and threshold of a live question decide. Nothing is stored.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from myna_knowledge.care.model import Question
from myna_knowledge.ingestion import read
from myna_knowledge.model import Calibration, Reading, Section, SourceDraft
from myna_knowledge.ports import Pieces
from myna_knowledge.retrieval.asking import Asking
from myna_knowledge.retrieval.calibrating import Scene, ask, scene_of
from myna_knowledge.retrieval.calibration import confidence
from myna_knowledge.retrieval.lexical import Lexicon
from myna_knowledge.retrieval.memory import Memory, held
from myna_knowledge.vectors import Vectors

MAX_SECTIONS = 5000
"""Of a larger base the first so many are asked; a few questions may then seem to be answered by the change that are not."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A base as it would be with a change, and which of its sections are new."""

    scene: Scene
    new: frozenset[int]
    calibration: Calibration
    asking: Asking

    async def answers(self, question: Question) -> bool:
        """Whether the question would be answered, from the change."""
        vector = question.vector
        if vector is None:
            vector = await self.asking.vector(question.text)
        return await asyncio.to_thread(self._answers, question.text, vector)

    def _answers(self, text: str, vector: Vectors | None) -> bool:
        features, best = ask(self.scene, text, vector)
        return best in self.new and confidence(self.calibration, features) >= self.calibration.threshold


async def trial(
    memory: Memory,
    sections: Sequence[Section],
    draft: SourceDraft,
    *,
    replaces: int | None,
    pieces: Pieces,
    asking: Asking,
    calibration: Calibration,
) -> Trial:
    """The base with the draft read as one of its sources, in the place of the source that it `replaces`.

    `sections` stand for the memory's, in its order.

    Raises:
        Unreadable: the draft is empty, too large or of an unknown kind.
    """
    kept = [each for each in sections if each.source != replaces][:MAX_SECTIONS]
    reading = await asyncio.to_thread(read, draft)
    added = _sections(reading)
    together = [*kept, *added]
    changed = await asyncio.to_thread(_memory, memory, together)
    old = await scene_of(changed, kept, pieces, asking)
    scene = await _with(old, reading, together, len(kept), asking)
    scene = replace(scene, words=calibration.words)
    return Trial(scene, frozenset(range(len(kept), len(together))), calibration, asking)


def _sections(reading: Reading) -> list[Section]:
    return [
        Section(
            id=-at,
            base=0,
            source=-1,
            version=0,
            ordinal=at,
            title=each.title,
            heading=each.heading,
            text=each.text,
            lang=each.lang,
            kind=each.kind,
            question=each.question,
            answer=each.answer,
            variants=each.variants,
            tags=each.tags,
            url=each.url,
        )
        for at, each in enumerate(reading.sections, start=1)
    ]


def _memory(memory: Memory, sections: Sequence[Section]) -> Memory:
    rows = tuple(held(section) for section in sections)
    places: Mapping[int, int] = {each.id: at for at, each in enumerate(rows)}
    return replace(
        memory, sections=rows, places=dict(places), lexicon=Lexicon([each.entries for each in rows])
    )


async def _with(
    scene: Scene, reading: Reading, sections: Sequence[Section], first: int, asking: Asking
) -> Scene:
    pieces = [
        (first + at, each.lang, piece.embedded)
        for at, each in enumerate(reading.sections)
        for piece in each.pieces
    ]
    if asking.embedder is None or not pieces:
        return replace(scene, sections=sections)
    plain = await asking.embedder.embed_passages([text for _, _, text in pieces])
    space = scene.memory.space
    centred = np.stack(
        [space.pieces(vector[None], lang)[0] for vector, (_, lang, _) in zip(plain, pieces, strict=True)]
    )
    before = len(scene.matrix)
    return replace(
        scene,
        sections=sections,
        owners=np.concatenate([scene.owners, np.array([place for place, _, _ in pieces], dtype=np.int64)]),
        embedded=[*scene.embedded, *(text for _, _, text in pieces)],
        matrix=np.concatenate([scene.matrix, centred]) if before else centred,
        plain=np.concatenate([scene.plain, plain]) if before else plain,
    )
