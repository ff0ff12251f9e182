"""What is known of a sender when its message is judged: is it new here, and did moderators keep messages of it out."""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping

from myna.model.moderation import Case, Standing
from myna.ports.moderation import ModerationStore, SenderIn
from myna.together import Together

KNOWN = 5
"""Messages in a conversation from which on a sender is not new there any more."""
KEPT_OUT_DAYS = 30
FRESH_S = 60.0
"""How old what is known of somebody who is not new may be."""
TOGETHER = 64
"""Senders in one read: as many as messages are judged in one pass."""
MAX_KNOWN = 20_000
"""Senders that are remembered; the one not heard of for longest is forgotten and looked up again."""


class Standings:
    """Remembers senders that are not new; those that are, are looked up for each of their few first messages.

    Senders that are asked about at the same time share one read.
    """

    def __init__(self, store: ModerationStore) -> None:
        self._store = store
        self._read: Together[SenderIn, Standing] = Together(self._of_many, TOGETHER)
        self._known: OrderedDict[tuple[int, int], tuple[float, Standing]] = OrderedDict()

    async def of(self, case: Case) -> Standing | None:
        """What is known of a message's sender in its conversation; None when the database says nothing of it."""
        key, now = (case.conversation, case.sender), time.time()
        found = self._known.get(key)
        if found is not None and now - found[0] < FRESH_S:
            self._known.move_to_end(key)
            return found[1]
        made = await self._read.find((case.workspace, case.conversation, case.sender))
        if made is not None and made.said >= KNOWN:
            self._known[key] = (now, made)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return made

    async def _of_many(self, asked: Collection[SenderIn]) -> Mapping[SenderIn, Standing]:
        return await self._store.standings(asked, KNOWN, time.time() - KEPT_OUT_DAYS * 86_400)
