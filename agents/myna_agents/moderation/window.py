"""What each sender did in the last minutes."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

from myna.model import Action, Case, Reason
from myna_agents.moderation.rules import Finding

_FOLD_DIGITS: Final = str.maketrans("123456789", "000000000")


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Bounds of what is remembered, and from where on it is too much."""

    max_senders: int = 10_000
    max_messages: int = 32
    """Remembered for each sender; the oldest is forgotten first."""
    window_s: float = 600.0
    flood_s: float = 10.0
    flag_flood: int = 10
    """Messages within `flood_s`, this one included."""
    hold_flood: int = 20
    flag_repeats: int = 4
    """Near-duplicates within `window_s`, this one included, whatever the conversation."""
    hold_conversations: int = 3
    """Conversations that got near-duplicates within `window_s`: a campaign."""
    min_chars: int = 12
    """Letters and digits below which equal messages say nothing ("thank you")."""
    max_chars: int = 2_000
    """Letters and digits that are compared; what comes later may differ."""
    max_distance: int = 8
    """Of 64 bits that may differ between near-duplicates; unrelated texts differ in 32 give or take 4."""


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    conversation: int
    mark: int | None


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

    def note(self, case: Case, skeleton: str) -> list[Finding]:
        """Remember a message and return what is too much, this message included."""
        limits, key = self._limits, (case.workspace, case.sender)
        mine = self._senders.pop(key, None) or deque(maxlen=limits.max_messages)
        self._senders[key] = mine
        if len(self._senders) > limits.max_senders:
            self._senders.popitem(last=False)
        while mine and mine[0].at < case.at - limits.window_s:
            mine.popleft()
        mine.append(_Seen(case.at, case.conversation, self._mark(skeleton)))
        return [*self._flood(mine), *self._repeats(mine)]

    def _mark(self, skeleton: str) -> int | None:
        if len(skeleton) < self._limits.min_chars:
            return None
        from myna_agents.moderation.features import simhash  # loads numpy

        return simhash(skeleton[: self._limits.max_chars].translate(_FOLD_DIGITS))

    def _flood(self, mine: deque[_Seen]) -> list[Finding]:
        limits = self._limits
        count = sum(seen.at >= mine[-1].at - limits.flood_s for seen in mine)
        if count < limits.flag_flood:
            return []
        action = Action.HOLD if count >= limits.hold_flood else Action.FLAG
        return [Finding(action, Reason("flood", f"{count} messages in {limits.flood_s:g} s", 0.5))]

    def _repeats(self, mine: deque[_Seen]) -> list[Finding]:
        limits, mark = self._limits, mine[-1].mark
        if mark is None:
            return []
        alike = [s for s in mine if s.mark is not None and (s.mark ^ mark).bit_count() <= limits.max_distance]
        places = len({seen.conversation for seen in alike})
        if places >= limits.hold_conversations:
            return [
                Finding(Action.HOLD, Reason("duplicate.campaign", f"alike in {places} conversations", 0.7))
            ]
        if len(alike) >= limits.flag_repeats:
            return [Finding(Action.FLAG, Reason("duplicate.repeated", f"{len(alike)} alike", 0.4))]
        return []
