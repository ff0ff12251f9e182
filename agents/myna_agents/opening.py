"""What the agents' routes serve, put together by the composition root."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from myna_agents.answers.engine import Writer
from myna_agents.answers.guidance import Guidance
from myna_agents.appointments import Appointments
from myna_agents.approvals import Approvals
from myna_agents.desk.copilot import Copilot
from myna_agents.desk.marks import Marks
from myna_agents.ledger import Ledger
from myna_agents.memory import Memory
from myna_agents.tools.declared import Toolshed
from myna_agents.turns.world import World
from myna_agents.versions.bundles import Bundles
from myna_agents.versions.comparing import Comparing
from myna_agents.versions.comparisons import Comparisons
from myna_agents.versions.versions import Versions
from myna_knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Office:
    """Versions, copilot, ledger, marks, memory and what people tell and allow agents, of a running process."""

    world: World
    bundles: Bundles
    versions: Versions
    copilot: Copilot
    ledger: Ledger
    marks: Marks
    memory: Memory
    guidance: Guidance
    approvals: Approvals
    appointments: Appointments
    comparing: Comparing
    library: Library
    models: tuple[str, ...]
    """What an agent can choose as its model."""
    shed: Toolshed
    close_egress: Callable[[], Awaitable[None]]

    async def close(self) -> None:
        """Give back the connections to models and tools."""
        await self.world.engine.close()
        await self.close_egress()


def open_office(
    world: World,
    writer: Writer | None,
    library: Library,
    shed: Toolshed,
    close_egress: Callable[[], Awaitable[None]],
    *,
    bundles: Bundles,
    ledger: Ledger,
    marks: Marks,
    memory: Memory,
    comparisons: Comparisons,
    appointments: Appointments,
) -> Office:
    """The office over its stores."""
    assert world.guidance is not None
    assert world.approvals is not None
    versions = Versions(bundles, world)
    choices = getattr(world.engine, "choices", (world.fallback.name,))
    return Office(
        world,
        bundles,
        versions,
        Copilot(world, writer),
        ledger,
        marks,
        memory,
        world.guidance,
        world.approvals,
        appointments,
        Comparing(comparisons, versions),
        library,
        tuple(choices),
        shed,
        close_egress,
    )
