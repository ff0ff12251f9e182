"""`/openai/v1`: models, chat completions and responses, for any OpenAI client. The key is a bot's key or a person's token."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent

from myna.api.principal import principal as who
from myna.api.principal import services
from myna.errors import MynaError
from myna.model.workspace import UserKind
from myna.rights import Principal
from myna_bots.api.who import platform
from myna_bots.openai import agents as models
from myna_bots.openai import responses
from myna_bots.openai.agents import Agents, answer, new_name, now, prompt_of, usage
from myna_bots.openai.choosing import chat_of, checked
from myna_bots.openai.errors import OpenAIError, error_body
from myna_bots.openai.pieces import Piece
from myna_bots.openai.shapes import ChatRequest, ResponsesRequest, messages_of

MAX_BODY_BYTES = 4 * 1024 * 1024
M = TypeVar("M", bound=BaseModel)


def openai_router(opened: Callable[[Request], Agents]) -> APIRouter:
    """The routes; `opened` gives the agents of this process."""
    routes = APIRouter(prefix="/openai/v1", tags=["openai"])

    async def agents_of(request: Request) -> Agents:
        return opened(request)

    serving = Depends(agents_of)

    @routes.get("/models", summary="Agents as models")
    async def list_models(request: Request) -> Response:
        """Each agent of the workspace that the key may ask."""
        return await _answered(_list(request))

    @routes.get("/models/{model}", summary="One agent")
    async def one_model(model: str, request: Request) -> Response:
        """An agent by its handle or id."""
        return await _answered(_one(request, model))

    @routes.post("/chat/completions", summary="Ask an agent")
    async def chat(request: Request, agents: Annotated[Agents, serving]) -> Response:
        """A chat completion, streamed or whole. `n` above 1 is refused: an agent has one answer."""
        return await _answered(_chat(request, agents))

    @routes.post("/responses", summary="Ask an agent, the newer way")
    async def respond(request: Request, agents: Annotated[Agents, serving]) -> Response:
        """A response, streamed or whole. Nothing is stored, so `previous_response_id` is refused."""
        return await _answered(_respond(request, agents))

    return routes


async def _answered(work: Any) -> Response:
    """The response of a route, or an error in OpenAI's shape."""
    try:
        found = await work
        assert isinstance(found, Response)
        return found
    except MynaError as failed:
        return _error(failed)


