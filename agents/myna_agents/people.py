"""What agents know of a person, for exports and erasures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from time import time
from typing import Any, Protocol

from myna.privacy.model import Elsewhere, Record
from myna_agents.appointments import Appointments
from myna_agents.memory import Memory


class Traces(Protocol):
    """What is kept of a person beside memory and appointments: consent, uses of tools, guidance, marked answers."""

    async def of(self, workspace: int, user: int) -> list[tuple[str, Mapping[str, Any]]]:
        """All of a person, by kind."""
        ...

    async def erase(self, workspace: int, user: int, places: Sequence[int]) -> None:
        """Forget it, and what belongs to these conversations."""
        ...


def agents_know(memory: Memory, appointments: Appointments, traces: Traces) -> Elsewhere:
    """The memory that agents have of customers, what they booked and did for them, and what people told them."""

    async def records(workspace: int, user: int) -> list[Record]:
        facts = [("memory", asdict(fact)) for fact in await memory.facts(user, workspace, time())]
        booked = await appointments.of_customer(workspace, user)
        traced = await traces.of(workspace, user)
        return [*facts, *(("appointment", asdict(each)) for each in booked), *traced]

    async def erase(workspace: int, user: int, places: list[int]) -> None:
        await memory.forget(user, workspace, None)
        await appointments.erase(workspace, user)
        await traces.erase(workspace, user, places)

    return Elsewhere(records, erase)
