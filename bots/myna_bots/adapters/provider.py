"""Requests to the OpenAI-compatible endpoint behind `MYNA_MODEL`, over httpx: for clients that bring tools of their own."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import httpx

from myna.errors import MynaError

CONNECT_S, SILENCE_S = 5.0, 60.0
MAX_LINE_BYTES = 1024 * 1024


class HttpxProvider:
    """`Provider`; each call is one request, and closing it early ends the request at the provider too."""

    def __init__(self, model: str, base_url: str, key: str) -> None:
        self._model, self._base_url, self._key = model, base_url.rstrip("/"), key
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S))

    async def chunks(self, asked: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The chunks of a streamed chat completion.

        Raises:
            MynaError: the provider refused, or broke off.
        """
        body = {**asked, "model": self._model, "stream": True, "stream_options": {"include_usage": True}}
        headers = {"Authorization": f"Bearer {self._key or 'none'}"}
        url = f"{self._base_url}/chat/completions"
        try:
            async with self._client.stream("POST", url, json=body, headers=headers) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    status = 429 if answer.status_code == 429 else 502
                    raise MynaError(
                        f"The model answered {answer.status_code}.", status=status, code="model_failed"
                    )
                async for line in answer.aiter_lines():
                    if len(line) > MAX_LINE_BYTES or not line.startswith("data:"):
                        continue
                    data = line[5:].strip()
                    if data == "[DONE]":
                        return
                    yield cast("dict[str, Any]", json.loads(data))
        except (httpx.HTTPError, ValueError) as failed:
            what = str(failed) or type(failed).__name__
            raise MynaError(f"The model did not answer: {what}.", status=502, code="model_failed") from failed

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
