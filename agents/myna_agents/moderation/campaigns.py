"""What many senders write alike within hours: campaigns that no single sender's flood shows."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from myna.model_moderation import Action, Case, Reason
from myna_agents.moderation.near import Near
from myna_agents.moderation.rules import Finding

WINDOW_S: Final = 6 * 3_600.0
MAX_MESSAGES: Final = 4_096
"""Remembered for each workspace; the oldest is forgotten first."""
MAX_WORKSPACES: Final = 64
LOOKED_AT: Final = 32
"""The newest in each band that a message is compared with: a text that thousands send must not make each of theirs slower."""
HOLD_SENDERS: Final = 3
"""Different senders of near-duplicates, this one included, from which on a suspicious text is held."""


@dataclass(frozen=True, slots=True)
class _Sent:
    at: float
    sender: int
    conversation: int
    client_id: str


class Campaigns:
    """Near-duplicates of different senders. Many customers ask the same, so alone it says nothing of a harmless text.

    Bounded, and of this process only. Time is what the cases say: the same cases in the same order give the same findings.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[int, Near[_Sent]] = OrderedDict()

    def note(self, case: Case, mark: int | None, *, suspicious: bool) -> list[Finding]:
        """Remember a message, and say when it is one of a campaign. A resend is the same message."""
        if mark is None:
            return []
        near = self._sent.pop(case.workspace, None) or Near[_Sent](MAX_MESSAGES, LOOKED_AT)
        self._sent[case.workspace] = near
        if len(self._sent) > MAX_WORKSPACES:
            self._sent.popitem(last=False)
        while (oldest := near.oldest) is not None and oldest.at < case.at - WINDOW_S:
            near.forget()
        alike = list(near.like(mark))
        key = (case.sender, case.conversation, case.client_id)
        resent = any(
            key == (each.sender, each.conversation, each.client_id) for each in alike if each.client_id
        )
        if not resent:
            near.add(mark, _Sent(case.at, case.sender, case.conversation, case.client_id))
        senders = {each.sender for each in alike} | {case.sender}
        if len(senders) < HOLD_SENDERS or not suspicious:
            return []
        return [Finding(Action.HOLD, Reason("duplicate.senders", f"alike from {len(senders)} senders", 0.7))]
