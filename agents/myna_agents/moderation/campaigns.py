"""What many senders write alike within hours: campaigns that no single sender's flood shows."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from myna.model.moderation import Action, Case, Reason
from myna_agents.moderation.rules import Finding

if TYPE_CHECKING:
    from myna_agents.moderation.recent import Recent

WINDOW_S: Final = 6 * 3_600.0
MAX_MESSAGES: Final = 4_096
"""Remembered for each workspace; the oldest is forgotten first."""
MAX_WORKSPACES: Final = 64
HOLD_SENDERS: Final = 3
"""Different senders of near-duplicates, this one included, from which on a suspicious text is held."""


class Campaigns:
    """Near-duplicates of different senders. Many customers ask the same, so alone it says nothing of a harmless text.

    Bounded, and of this process only. Time is what the cases say: the same cases in the same order give the same findings.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[int, Recent] = OrderedDict()

    def note(self, case: Case, mark: int | None, *, suspicious: bool) -> list[Finding]:
        """Remember a message, and say when it is one of a campaign. A resend is the same message."""
        if mark is None:
            return []
        recent = self._sent.get(case.workspace)
        if recent is None:
            recent = self._opened(case.workspace)
        self._sent.move_to_end(case.workspace)
        # What has no client_id, as in a test, is never a resend.
        key = (case.sender, case.conversation, case.client_id) if case.client_id else object()
        recent.add(mark, case.sender, case.at, key)
        if not suspicious:
            return []
        senders = recent.senders(mark, case.at - WINDOW_S) | {case.sender}
        if len(senders) < HOLD_SENDERS:
            return []
        return [Finding(Action.HOLD, Reason("duplicate.senders", f"alike from {len(senders)} senders", 0.7))]

    def _opened(self, workspace: int) -> "Recent":
        from myna_agents.moderation.recent import Recent  # loads numpy

        recent = self._sent[workspace] = Recent(MAX_MESSAGES)
        if len(self._sent) > MAX_WORKSPACES:
            self._sent.popitem(last=False)
        return recent
