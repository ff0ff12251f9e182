# pyright: basic
"""The engine behind `openai:NAME@URL`: LangChain's agent over any OpenAI-compatible endpoint, streaming.

LangChain and the OpenAI client take seconds to import, so they load in a worker thread at the first answer; nothing else
in the package imports them.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from myna.errors import MynaError
from myna_agents.answers.answer import Answer
from myna_agents.answers.compose import cited_answer
from myna_agents.answers.engine import CannotAnswer, EngineFailed, Request, Restart
from myna_agents.answers.prompt import earlier, question_text
from myna_agents.engines.masking import Masks, masks_of
from myna_agents.tools.toolbox import NeedsConfirmation

CONNECT_S = 5.0
SILENCE_S = 30.0
"""How long a provider may send nothing before it counts as down."""
RETRIES = 2
"""Of requests that were refused for load or broke before the first token; the client waits with growing, random pauses."""
MAX_TOKENS = 700


@dataclass(slots=True)
class Ends:
    """Why an answer ends before its text does."""

    gave_up: str | None = None
    asks: NeedsConfirmation | None = None

    @property
    def reached(self) -> bool:
        """Whether nothing that still comes counts."""
        return self.gave_up is not None or self.asks is not None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model at an OpenAI-compatible address."""

    model: str
    base_url: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """The endpoint of `openai:NAME@URL`.

        Raises:
            MynaError: the text has another form.
        """
        scheme, _, rest = url.partition(":")
        model, _, base_url = rest.rpartition("@")
        if scheme != "openai" or not model or not base_url.startswith(("http://", "https://")):
            raise MynaError(
                f"The model is {url!r}; use 'offline:' or 'openai:NAME@http(s)://HOST/v1'.",
                code="bad_setting",
            )
        return cls(model, base_url.rstrip("/"))


class LangChainEngine:
    """Asks a model, which must cite its passages; it may search further and may say that it cannot answer.

    Obligation: `close` gives back the connections. One engine serves any number of answers at once.
    """

    def __init__(
        self, endpoint: Endpoint, key: str, *, silence_s: float = SILENCE_S, retries: int = RETRIES
    ) -> None:
        self._endpoint, self._key, self._retries = endpoint, key, retries
        self._silence_s = silence_s
        self._http = httpx.AsyncClient()
        self._model: Any = None
        self._build: Any = None
        self._loading = asyncio.Lock()

    @property
    def name(self) -> str:
        """The endpoint, without its key."""
        return f"openai:{self._endpoint.model}"

    async def answer(self, request: Request) -> AsyncGenerator[str | Restart | Answer, None]:
        """The model's answer while it is written, then with the citations that its marks name."""
        parts: list[str] = []
        ends = Ends()
        masks = masks_of(request)
        try:
            model = await self._loaded()
            agent = self._build(model, self.name, request, ends, masks)
            shown = masks.request(request)
            passages = [masks.passage(each) for each in request.shelf.passages]
            stream = agent.astream(
                {"messages": [*earlier(shown.history), ("user", question_text(shown, passages))]},
                stream_mode="messages",
            )
            async with aclosing(stream) as chunks:
                async for chunk, meta in chunks:
                    if ends.reached:
                        break
                    piece = _piece(chunk, meta)
                    if piece is None:
                        continue
                    if isinstance(piece, Restart):
                        masks.rest()
                        parts.clear()
                        yield piece
                    elif said := masks.feed(piece):
                        parts.append(said)
                        yield said
            if (said := masks.rest()) and not ends.reached:
                parts.append(said)
                yield said
        except EngineFailed:
            raise
        except Exception as failed:
            raise EngineFailed(f"{self.name} failed: {type(failed).__name__}: {failed}") from failed
        if ends.asks is not None:
            raise ends.asks
        if ends.gave_up is not None:
            raise CannotAnswer(ends.gave_up)
        if not "".join(parts).strip():
            raise EngineFailed(f"{self.name} answered with no text.")
        yield cited_answer("".join(parts), request.lang, request.shelf.passages, self.name)

    async def write(self, instructions: str, text: str) -> str:
        """What the model makes of a text, in one piece; see `Writer`. It reads placeholders in place of personal data."""
        masks = Masks()
        asked = [("system", instructions), ("user", masks.mask(text))]
        try:
            async with asyncio.timeout(self._silence_s * 2):
                answer = await (await self._loaded()).ainvoke(asked)
        except Exception as failed:
            raise EngineFailed(f"{self.name} failed: {type(failed).__name__}: {failed}") from failed
        return masks.restore(str(answer.text))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _loaded(self) -> Any:
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(self._load)
        return self._model

    def _load(self) -> Any:
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        from myna_agents.engines.graph import build

        self._build = build

        return ChatOpenAI(
            model=self._endpoint.model,
            base_url=self._endpoint.base_url,
            api_key=SecretStr(self._key or "none"),
            http_async_client=self._http,
            timeout=httpx.Timeout(self._silence_s, connect=CONNECT_S),
            stream_chunk_timeout=self._silence_s,
            max_retries=self._retries,
            max_completion_tokens=MAX_TOKENS,
            temperature=0.0,
            streaming=True,
            stream_usage=True,
            use_responses_api=False,
        )


def _piece(chunk: Any, meta: Mapping[str, Any]) -> str | Restart | None:
    """What a streamed chunk adds: text of the model, or the news that its text led to a tool call and was no answer."""
    if meta.get("langgraph_node") != "model":
        return None
    if getattr(chunk, "tool_call_chunks", None):
        return Restart()
    text: str = str(chunk.text)
    return text or None
