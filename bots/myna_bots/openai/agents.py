"""Agents as models, and the two ways in which they answer: with their own rules, or through the model with a client's tools."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from myna.ids import new_id
from myna.model.workspace import User
from myna.rights import Principal, Verb, may
from myna_agents.agent import AgentProfile
from myna_agents.turns.world import World
from myna_bots.host.hearing import unaddressed
from myna_bots.host.platform import BotPlatform
from myna_bots.openai.choosing import wants_json
from myna_bots.openai.cutting import Cutter
from myna_bots.openai.dialogue import Line, Spoken, converse
from myna_bots.openai.direct import Provider, directly
from myna_bots.openai.errors import OpenAIError
from myna_bots.openai.pieces import Piece
from myna_bots.openai.shapes import ChatMessage, ChatRequest, lines_of, tokens


@dataclass(frozen=True, slots=True)
class Agents:
    """What the surface needs of the agents of this process."""

    world: World
    provider: Provider | None
    """None when the agents' engine is no model, so that nothing could call a client's tools."""


async def models(platform: BotPlatform, principal: Principal) -> list[dict[str, Any]]:
    """The agents of the caller's workspace, as models."""
    people = await platform.services.accounts.humans(principal.workspace, 500)
    return [model_object(each) for each in people if each.agent and _may_ask(principal)]


async def model(platform: BotPlatform, principal: Principal, name: str) -> User:
    """An agent by its handle or id.

    Raises:
        OpenAIError: there is none.
    """
    people = await platform.services.accounts.humans(principal.workspace, 500)
    for each in people:
        if each.agent and name in {each.handle, str(each.id)} and _may_ask(principal):
            return each
    raise OpenAIError(
        f"The model {name!r} does not exist or you do not have access to it.",
        status=404,
        code="model_not_found",
        param="model",
    )


def _may_ask(principal: Principal) -> bool:
    """Members of the workspace, and bots that may use its knowledge; visitors have the widget."""
    return may(principal, Verb.SEE_KNOWLEDGE)


def model_object(agent: User) -> dict[str, Any]:
    """`Model`."""
    return {"id": agent.handle or str(agent.id), "object": "model", "created": 1735689600, "owned_by": "myna"}


async def answer(
    agents: Agents, principal: Principal, agent: User, asked: ChatRequest, handle: str | None
) -> AsyncGenerator[Piece, None]:
    """The answer in pieces; the last one says how it ended. `handle` is that of the bot that asks: what people call it by
    is no part of their questions.

    Raises:
        OpenAIError: the request cannot be answered like this. MynaError: the agent failed.
    """
    profile = await agents.world.profiles(agent.id)
    if profile is None:
        raise OpenAIError(f"The model {asked.model!r} does not exist.", status=404, code="model_not_found")
    tools = bool(asked.tools) and asked.tool_choice != "none"
    if agents.provider is not None and (tools or wants_json(asked)):
        question = next((each.text() for each in reversed(asked.messages) if each.role == "user"), "")
        found = directly(agents.world, agents.provider, profile, asked, unaddressed(question, handle))
        async with aclosing(found) as pieces:
            async for piece in pieces:
                yield piece
        return
    _require_possible(asked, tools=tools)
    lines = [
        replace(each, text=unaddressed(each.text, handle)) if each.role == "user" else each
        for each in lines_of(asked.messages)
    ]
    cutter = Cutter(asked.stops(), asked.most_tokens())
    async with aclosing(_said(agents.world, profile, principal, lines)) as pieces:
        async for piece in pieces:
            shown = cutter.feed(piece.text) + (cutter.rest() if piece.finish else "")
            if shown:
                yield Piece(shown)
            if cutter.finish or piece.finish:
                yield Piece(finish=cutter.finish or piece.finish, citations=piece.citations)
                return


def _require_possible(asked: ChatRequest, *, tools: bool) -> None:
    """Let a request pass that the agent's own rules can answer.

    Raises:
        OpenAIError: only a model could.
    """
    without = "This server's agents quote the knowledge base and {}; set MYNA_MODEL to a model."
    if wants_json(asked):
        raise OpenAIError(without.format("write no JSON"), code="json_unavailable", param="response_format")
    if tools and asked.tool_choice not in {None, "auto"}:
        raise OpenAIError(without.format("call no tools"), code="tools_unavailable", param="tool_choice")


async def _said(
    world: World, profile: AgentProfile, principal: Principal, lines: Sequence[Line]
) -> AsyncGenerator[Piece, None]:
    """What the agent says by its own rules."""
    said = ""
    async with aclosing(converse(world, profile, principal.workspace, lines)) as items:
        async for item in items:
            if isinstance(item, str):
                said += item
                yield Piece(item)
                continue
            rest = item.text[len(said) :] if item.text.startswith(said) else f"\n{item.text}"
            yield Piece(rest, finish="stop", citations=_citations(item))


def _citations(spoken: Spoken) -> list[Mapping[str, Any]]:
    return list(spoken.body.get("citations", ()))


def prompt_of(messages: Sequence[ChatMessage]) -> str:
    """All that was sent, to count it."""
    return "\n".join(each.text() for each in messages)


def usage(asked: str, said: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """`usage`: the model's own figures where there are some, an estimate otherwise."""
    if given is not None:
        return dict(given)
    prompt, completion = tokens(asked), tokens(said)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def new_name(prefix: str) -> str:
    """An id in OpenAI's style."""
    return f"{prefix}{new_id():x}"


def now() -> int:
    """Unix seconds."""
    return int(time.time())
