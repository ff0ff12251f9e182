"""Who connects is subscribed and told where its conversations stand; many who come at once share one read."""

from collections.abc import Callable

from myna.conversations.directory import Directory
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.deliver.session import Session
from myna.errors import Busy, Unauthorised
from myna.model.workspace import User
from myna.ports.conversations import Arrivals, Head
from myna.rights import Principal
from myna.together import Together

HEADS = 200
"""Heads that a session begins with, those that changed last; the client syncs for more."""
MAX_TOGETHER = 200
"""Users in one read: a longer one would keep the first of them waiting."""

MAX_READS = 5

__all__ = ["Greeter", "Head"]


class Greeter:
    """Opens sessions. Nothing falls between the read of the heads and the first push, and nothing that was left leaks in."""

    def __init__(self, hub: Hub, relay: Relay, directory: Directory, arrivals: Arrivals) -> None:
        self._hub, self._relay, self._directory = hub, relay, directory
        self._arrivals: Together[int, tuple[User, dict[int, Head]]] = Together(arrivals.of, MAX_TOGETHER)

    async def greet(
        self, principal: Principal, ready: Callable[[], None], device: str = ""
    ) -> tuple[Session, dict[int, Head], bool]:
        """A subscribed session, the heads of the conversations that changed last, and whether there are more.

        Obligation: remove the session from the hub at its end.

        Raises:
            Unauthorised: the user does not exist any more; nothing was subscribed.
            Busy: what the user may see changed during each of several reads.
        """
        user, heads = await self._current(principal.user)
        session = Session(user, operator=principal.operator, ready=ready, device=device, wired=True)
        session.floors = {place: head.from_seq for place, head in heads.items() if head.from_seq > 1}
        self._hub.add(session, heads)
        if principal.operator:
            return session, *await self._fresh(principal, session)
        newest = sorted(heads, key=lambda place: heads[place].last_pos, reverse=True)[:HEADS]
        return session, {place: heads[place] for place in newest}, len(heads) > HEADS

    async def _current(self, user: int) -> tuple[User, dict[int, Head]]:
        """The user and the heads as they are when this returns: what was committed during the read is added from memory."""
        for _ in range(MAX_READS):
            from_pos = self._relay.pos
            read = await self._arrivals.find(user)
            if read is None:
                raise Unauthorised("This user does not exist any more.", code="token_invalid")
            # A copy, since two devices of a user may share the read.
            found = (read[0], dict(read[1]))
            # From here to the subscription nothing waits, so no event can come between.
            missed = self._relay.since(from_pos)
            if missed is None or any(user in event.joined or user in event.left for event in missed):
                continue
            for event in missed:
                before = found[1].get(event.conversation)
                if before is not None and event.rev > before.rev:
                    found[1][event.conversation] = before._replace(
                        rev=event.rev, seq=max(before.seq, event.seq), last_pos=event.pos
                    )
            return found
        raise Busy("Your conversations change too fast just now; connect again.", retry_ms=1000)

    async def _fresh(self, principal: Principal, session: Session) -> tuple[dict[int, Head], bool]:
        """Heads read after the subscription, for operators, who also watch."""
        try:
            found, more = await self._directory.newest_heads(principal, HEADS)
        except BaseException:
            self._hub.remove(session)
            raise
        heads = {
            int(each["conversation"]): Head(
                each["rev"], each["seq"], each["read_seq"], each["from_seq"], each["last_pos"]
            )
            for each in found
        }
        return heads, more
