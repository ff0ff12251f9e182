"""What each workspace's moderators taught, kept up to date beside the judging."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from myna_agents.moderation.near import Near, known, mark_of
from myna_agents.moderation.normalise import normalise

if TYPE_CHECKING:
    from myna_agents.moderation.learning import Taught
    from myna_agents.moderation.linear import LinearModel

REFRESH_S: Final = 60.0
"""How old a lesson may become before the decisions are read again: other processes decide, too."""
MAX_WORKSPACES: Final = 256
"""Lessons kept; the one not needed for longest is forgotten and learned again when it is needed. A third of a MB each."""

MAX_KEPT_OUT: Final = 1_000
"""Newest decisions of a workspace whose near-duplicates are recognised."""

Source = Callable[[int], Awaitable[Sequence[tuple[str, bool]]]]
"""The decisions of a workspace, newest last: the text, and whether it was kept out."""


class Lessons:
    """The lesson of each workspace. Reading one never waits: what is missing or old is learned by `run`."""

    def __init__(self) -> None:
        self._lessons: OrderedDict[int, tuple[float, Taught | None]] = OrderedDict()
        self._due: dict[int, float] = {}
        self._learned: dict[int, int] = {}
        """A hash of the decisions behind each lesson: without a new one there is nothing to fit again."""
        self._kept_out: dict[int, Near[None]] = {}
        self._wake = asyncio.Event()

    def of(self, workspace: int, now: float) -> "Taught | None":
        """What is known of a workspace's traffic by now, or None."""
        found = self._lessons.get(workspace)
        if found is None or now - found[0] >= REFRESH_S:
            self.note(workspace, now)
        if found is None:
            return None
        self._lessons.move_to_end(workspace)
        return found[1]

    def kept_out(self, workspace: int, mark: int | None) -> bool:
        """Whether moderators kept out a text that says nearly the same."""
        near = self._kept_out.get(workspace)
        return near is not None and mark is not None and next(near.like(mark), _NOTHING) is not _NOTHING

    def note(self, workspace: int, now: float) -> None:
        """A moderator decided, or the lesson is old: learn anew soon."""
        self._due[workspace] = now
        self._wake.set()

    async def run(self, source: Source, model: "LinearModel") -> None:
        """Learn what is due, one workspace at a time, off the event loop."""
        from myna_agents.moderation.learning import teach

        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                workspace, at = self._due.popitem()
                decided = tuple(await source(workspace))
                before, seen = self._lessons.get(workspace), hash(decided)
                if before is not None and self._learned.get(workspace) == seen:
                    taught = before[1]
                else:
                    taught = await asyncio.to_thread(teach, model, decided)
                if before is None or self._learned.get(workspace) != seen:
                    self._kept_out[workspace] = await asyncio.to_thread(_marks, decided)
                self._lessons[workspace], self._learned[workspace] = (at, taught), seen
                self._lessons.move_to_end(workspace)
                if len(self._lessons) > MAX_WORKSPACES:
                    forgotten, _ = self._lessons.popitem(last=False)
                    self._learned.pop(forgotten, None)
                    self._kept_out.pop(forgotten, None)


_NOTHING: Final = object()


def _marks(decided: Sequence[tuple[str, bool]]) -> "Near[None]":
    """The marks of the newest texts that were kept out, without those that were allowed as well."""
    marks: dict[int | None, bool] = {}
    for text, unwanted in decided[-MAX_KEPT_OUT:]:
        marks[mark_of(normalise(text).skeleton)] = unwanted
    return known((mark for mark, unwanted in marks.items() if unwanted), MAX_KEPT_OUT)
