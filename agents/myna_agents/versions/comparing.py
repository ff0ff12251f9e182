"""Versions side by side: beginning and ending a comparison, and which version answers a conversation."""

import time
from dataclasses import replace
from typing import Any

from myna.errors import Conflict
from myna.ids import new_id
from myna.model.conversation import ConversationKind
from myna.model.ticket import Turn
from myna.model.workspace import User
from myna_agents.agent import AgentProfile
from myna_agents.ports import People
from myna_agents.versions.comparisons import Comparison, Comparisons, figures
from myna_agents.versions.versions import Versions, profile_of_version


class Comparing:
    """Every verb on comparisons of an agent's versions."""

    def __init__(self, store: Comparisons, versions: Versions) -> None:
        self._store, self._versions = store, versions

    async def start(
        self, agent: User, live: int, challenger: int, share: float, by: int, override: str | None = None
    ) -> Comparison:
        """Let the challenger answer a share of new support conversations, after it passed the gate that publishing has.

        Raises:
            NotFound: there is no such version.
            Conflict: the evaluation failed, the challenger is live already, nothing was published yet, or another comparison
                runs; nothing has changed.
        """
        if not live:
            raise Conflict("Publish a version first, to compare with.", code="unversioned")
        if challenger == live:
            raise Conflict(f"Version {challenger} is live already.", code="same_version")
        if await self._store.running(agent.id) is not None:
            raise Conflict("A comparison of this agent runs already; end it first.", code="comparison_runs")
        await self._versions.pass_gate(agent, challenger, by, override)
        made = Comparison(new_id(), agent.workspace, agent.id, live, challenger, share, by, time.time())
        await self._store.start(made)
        return made

    async def end(self, agent: int, live: int) -> None:
        """What is live answers everybody again."""
        await self._store.end(agent, live, time.time())

    async def found(self, agent: int) -> dict[str, Any] | None:
        """The newest comparison with its figures; None when there never was one."""
        latest = await self._store.latest(agent)
        if latest is None:
            return None
        outcomes, costs = await self._store.outcomes(latest), await self._store.costs(latest)
        return {"comparison": latest, "figures": figures(latest, outcomes, costs, time.time())}


async def variant(store: Comparisons, people: People, turn: Turn, live: AgentProfile) -> AgentProfile:
    """The profile that answers this turn: the live one, or the challenger's where a comparison says so."""
    if turn.conversation_kind is not ConversationKind.SUPPORT:
        return live
    found = await store.running(turn.agent)
    if found is None or found[0].arm(turn.conversation) == "control":
        return live
    agents = await people.users([turn.agent], turn.workspace)
    return (
        live if not agents else replace(profile_of_version(agents[0], found[1]), version=found[0].challenger)
    )
