"""A filter that goes by words, for tests of what follows from a verdict."""

from collections.abc import Sequence

from myna.model.moderation import Action, Case, Reason, Verdict
from myna.ports.moderator import Judged


class Words:
    """Holds what says spam, breaks at what says break, and lets everything else pass."""

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        return [self.judge(case) for case in cases]

    async def judge(self, case: Case) -> Verdict:
        if "break" in case.text:
            raise RuntimeError("the filter is broken")
        if "spam" in case.text:
            return Verdict(Action.HOLD, (Reason("spam.model", "'spam'", 0.9),), 0.9)
        return Verdict(Action.ALLOW)
