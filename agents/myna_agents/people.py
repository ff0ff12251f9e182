"""What agents know of a person, for exports and erasures."""

from dataclasses import asdict
from time import time

from myna.privacy.model import Elsewhere, Record
from myna_agents.memory import Memory


def agents_know(memory: Memory) -> Elsewhere:
    """The memory that agents have of customers."""

    async def records(workspace: int, user: int) -> list[Record]:
        return [("memory", asdict(fact)) for fact in await memory.facts(user, workspace, time())]

    async def erase(workspace: int, user: int, _places: list[int]) -> None:
        await memory.forget(user, workspace, None)

    return Elsewhere(records, erase)