def _error(failed: MynaError) -> Response:
    headers = {} if failed.retry_ms is None else {"Retry-After": str(max(1, -(-failed.retry_ms // 1000)))}
    return JSONResponse(error_body(failed), failed.status, headers)


async def _asker(request: Request) -> Principal:
    return await who(request, await services(request))


async def _list(request: Request) -> Response:
    found = await models.models(platform(request), await _asker(request))
    return JSONResponse({"object": "list", "data": found})


async def _one(request: Request, name: str) -> Response:
    return JSONResponse(
        models.model_object(await models.model(platform(request), await _asker(request), name))
    )


async def _read(request: Request, kind: type[M]) -> M:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise OpenAIError(f"A request has at most {MAX_BODY_BYTES} bytes.", status=413, code="too_large")
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError as wrong:
        raise _wrong(wrong) from None


def _wrong(wrong: ValidationError) -> OpenAIError:
    first = wrong.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return OpenAIError(f"{first['msg']} at {where!r}.", param=where or None)


async def _begun(
    request: Request, agents: Agents, principal: Principal, asked: ChatRequest
) -> AsyncGenerator[Piece, None]:
    bots = platform(request)
    agent = await models.model(bots, principal, asked.model)
    bot = await bots.store.bot(principal.user) if principal.kind is UserKind.BOT else None
    return answer(agents, principal, agent, asked, bot.handle if bot else None)


async def _chat(request: Request, agents: Agents) -> Response:
    principal = await _asker(request)
    asked = await _read(request, ChatRequest)
    asked = checked(asked)
    first = await _first(await _begun(request, agents, principal, asked))
    if asked.stream:
        return EventSourceResponse(_chunks(asked, first), ping=15, sep="\n")
    return JSONResponse(await _completion(asked, first))


async def _respond(request: Request, agents: Agents) -> Response:
    principal = await _asker(request)
    asked = await _read(request, ResponsesRequest)
    messages = messages_of(asked)
    try:
        chat = chat_of(asked, messages)
    except ValidationError as wrong:
        raise _wrong(wrong) from None
    first = await _first(await _begun(request, agents, principal, chat))
    made = responses.Response(asked, prompt_of(messages))
    if asked.stream:
        return EventSourceResponse(_events(made, first), ping=15, sep="\n")
    async for _ in responses.events(made, first):
        pass
    return JSONResponse(made.json(made.status))


async def _first(pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
    """The same pieces, after the first one came: what cannot be answered is then an error, not a broken stream."""
    try:
        head = await anext(pieces)
    except StopAsyncIteration:
        head = Piece(finish="stop")

    async def all_of_them() -> AsyncGenerator[Piece, None]:
        async with aclosing(pieces):
            yield head
            async for piece in pieces:
                yield piece

    return all_of_them()


async def _completion(asked: ChatRequest, pieces: AsyncIterator[Piece]) -> dict[str, Any]:
    text, finish, given = "", "stop", None
    calls = responses.Response(ResponsesRequest(model=asked.model, input=""), "")
    citations: list[Any] = []
    async for piece in pieces:
        text += piece.text
        for part in piece.tool_calls:
            calls.call(part)
        finish, given = piece.finish or finish, piece.usage or given
        citations += piece.citations
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    if calls.calls:
        message["tool_calls"] = [
            {
                "id": each["id"],
                "type": "function",
                "function": {"name": each["name"], "arguments": each["arguments"]},
            }
            for each in calls.calls.values()
        ]
    if citations:
        message["citations"] = citations
    return {
        "id": new_name("chatcmpl-"),
        "object": "chat.completion",
        "created": now(),
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": usage(prompt_of(asked.messages), text, given),
    }


async def _chunks(asked: ChatRequest, pieces: AsyncIterator[Piece]) -> AsyncIterator[ServerSentEvent]:
    base = {
        "id": new_name("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": now(),
        "model": asked.model,
    }
    counted = asked.stream_options is not None and asked.stream_options.include_usage

    def chunk(delta: dict[str, Any], finish: str | None = None) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        shown = {**base, "choices": [choice]} | ({"usage": None} if counted else {})
        return ServerSentEvent(json.dumps(shown, ensure_ascii=False))

    text, finish, given = "", "stop", None
    yield chunk({"role": "assistant", "content": ""})
    try:
        async for piece in pieces:
            text += piece.text
            finish, given = piece.finish or finish, piece.usage or given
            if piece.text:
                yield chunk({"content": piece.text})
            if piece.tool_calls:
                yield chunk({"tool_calls": list(piece.tool_calls)})
            if piece.citations:
                yield chunk({"citations": list(piece.citations)})
    except MynaError as failed:
        yield ServerSentEvent(json.dumps(error_body(failed)))
        return
    yield chunk({}, finish)
    if counted:
        total: dict[str, Any] = {
            **base,
            "choices": [],
            "usage": usage(prompt_of(asked.messages), text, given),
        }
        yield ServerSentEvent(json.dumps(total))
    yield ServerSentEvent("[DONE]")


async def _events(made: responses.Response, pieces: AsyncIterator[Piece]) -> AsyncIterator[ServerSentEvent]:
    try:
        async for event in responses.events(made, pieces):
            yield ServerSentEvent(responses.encoded(event), event=event["type"])
    except MynaError as failed:
        error = {
            "type": "error",
            "sequence_number": 0,
            "code": failed.code,
            "message": failed.message,
            "param": None,
        }
        yield ServerSentEvent(json.dumps(error), event="error")
