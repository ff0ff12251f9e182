"""What follows for senders whose messages are flagged, held, refused or kept out, as the policy of the place says."""

import logging
import time
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import MynaError
from myna.log.committer import Committer
from myna.log.filter_writes import Follow
from myna.model.filtering import Consequence
from myna.model.moderation import Action, Held, HeldState
from myna.moderation.filters import Filters
from myna.ports.conversations import Conversations
from myna.ports.moderation import ModerationStore
from myna.wire import signal, stamp

MAX_COUNTED = 100
"""Most messages that a consequence may ask for."""
_AT_LEAST = {
    "flag": {Action.FLAG, Action.HOLD, Action.BLOCK},
    "hold": {Action.HOLD, Action.BLOCK},
    "block": {Action.BLOCK},
}

logger = logging.getLogger(__name__)


class Consequences:
    """Warnings, mutes, bans and slow mode. Counts come from what is stored, so all processes count the same."""

    def __init__(
        self,
        filters: Filters,
        store: ModerationStore,
        conversations: Conversations,
        committer: Committer,
        relay: Relay,
    ) -> None:
        self._filters, self._store, self._conversations = filters, store, conversations
        self._committer, self._relay = committer, relay

    async def after(self, held: Held) -> None:
        """Look at what just became of a message, and let follow what the policy says. Never raises."""
        try:
            await self._after(held)
        except MynaError as refused:
            logger.info("no consequence for sender %s: %s", held.sender, refused.message)

    async def _after(self, held: Held) -> None:
        place = await self._conversations.find(held.conversation, held.workspace)
        if place is None:
            return
        policy = (await self._filters.of(held.workspace)).of(place.id, place.inbox)
        wanted = [each for each in policy.consequences or () if _counts(each, held)]
        if not wanted:
            return
        now = time.time()
        since = now - max(each.within_s for each in wanted)
        found = await self._store.offences(held.conversation, held.sender, since, MAX_COUNTED)
        for each in wanted:
            begun = now - each.within_s
            count = sum(
                _counts(each, other) and (other.decided_at or other.created_at) >= begun for other in found
            )
            # Exactly then: what came before has followed already. After a warning at 1 a mute at 3 follows once.
            if count and count % each.after == 0:
                await self._follow(each, held, now, count)

    async def _follow(self, what: Consequence, held: Held, now: float, count: int) -> None:
        until = now + what.for_s
        because = f"{count} × {what.on} within {what.within_s} s"
        await self._committer.write(
            Follow(held.workspace, held.conversation, held.sender, what.do, until, what.for_s, because)
        )
        told: dict[str, Any] = {
            "conversation": str(held.conversation),
            "held": str(held.id),
            "do": what.do,
            "until": stamp(until) if what.do in {"mute", "ban"} else None,
            "reasons": [reason.code for reason in held.verdict.reasons],
        }
        await self._relay.signal(SignalFrame(held.workspace, signal("warning", told), users=(held.sender,)))


def _counts(what: Consequence, held: Held) -> bool:
    """Whether a message counts towards a consequence."""
    if held.verdict.reasons and all(reason.code == "order.waiting" for reason in held.verdict.reasons):
        return False
    if what.on == "kept_out":
        return held.state is HeldState.BLOCKED and held.decided_by is not None
    if any(reason.code == "reported" for reason in held.verdict.reasons):
        return False
    return held.verdict.action in _AT_LEAST[what.on]
