"""What the knowledge base has from conversations with a person, for exports and erasures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from myna.privacy.model import Elsewhere, Record

if TYPE_CHECKING:
    from myna_knowledge.library import Library


class Questions(Protocol):
    """Questions that were kept for the care of bases."""

    async def forget(self, workspace: int, user: int, places: Sequence[int]) -> None:
        """Forget those of these conversations, and what reports of imports say of the person."""
        ...


def library_knows(questions: Questions, library: "Library") -> Elsewhere:
    """Sources that were made of conversations, and questions that were kept. Both are masked, so an export has none of them."""

    async def records(_workspace: int, _user: int) -> list[Record]:
        return []

    async def erase(workspace: int, user: int, places: list[int]) -> None:
        # As the keys of sources end that were made of a conversation.
        ends = tuple(f":{place}" for place in places)
        for summary in await library.bases(workspace):
            for source in await library.sources(summary.base.id):
                if ends and source.key.endswith(ends):
                    await library.delete_source(summary.base.id, source.id)
        await questions.forget(workspace, user, places)

    return Elsewhere(records, erase)
