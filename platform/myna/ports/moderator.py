"""Who judges drafts before they are stored."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from myna.model.moderation import Case, Verdict

Judged = Verdict | Coroutine[Any, Any, Verdict]
"""A verdict, or what has to be awaited for it."""


class Moderator(Protocol):
    """Judges messages before they are stored."""

    def judge_many(self, cases: Sequence[Case]) -> Sequence[Judged]:
        """Allow, flag, hold or block, with reasons, for each case as if it came alone. Called for every message: be quick."""
        ...
