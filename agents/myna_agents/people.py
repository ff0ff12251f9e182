"""What agents know of a person, for exports and erasures."""

from dataclasses import asdict
from time import time

from myna.privacy.model import Elsewhere, Record
from myna_agents.appointments import Appointments
from myna_agents.memory import Memory


def agents_know(memory: Memory, appointments: Appointments) -> Elsewhere:
    """The memory that agents have of customers, and what they booked for them."""

    async def records(workspace: int, user: int) -> list[Record]:
        facts = [("memory", asdict(fact)) for fact in await memory.facts(user, workspace, time())]
        booked = await appointments.of_customer(workspace, user)
        return [*facts, *(("appointment", asdict(each)) for each in booked)]

    async def erase(workspace: int, user: int, _places: list[int]) -> None:
        await memory.forget(user, workspace, None)
        await appointments.erase(workspace, user)

    return Elsewhere(records, erase)
