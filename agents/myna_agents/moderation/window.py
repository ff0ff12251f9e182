"""What each sender did in the last minutes."""

from collections import OrderedDict, deque
from dataclasses import dataclass

from myna.model.moderation import Action, Case, Reason
from myna.value import value
from myna_agents.moderation.near import MAX_DISTANCE
from myna_agents.moderation.rules import Finding


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Bounds of what is remembered, and from where on it is too much."""

    max_senders: int = 10_000
    max_messages: int = 128
    """Remembered for each sender; the oldest is forgotten first."""
    window_s: float = 600.0
    flood_s: float = 10.0
    flag_flood: int = 10
    """Messages within `flood_s`, this one included."""
    hold_flood: int = 20
    hold_arrived: int = 100
    """Messages that arrive within `flood_s`, whenever they claim to be written."""
    flag_repeats: int = 4
    """Near-duplicates within `window_s`, this one included, whatever the conversation."""
    hold_conversations: int = 3
    """Conversations that got near-duplicates within `window_s`: a campaign."""


@value
class _Seen:
    at: float
    conversation: int
    mark: int | None
    client_id: str = ""
    written: float = 0.0


class SenderWindow:
    """Flood and near-duplicates of each sender.

    Bounded: when `max_senders` are known, the one silent for longest is forgotten. Time is what the cases
    say, so the same cases in the same order give the same findings. Memory is of this process; nothing is
    shared or stored.
    """

    def __init__(self, limits: WindowLimits | None = None) -> None:
        self._limits = limits or WindowLimits()
        self._senders: OrderedDict[tuple[int, int], deque[_Seen]] = OrderedDict()

    def __len__(self) -> int:
        """Senders remembered."""
        return len(self._senders)

    def note(self, case: Case, mark: int | None) -> list[Finding]:
        """Remember a message with its `near.mark_of` and return what is too much, this message included.

        A resend is the same message.

        Flood counts by when the sender's device says that a message was written, as far as that can be: an outbox that
        was kept through a cut is no flood. Whoever claims too much of that is told by when its messages arrived.
        """
        limits, key = self._limits, (case.workspace, case.sender)
        mine = self._senders.pop(key, None) or deque(maxlen=limits.max_messages)
        self._senders[key] = mine
        if len(self._senders) > limits.max_senders:
            self._senders.popitem(last=False)
        while mine and mine[0].at < case.at - limits.window_s:
            mine.popleft()
        resent = any(
            seen.client_id == case.client_id and seen.conversation == case.conversation
            for seen in mine
            if seen.client_id
        )
        if not resent:
            mine.append(_Seen(case.at, case.conversation, mark, case.client_id, self._written(mine, case)))
        if len(mine) < min(limits.flag_flood, limits.flag_repeats, limits.hold_conversations):
            return []
        return [*self._flood(mine), *self._repeats(mine)]

    def _written(self, mine: deque[_Seen], case: Case) -> float:
        """Between what the sender wrote before and now, and not older than what is remembered."""
        if case.written_at is None:
            return case.at
        earliest = max(case.at - self._limits.window_s, mine[-1].written if mine else 0.0)
        return min(max(case.written_at, earliest), case.at)

    def _flood(self, mine: deque[_Seen]) -> list[Finding]:
        limits = self._limits
        count = sum(seen.written >= mine[-1].written - limits.flood_s for seen in mine)
        arrived = sum(seen.at >= mine[-1].at - limits.flood_s for seen in mine)
        if arrived >= limits.hold_arrived:
            count = arrived
        if count < limits.flag_flood:
            return []
        action = Action.HOLD if count >= limits.hold_flood else Action.FLAG
        return [Finding(action, Reason("flood", f"{count} messages in {limits.flood_s:g} s", 0.5))]

    def _repeats(self, mine: deque[_Seen]) -> list[Finding]:
        limits, mark = self._limits, mine[-1].mark
        if mark is None:
            return []
        alike = [s for s in mine if s.mark is not None and (s.mark ^ mark).bit_count() <= MAX_DISTANCE]
        places = len({seen.conversation for seen in alike})
        if places >= limits.hold_conversations:
            return [
                Finding(Action.HOLD, Reason("duplicate.campaign", f"alike in {places} conversations", 0.7))
            ]
        if len(alike) >= limits.flag_repeats:
            return [Finding(Action.FLAG, Reason("duplicate.repeated", f"{len(alike)} alike", 0.4))]
        return []
