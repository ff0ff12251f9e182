"""What operators tell an agent about one conversation, unseen by the customer. Pure but for the port."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from myna_agents.answers.answer import Answer
from myna_agents.answers.guard import marks
from myna_agents.hearing.scene import Scene
from myna_knowledge.model import Passage

GUIDANCE = "guidance"
"""The kind of a passage that is a colleague's word: it may be said, and is never shown as a source."""
MAX_TEXT_CHARS = 1_000
MAX_KEPT = 50
"""Of one conversation."""
HEEDED = 5
"""How many of them a turn goes by, the newest."""


@dataclass(frozen=True, slots=True)
class Guided:
    """One thing that an operator told the agent of a conversation."""

    id: int
    workspace: int
    conversation: int
    author: int
    text: str
    at: float


class Guidance(Protocol):
    """Keeps what operators told agents. Every write is durable when the call returns."""

    async def add(self, guided: Guided) -> None:
        """Keep one.

        Raises:
            Conflict: the conversation has too many; nothing was stored.
        """
        ...

    async def of(self, conversation: int) -> list[Guided]:
        """All of a conversation, oldest first."""
        ...

    async def remove(self, conversation: int, guided: int) -> bool:
        """Take one back; whether there was one."""
        ...


def heeded(scene: Scene, told: Sequence[Guided]) -> Scene:
    """The scene with what the agent was told since the conversation was last resolved.

    What came after the agent's last answer opens that answer again: the agent is to say it otherwise.
    """
    fresh = [each for each in told if each.at >= scene.since][-HEEDED:]
    if not fresh:
        return scene
    last = scene.last_own
    if scene.covered and (last is None or fresh[-1].at >= last.at):
        scene = _reopened(scene)
    return replace(scene, guidance=tuple(each.text for each in fresh))


def guidance_passages(scene: Scene) -> tuple[Passage, ...]:
    """What the agent was told, as something that a model may state."""
    return tuple(
        Passage(-1_000 - at, 0, 0, 0, "", "", text, 0, len(text), scene.lang, GUIDANCE)
        for at, text in enumerate(scene.guidance)
    )


def without_guidance(answer: Answer) -> Answer:
    """The answer as the customer sees it: nothing shows that a colleague had a word. `cited` stays, for the guard."""
    hidden = {
        citation.n
        for citation, passage in zip(answer.citations, answer.cited, strict=True)
        if passage.kind == GUIDANCE
    }
    if not hidden:
        return answer
    shown = tuple(each for each in answer.citations if each.n not in hidden)
    return replace(answer, text=without_marks(answer.text, hidden), citations=shown)


def without_marks(text: str, hidden: set[int]) -> str:
    """The text without the marks of these numbers."""
    for number in hidden & set(marks(text)):
        text = text.replace(f" [{number}]", "").replace(f"[{number}]", "")
    return text


def _reopened(scene: Scene) -> Scene:
    """The scene as if the newest question had not been answered yet; the answer stays in what came before."""
    seqs = {one.seq for one in scene.asked}
    earlier = tuple(one for one in scene.earlier if one.seq not in seqs)
    return replace(scene, burst=scene.asked, earlier=earlier, covered=False)
