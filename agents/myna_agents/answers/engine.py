"""What an engine is: it turns a question and passages into an answer, in pieces. One turn logic serves all of them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from myna.errors import MynaError
from myna_agents.agent import AgentProfile
from myna_agents.answers.answer import Answer
from myna_agents.hearing.scene import Said
from myna_agents.ledger import Usage
from myna_agents.tools.toolbox import Toolbox
from myna_knowledge.model import Passage

Search = Callable[[str], Awaitable[Sequence[Passage]]]
"""Looks up passages for a query, within the rights of the agent."""


class EngineFailed(MynaError):
    """The engine gave no answer: provider down, time over, stream broken. The offline engine takes its place."""

    status, code, temporary = 502, "engine_failed", True


class CannotAnswer(MynaError):
    """The engine says that the passages do not answer the question."""

    status, code = 404, "cannot_answer"


class Shelf:
    """The passages that one answer may cite, numbered from 1 in the order in which they came."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages: list[Passage] = []
        self.add(passages)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of them; citation n is at n - 1."""
        return tuple(self._passages)

    def add(self, passages: Sequence[Passage]) -> list[int]:
        """Put passages on the shelf; their numbers. One that is there already keeps its number."""
        numbers: list[int] = []
        for passage in passages:
            known = next((at for at, one in enumerate(self._passages) if _same(one, passage)), None)
            if known is None:
                self._passages.append(passage)
                known = len(self._passages) - 1
            numbers.append(known + 1)
        return numbers


@dataclass(frozen=True, slots=True)
class Request:
    """One question to an engine."""

    question: str
    lang: str
    shelf: Shelf
    profile: AgentProfile
    history: tuple[Said, ...] = ()
    search: Search | None = None
    corrections: tuple[str, ...] = field(default=())
    """What was wrong with the answer before: facts that no passage holds."""
    usage: list[Usage] = field(default_factory=list[Usage])
    """Engines write down here what they read and wrote, also when they fail."""
    toolbox: Toolbox | None = None
    """What the engine may do for whoever asks. Results go on the shelf and can be cited."""
    known: tuple[tuple[str, str], ...] = ()
    """What the customer let agents remember, by name."""
    affords: Callable[[], bool] = lambda: True
    """Whether the budget still allows to ask a model."""


@dataclass(frozen=True, slots=True)
class Restart:
    """The text so far was no part of the answer: forget it."""


class Engine(Protocol):
    """Makes answers.

    `answer` yields pieces of text in order and ends with the one `Answer`, whose text is the pieces since the last
    `Restart`, or what remains of them. Closing the iterator early stops whatever runs, at the provider too.

    Raises:
        EngineFailed: there will be no answer.
        CannotAnswer: the passages do not hold one.
        NeedsConfirmation: the customer must agree to something first; it was not done.
    """

    @property
    def name(self) -> str:
        """How the engine is named in traces, e.g. `offline:`."""
        ...

    def answer(self, request: Request) -> AsyncGenerator[str | Restart | Answer, None]:
        """The answer in pieces."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class Writer(Protocol):
    """Writes plain text, for people to look over: no knowledge, no tools."""

    async def write(self, instructions: str, text: str) -> str:
        """What the model makes of the text.

        Raises:
            EngineFailed: it gave no answer.
        """
        ...


def _same(one: Passage, other: Passage) -> bool:
    return (one.chunk, one.version) == (other.chunk, other.version) or (one.source, one.text) == (
        other.source,
        other.text,
    )
