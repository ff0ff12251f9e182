"""The moderators' desk: what was held, and what becomes of it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import Conflict, NotFound
from myna.log.committer import Committer
from myna.log.writes import DecideHeld
from myna.model.moderation import Action, Held, HeldState
from myna.ports.accounts import Accounts
from myna.ports.conversations import Conversations
from myna.ports.desk import Desk
from myna.rights import Principal, Verb, require
from myna.wire import held_object, signal, stamp

FIGURE_DAYS = 30
"""Days that the figures look back."""
MOST_DECISIONS = 2_000
"""Newest decisions of each kind that are learned from and counted."""


Alike = Callable[[Sequence[str]], Awaitable[list[list[int]]]]


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
        self.alike: Alike = _nothing_alike
        """Groups texts that say nearly the same: places in the list, by group of two or more."""
        self.followed: Callable[[Held], Awaitable[None]] = _nothing_follows
        """Told of each message that was put aside, flagged, refused or decided."""

    async def waiting(
        self, principal: Principal, state: HeldState, after: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Held messages as wire objects, and how many wait in all."""
        require(principal, Verb.MODERATE)
        found = await self._desk.held_list(principal.workspace, state, after, limit)
        count = await self._desk.held_waiting(principal.workspace)
        return await self._objects(found, principal.workspace), count

    async def campaigns(self, principal: Principal) -> list[dict[str, Any]]:
        """Waiting messages that are alike, largest group first; how alike says the filter (`alike`)."""
        require(principal, Verb.MODERATE)
        waiting = await self._desk.held_list(principal.workspace, HeldState.WAITING, None, MOST_DECISIONS)
        groups = await self.alike([each.body["text"] for each in waiting])
        found: list[dict[str, Any]] = []
        for group in groups:
            members = [waiting[place] for place in group]
            senders = {each.sender for each in members}
            (shown,) = await self._objects(members[:1], principal.workspace) or [{}]
            found.append(
                {
                    "held": [str(each.id) for each in members],
                    "senders": len(senders),
                    "conversations": len({each.conversation for each in members}),
                    "first_at": stamp(members[0].created_at),
                    "last_at": stamp(members[-1].created_at),
                    "example": shown,
                }
            )
        return sorted(found, key=lambda each: (-len(each["held"]), each["held"][0]))

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
        behind = await self._desk.held_of(before.conversation, before.sender)
        decided = await self._committer.write(write)
        assert isinstance(decided, Held)
        self.decided(principal.workspace)
        made = await self.tell(decided)
        for other in behind:
            now = await self._desk.held(other.id, principal.workspace)
            if other.id != held and now is not None and now.state is not other.state:
                await self.tell(now)
        await self.followed(decided)
        return made

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
        """The newest decisions of a workspace's moderators, newest last: the text, and whether it was kept out."""
        made = await self._decisions(workspace)
        return [(held.body["text"], held.state is HeldState.BLOCKED) for held in made]

    async def figures(self, principal: Principal, now: float) -> dict[str, Any]:
        """How right the filter was in what moderators decided in the last 30 days.

        Precision is the share of held messages that were kept out. Recall is the share, of all that were kept out, that
        the filter had held: the others it delivered, flagged or unflagged, and a moderator took them back. What nobody
        looked at is in neither. An appeal that was granted counts as allowed.
        """
        require(principal, Verb.MODERATE)
        recent = [
            held
            for held in await self._decisions(principal.workspace)
            if held.decided_at is not None and held.decided_at >= now - FIGURE_DAYS * 86_400
        ]
        caught = [held for held in recent if held.verdict.action is not Action.FLAG]
        kept_out = sum(held.state is HeldState.BLOCKED for held in caught)
        missed = sum(held.state is HeldState.BLOCKED for held in recent) - kept_out
        return {
            "days": FIGURE_DAYS,
            "decided": len(recent),
            "blocked": kept_out + missed,
            "missed": missed,
            "precision": kept_out / len(caught) if caught else None,
            "recall": kept_out / (kept_out + missed) if kept_out + missed else None,
            "waiting": await self._desk.held_waiting(principal.workspace),
            "by_reason": _by_reason(recent),
        }

    async def _decisions(self, workspace: int) -> list[Held]:
        found = [
            held
            for state in (HeldState.ALLOWED, HeldState.BLOCKED)
            for held in await self._desk.held_list(workspace, state, None, MOST_DECISIONS)
            if held.decided_by is not None
        ]
        return sorted(found, key=lambda held: (held.decided_at or 0.0, held.id))

    async def arrived(self, held: int, workspace: int) -> None:
        """Tell moderators, and the sender of a held one, that a message was put aside or flagged; and what follows."""
        found = await self._desk.held(held, workspace)
        if found is not None:
            await self.tell(found)
            await self.followed(found)

    async def own(self, conversation: int, sender: int) -> list[dict[str, Any]]:
        """What a sender has waiting in a conversation, without the reasons: those are for moderators."""
        held = await self._desk.held_of(conversation, sender)
        return await self.shown_to_sender(held)

    async def shown(self, held: Sequence[Held]) -> list[dict[str, Any]]:
        """Held messages as moderators see them."""
        return await self._objects(held, None)

    async def shown_to_sender(self, held: Sequence[Held]) -> list[dict[str, Any]]:
        """Held messages as their sender sees them: without the reasons; of flagged ones it hears nothing."""
        own = [each for each in held if _concerns_sender(each)]
        return [_for_sender(each) for each in await self._objects(own, None)]

    async def tell(self, held: Held) -> dict[str, Any]:
        """Tell moderators, and the sender unless it was delivered, how a message stands in review; as moderators see it."""
        made = (await self._objects([held], held.workspace))[0]
        await self._relay.signal(
            SignalFrame(held.workspace, signal("held", {"held": made}), moderators=True, but_user=held.sender)
        )
        if _concerns_sender(held):
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


async def _nothing_alike(_: Sequence[str]) -> list[list[int]]:
    return []


async def _nothing_follows(_: Held) -> None:
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


def _concerns_sender(held: Held) -> bool:
    """A sender hears nothing of a flag, until a moderator takes the message back."""
    return held.verdict.action is not Action.FLAG or held.state is HeldState.BLOCKED


def _for_sender(held: dict[str, Any]) -> dict[str, Any]:
    appeal = held["appeal"]
    own = None if appeal is None else {**appeal, "answered_by": None}
    return {**held, "reasons": [], "score": None, "decided_by": None, "appeal": own}
