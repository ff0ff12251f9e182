"""The engine that needs no model: it quotes the knowledge base. Private, free, immediate; also what an outage degrades to."""

import asyncio
from collections.abc import AsyncGenerator

from myna_agents.answers.answer import Answer
from myna_agents.answers.compose import quoted_answer
from myna_agents.answers.engine import CannotAnswer, Request, Restart
from myna_agents.answers.guidance import GUIDANCE
from myna_knowledge.text import sentences


class OfflineEngine:
    """Extracts answers; deterministic, a few milliseconds."""

    @property
    def name(self) -> str:
        """`offline:`."""
        return "offline:"

    async def answer(self, request: Request) -> AsyncGenerator[str | Restart | Answer, None]:
        """The quoted answer, sentence by sentence."""
        # What a colleague told the agent is not for the customer's eyes: it has only steered the look-up.
        quotable = [each for each in request.shelf.passages if each.kind != GUIDANCE]
        made = await asyncio.to_thread(
            quoted_answer,
            request.question,
            request.lang,
            quotable,
            request.profile.languages,
            self.name,
        )
        if made is None:
            raise CannotAnswer("The passages hold nothing to quote.")
        at = 0
        for _, end in sentences(made.text):
            yield made.text[at:end]
            at = end
        yield made

    async def close(self) -> None:
        """Nothing is held open."""
