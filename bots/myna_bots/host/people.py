"""What bots were told of a person and remember of them, for exports and erasures."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from myna.privacy.model import Elsewhere, Record


class Heard(Protocol):
    """Events that wait for bots, and values that bots keep under a person's number."""

    async def remembered(self, user: int) -> list[Mapping[str, Any]]:
        """What bots keep under the person's number."""
        ...

    async def erase(self, user: int, places: Sequence[int]) -> None:
        """Forget that, and every event that names the person or tells of these conversations; none is delivered any more."""
        ...


def bots_know(heard: Heard) -> Elsewhere:
    """What the platform keeps for bots. What a bot keeps in its own house is its developer's to erase."""

    async def records(_workspace: int, user: int) -> list[Record]:
        return [("bots", each) for each in await heard.remembered(user)]

    async def erase(_workspace: int, user: int, places: list[int]) -> None:
        await heard.erase(user, places)

    return Elsewhere(records, erase)
