"""A model for a bot's answers: the agents of the workspace, asked as any program asks them, by the bot's own key."""

import json
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from myna.errors import MynaError, NotFound
from myna_bots.sdk.calls import BotCalls

DONE = "[DONE]"
Messages = Sequence[Mapping[str, Any]]


class Model:
    """An agent by its handle or id; without a name, the first one of the workspace. Needs the scope `knowledge:read`."""

    def __init__(self, calls: BotCalls, me: str, name: str | None = None) -> None:
        self._calls, self._me, self._name = calls, me, name

    def named(self, name: str) -> "Model":
        """Another agent."""
        return Model(self._calls, self._me, name)

    async def stream(
        self, history: Messages | Awaitable[Messages] | str, *, passages: Messages = (), system: str = ""
    ) -> AsyncGenerator[str, None]:
        """The answer in pieces, as they come.

        `history` is what `ctx.history()` gives, awaited or not, or one question; of it the newest messages count. `passages`
        are given to the model beside its own; `system` says how to answer.

        Raises:
            NotFound: the workspace has no such agent. MynaError: 502 `model_failed`; the answer broke off.
        """
        given = history if isinstance(history, str | Sequence) else await history
        lines = [{"role": "user", "content": given}] if isinstance(given, str) else self._lines(given)
        beside = [system] if system else []
        beside += [f"{each.get('title') or 'Passage'}: {each['text']}" for each in passages]
        if beside:
            lines.insert(0, {"role": "system", "content": "\n\n".join(beside)})
        asked = {"model": await self._chosen(), "messages": lines, "stream": True}
        async with aclosing(self._calls.stream("/openai/v1/chat/completions", asked)) as events:
            async for event in events:
                if event == DONE:
                    return
                chunk = json.loads(event)
                if "error" in chunk:
                    said = str(chunk["error"].get("message", "The model failed."))
                    raise MynaError(said, status=502, code="model_failed")
                for choice in chunk.get("choices", []):
                    if piece := choice["delta"].get("content"):
                        yield piece

    async def answer(
        self, history: Messages | Awaitable[Messages] | str, *, passages: Messages = (), system: str = ""
    ) -> str:
        """The whole answer; see `stream`."""
        async with aclosing(self.stream(history, passages=passages, system=system)) as pieces:
            return "".join([piece async for piece in pieces])

    def _lines(self, history: Messages) -> list[dict[str, Any]]:
        found = [each for each in history if str(each["body"].get("text", "")).strip()]
        return [
            {"role": "assistant" if each["sender"] == self._me else "user", "content": each["body"]["text"]}
            for each in found
        ]

    async def _chosen(self) -> str:
        if self._name is not None:
            return self._name
        found = (await self._calls.call("GET", "/openai/v1/models"))["data"]
        if not found:
            raise NotFound("This workspace has no agent to answer.", code="no_agent")
        self._name = str(found[0]["id"])
        return self._name
