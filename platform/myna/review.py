"""The moderators' desk: what was held, and what becomes of it."""

from collections.abc import Sequence
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import NotFound
from myna.log.committer import Committer
from myna.log.writes import DecideHeld
from myna.model import Held, HeldState
from myna.ports import Accounts, Conversations, Desk
from myna.rights import Principal, Verb, require
from myna.wire import held_object, signal


class Review:
    """Held messages of a workspace. Only moderators and the sender hear of them."""

    def __init__(
        self,
        desk: Desk,
        accounts: Accounts,
        conversations: Conversations,
        committer: Committer,
        relay: Relay,
        turn_delay_s: float,
    ) -> None:
        self._desk, self._accounts, self._conversations = desk, accounts, conversations
        self._committer, self._relay, self._turn_delay_s = committer, relay, turn_delay_s

    async def waiting(
        self, principal: Principal, state: HeldState, after: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Held messages as wire objects, and how many wait in all."""
        require(principal, Verb.MODERATE)
        found = await self._desk.held_list(principal.workspace, state, after, limit)
        count = await self._desk.held_waiting(principal.workspace)
        return await self._objects(found, principal.workspace), count

    async def decide(self, principal: Principal, held: int, *, allow: bool) -> dict[str, Any]:
        """Let a message into the log with its own seq, or keep it out for good.

        Raises:
            NotFound: there is no such held message in this workspace.
            Conflict: it was decided before (`already_decided`).
        """
        require(principal, Verb.MODERATE)
        before = await self._desk.held(held, principal.workspace)
        if before is None:
            raise NotFound(f"There is no held message {held}.")
        write = DecideHeld(
            held, before.conversation, principal.workspace, principal.user, allow, self._turn_delay_s
        )
        decided = await self._committer.write(write)
        assert isinstance(decided, Held)
        return await self._tell(decided)

    async def arrived(self, held: int, workspace: int) -> None:
        """Tell moderators and the sender that a message was put aside."""
        found = await self._desk.held(held, workspace)
        if found is not None:
            await self._tell(found)

    async def own(self, conversation: int, sender: int) -> list[dict[str, Any]]:
        """What a sender has waiting in a conversation, without the reasons: those are for moderators."""
        held = await self._desk.held_of(conversation, sender)
        return [_for_sender(each) for each in await self._objects(held, None)]

    async def _tell(self, held: Held) -> dict[str, Any]:
        made = (await self._objects([held], held.workspace))[0]
        await self._relay.signal(
            SignalFrame(held.workspace, signal("held", {"held": made}), moderators=True, but_user=held.sender)
        )
        own = signal("held", {"held": _for_sender(made)})
        await self._relay.signal(SignalFrame(held.workspace, own, users=(held.sender,)))
        return made

    async def _objects(self, held: Sequence[Held], workspace: int | None) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for each in held:
            sender = await self._accounts.user(each.sender)
            place = await self._conversations.find(each.conversation, workspace or each.workspace)
            if sender is not None and place is not None:
                made.append(held_object(each, sender, place.title, place.kind))
        return made


def _for_sender(held: dict[str, Any]) -> dict[str, Any]:
    return {**held, "reasons": [], "score": None, "decided_by": None}
