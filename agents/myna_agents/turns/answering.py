"""How an answer is made within a turn: the agent's engine, then the fallback, each checked against what it cites."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from myna_agents.agent import AgentProfile
from myna_agents.answers.answer import Answer
from myna_agents.answers.engine import Engine, EngineFailed, Request, Restart, Shelf
from myna_agents.answers.gate import Gate
from myna_agents.answers.grounding import inert
from myna_agents.answers.guard import unfounded, without
from myna_agents.answers.guidance import GUIDANCE, guidance_passages, without_guidance, without_marks
from myna_agents.answers.prompt import secret_of
from myna_agents.hearing.scene import Scene
from myna_agents.ledger import Usage
from myna_agents.text.language import spoken
from myna_agents.tools.toolbox import Toolbox
from myna_agents.turns.decide import queries
from myna_agents.turns.world import World
from myna_knowledge.model import Passage, Retrieval

RETRIEVE_S = 10.0
MAX_GUIDED = 2
"""How many of the newest words of operators are looked up, each with the question."""

Show = Callable[[str], Awaitable[None]]
"""Shows a piece of text to whoever waits for it."""

logger = logging.getLogger(__name__)


class Unfounded(Exception):
    """No engine made an answer all of whose facts stand in the sources."""


@dataclass(slots=True)
class Making:
    """One answer in the making: what it may use, and what it took until now."""

    show: Show
    retrieval: Retrieval
    usage: list[Usage] = field(default_factory=list[Usage])
    degraded: str = ""
    """Why the agent's own engine was not asked, empty when it was."""
    shown: bool = False
    toolbox: Toolbox | None = None
    """What a model may do for whoever asks."""
    only_founded: bool = False
    """Whether knowledge alone does not suffice: then nothing is shown before it is known that a tool, or what a colleague said,
    gave the answer."""
    left: float | None = None
    """What the budget still allows this answer to cost; None sets no limit."""


async def retrieve(world: World, scene: Scene) -> Retrieval:
    """The retrieval of the surest query."""
    found: list[Retrieval] = []
    # What an operator told the agent only ever adds a look-up, as every rewriting does.
    guided = [f"{scene.question}\n{text}" for text in scene.guidance[-MAX_GUIDED:]]
    for query in (*queries(scene), *guided):
        found.append(await search(world, scene.profile, query, scene.lang))
    return max(found, key=lambda one: one.confidence)


async def search(world: World, profile: AgentProfile, query: str, lang: str | None) -> Retrieval:
    """What is known, without the sentences of it that give orders to models: passages are data."""
    async with asyncio.timeout(RETRIEVE_S):
        found = await world.knowledge.retrieve(profile.bases, query, k=profile.passages, lang=lang)
    return replace(found, passages=tuple(inert(passage) for passage in found.passages))


async def make_answer(world: World, scene: Scene, making: Making) -> Answer:
    """The first founded answer, of the agent's engine or of the fallback; `answer.engine` says which one made it.

    Raises:
        CannotAnswer: an engine read the passages and says that they hold no answer.
        Unfounded: no engine made one that stands in the sources.
        NeedsConfirmation: the customer must agree to something first; it was not done.
    """
    engines: Iterable[Engine] = dict.fromkeys((world.engine, world.fallback))
    if making.degraded or making.only_founded:
        engines = (world.fallback,) if making.degraded else (world.engine,)
    for engine in engines:
        try:
            answer = await _founded(world, engine, scene, making)
        except (EngineFailed, TimeoutError) as failed:
            logger.warning("%s; going on without it", str(failed) or f"{engine.name} took too long")
            continue
        if answer is not None:
            return answer
    raise Unfounded


async def _founded(world: World, engine: Engine, scene: Scene, making: Making) -> Answer | None:
    """An answer all of whose facts stand in the passages it cites: as it is, without what does not, or a second try."""

    async def look(query: str) -> Sequence[Passage]:
        return (await search(world, scene.profile, query, scene.lang)).passages

    request = Request(
        question=scene.question,
        lang=spoken(scene.lang, scene.profile.languages),
        shelf=Shelf((*making.retrieval.passages, *guidance_passages(scene))),
        profile=scene.profile,
        history=scene.earlier,
        search=look,
        usage=making.usage,
        toolbox=making.toolbox,
        known=scene.known,
        affords=lambda: _affords(world, making),
    )
    if engine is world.fallback:
        request = replace(request, lang=scene.lang)
    for _ in range(1 if engine is world.fallback else 2):
        async with asyncio.timeout(world.answer_s):
            answer = await _composed(engine, request, making)
        found = unfounded(answer.text, answer.cited, secret_of(scene.profile))
        text = without(answer.text, found) if found else answer.text
        if text and answer.citations:
            return without_guidance(replace(answer, text=text))
        wrong = tuple(f"- {one.shown!r} stands in no passage that you cite" for one in found)
        request = replace(request, corrections=wrong or ("- the answer cited no passage",))
    return None


async def _composed(engine: Engine, request: Request, making: Making) -> Answer:
    """The engine's answer, shown while it is made; once an attempt has shown something, later ones show nothing: the final
    message replaces it.

    Raises:
        EngineFailed, CannotAnswer: the engine's.
    """
    gate = Gate(request.shelf, secret_of(request.profile))
    hidden = {at for at, one in enumerate(request.shelf.passages, 1) if one.kind == GUIDANCE}
    silent = making.shown or making.only_founded
    async with aclosing(engine.answer(request)) as items:
        async for item in items:
            match item:
                case str():
                    await _show(making, "" if silent else without_marks(gate.feed(item), hidden))
                case Restart():
                    gate.restart()
                case Answer():
                    await _show(making, "" if silent else without_marks(gate.rest(), hidden))
                    return item
    raise EngineFailed(f"{engine.name} ended without an answer.")


async def _show(making: Making, text: str) -> None:
    if text:
        making.shown = True
        await making.show(text)


def _affords(world: World, making: Making) -> bool:
    """Whether what was used until now leaves anything of the budget."""
    return making.left is None or sum(world.prices.cost(each) or 0.0 for each in making.usage) < making.left
