"""Puts the words of a bot aside that says the same again and again: most often a loop, at night, in front of customers."""

import hashlib
import time
from collections import deque

from myna.model.moderation import Action, Case, Reason, Verdict
from myna.model.workspace import UserKind

SAME = 5
"""So many equal messages within the window are let through."""
WINDOW_S = 60.0
MAX_PLACES = 5_000
"""Bots and places that are remembered. Overflow rule: the oldest is forgotten."""


class RunawayBots:
    """A plugin with the hook `judge`."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, int, str], deque[tuple[float, str]]] = {}

    def concerns(self, case: Case) -> bool:
        """Only what bots say."""
        return case.sender_kind is UserKind.BOT

    async def judge(self, case: Case) -> Verdict | None:
        """Hold what a bot said too often; people may repeat themselves, the filter sees to that."""
        if case.sender_kind is not UserKind.BOT:
            return None
        digest = hashlib.blake2b(case.text.encode(), digest_size=12).hexdigest()
        key, now = (case.conversation, case.sender, digest), time.monotonic()
        said = self._said.pop(key, None) or deque[tuple[float, str]](maxlen=SAME + 1)
        while said and now - said[0][0] > WINDOW_S:
            said.popleft()
        if all(client_id != case.client_id for _, client_id in said):
            said.append((now, case.client_id))
        self._said[key] = said
        while len(self._said) > MAX_PLACES:
            del self._said[next(iter(self._said))]
        if len(said) <= SAME:
            return None
        return Verdict(Action.HOLD, (Reason("runaway_bot", f"{SAME} equal messages in a minute", 1.0),), 1.0)
