"""A moderator asked about one message."""

from myna.model.moderation import Case, Verdict
from myna.ports.moderator import Moderator


async def verdict_of(moderator: Moderator, case: Case) -> Verdict:
    """Its verdict, whether it has to be awaited or not."""
    (judged,) = moderator.judge_many([case])
    return judged if isinstance(judged, Verdict) else await judged
