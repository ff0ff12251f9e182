"""Everything that a turn reads from and answers through."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from myna.model.ticket import Turn
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.answers.engine import Engine
from myna_agents.answers.guidance import Guidance
from myna_agents.approvals import Approvals
from myna_agents.ledger import Ledger, Prices
from myna_agents.memory import Memory
from myna_agents.ports import History, Knowledge, People, Profiles, Turns
from myna_agents.tools.tool import Tool

ANSWER_S = 60.0
"""How long one engine may take for one answer."""


async def colleagues_only(user: User) -> bool:
    """Whether a user's identity is vouched for when nobody else says so: people who signed in, no visitors."""
    return user.kind is UserKind.HUMAN


async def no_tools(profile: AgentProfile) -> Sequence[Tool]:
    """The tools of an agent without any."""
    return ()


async def the_live_one(turn: Turn, live: AgentProfile) -> AgentProfile:
    """Which version answers where none are compared."""
    return live


async def nobody(conversation: int) -> None:
    """Where no turn can be queued."""


async def no_whisper(turn: Turn, listener: int, body: Mapping[str, Any]) -> None:
    """Where there are no other conversations."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a turn reads from and answers through."""

    turns: Turns
    history: History
    people: People
    knowledge: Knowledge
    profiles: Profiles
    engine: Engine
    fallback: Engine
    """Takes the place of an engine that failed; the offline one. May be the same."""
    answer_s: float = ANSWER_S
    clock: Callable[[], float] = time.time
    outlook: Callable[[int], Awaitable[Mapping[str, Any]]] | None = None
    """What a customer handed over may expect, by conversation."""
    ledger: Ledger | None = None
    """Where it is written down what answers cost; without one nothing is, and no budget is kept."""
    prices: Prices = field(default_factory=Prices)
    tools: Callable[[AgentProfile], Awaitable[Sequence[Tool]]] = no_tools
    """What an agent can do besides answering."""
    verified: Callable[[User], Awaitable[bool]] = colleagues_only
    """Whether the company's site vouched for who somebody is."""
    memory: Memory | None = None
    """What customers let agents remember."""
    guidance: Guidance | None = None
    """What operators told agents."""
    approvals: Approvals | None = None
    """Uses of tools that wait for an operator."""
    variant: Callable[[Turn, AgentProfile], Awaitable[AgentProfile]] = the_live_one
    """Which version of an agent answers a turn, given the live one."""
    rouse: Callable[[int], Awaitable[None]] = nobody
    """Lets the agent that owns a conversation take a turn at once."""
    whisper: Callable[[Turn, int, Mapping[str, Any]], Awaitable[None]] = no_whisper
    """Says something to one user alone, in the agent's direct conversation with them; the same turn says it once."""
