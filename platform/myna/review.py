"""The moderators' desk: what was held, and what becomes of it."""

from collections.abc import Callable, Sequence
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import Conflict, NotFound
from myna.log.committer import Committer
from myna.log.writes import DecideHeld
from myna.model import Held, HeldState
from myna.ports import Accounts, Conversations, Desk
from myna.rights import Principal, Verb, require
from myna.wire import held_object, signal

FIGURE_DAYS = 30
"""Days that the figures look back."""
MOST_DECISIONS = 2_000
"""Newest decisions of each kind that are learned from and counted."""


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
        self.decided: Callable[[int], None] = _nobody
        """Told the workspace after each decision: there is something to learn from."""

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
            Conflict: it was decided before (`already_decided`), or it is to be let in while an earlier message of its
                sender waits in the same conversation (`earlier_waiting`): what somebody wrote keeps its order.
        """
        require(principal, Verb.MODERATE)
        before = await self._desk.held(held, principal.workspace)
        if before is None:
            raise NotFound(f"There is no held message {held}.")
        if allow and before.state is HeldState.WAITING:
            for other in await self._desk.held_of(before.conversation, before.sender):
                if other.id < held:
                    told = f"Message {other.id} of the same sender waits before this one: decide it first."
                    raise Conflict(told, code="earlier_waiting")
        write = DecideHeld(
            held, before.conversation, principal.workspace, principal.user, allow, self._turn_delay_s
        )
        decided = await self._committer.write(write)
        assert isinstance(decided, Held)
        self.decided(principal.workspace)
        return await self._tell(decided)

    async def decide_all(
        self, principal: Principal, held: Sequence[int], *, allow: bool
    ) -> list[dict[str, Any]]:
        """One decision for many messages, in the order in which they were sent; each is told to be decided or not.

        A message that is missing or was decided before is reported with its error and stops nothing.
        """
        require(principal, Verb.MODERATE)
        results: list[dict[str, Any]] = []
        for each in sorted(set(held)):
            try:
                results.append({"id": each, "held": await self.decide(principal, each, allow=allow)})
            except (NotFound, Conflict) as refused:
                results.append({"id": each, "error": refused.code})
        return results

    async def lessons(self, workspace: int) -> list[tuple[str, bool]]:
        """The newest decisions of a workspace, newest last: the text, and whether it was kept out."""
        made = await self._decisions(workspace)
        return [(held.body["text"], held.state is HeldState.BLOCKED) for held in made]

    async def figures(self, principal: Principal, now: float) -> dict[str, Any]:
        """How right the filter was in what moderators decided in the last 30 days.

        Precision is the share of held messages that were kept out. What the filter let through nobody decided, so
        recall cannot be known from decisions.
        """
        require(principal, Verb.MODERATE)
        recent = [
            held
            for held in await self._decisions(principal.workspace)
            if held.decided_at is not None and held.decided_at >= now - FIGURE_DAYS * 86_400
        ]
        kept_out = sum(held.state is HeldState.BLOCKED for held in recent)
        return {
            "days": FIGURE_DAYS,
            "decided": len(recent),
            "blocked": kept_out,
            "precision": kept_out / len(recent) if recent else None,
            "waiting": await self._desk.held_waiting(principal.workspace),
            "by_reason": _by_reason(recent),
        }

    async def _decisions(self, workspace: int) -> list[Held]:
        found = [
            held
            for state in (HeldState.ALLOWED, HeldState.BLOCKED)
            for held in await self._desk.held_list(workspace, state, None, MOST_DECISIONS)
        ]
        return sorted(found, key=lambda held: (held.decided_at or 0.0, held.id))

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


def _nobody(_: int) -> None:
    pass


def _by_reason(decided: Sequence[Held]) -> dict[str, dict[str, int]]:
    """For each reason code, how many messages were held for it and how many of them were kept out."""
    counts: dict[str, dict[str, int]] = {}
    for held in decided:
        for code in sorted({reason.code for reason in held.verdict.reasons}):
            one = counts.setdefault(code, {"decided": 0, "blocked": 0})
            one["decided"] += 1
            one["blocked"] += held.state is HeldState.BLOCKED
    return counts


def _for_sender(held: dict[str, Any]) -> dict[str, Any]:
    return {**held, "reasons": [], "score": None, "decided_by": None}
