"""What a workspace decides about judging: policies of places, and the list of what is always wanted or unwanted."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from myna.conversations.access import Access
from myna.errors import Conflict, Forbidden, NotFound
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.filter_writes import List, SetFilter, Unlist
from myna.model.conversation import ConversationKind
from myna.model.filtering import (
    MAX_LISTED_CHARS,
    NOTHING,
    Filtering,
    FilterPolicy,
    Listed,
    Listing,
    PlaceKind,
    listed_value,
)
from myna.ports.accounts import Accounts
from myna.ports.conversations import Conversations
from myna.ports.moderation import ModerationStore
from myna.rights import Principal, Verb, may, require
from myna.wire import stamp

REFRESH_S = 15.0
"""How old what is known may become: other processes change it, too."""
MAX_WORKSPACES = 256
"""Workspaces that are remembered; the one not needed for longest is forgotten and read again."""
MAX_LISTINGS = 10_000
"""Entries of one workspace's list."""
MIN_PHRASE_CHARS = 6
"""A shorter text says too little to be decided for always."""


class Filters:
    """Policies and lists. Reading them for a message waits for the database at most every 15 seconds."""

    def __init__(
        self,
        store: ModerationStore,
        access: Access,
        accounts: Accounts,
        conversations: Conversations,
        committer: Committer,
    ) -> None:
        self._store, self._access, self._accounts = store, access, accounts
        self._conversations, self._committer = conversations, committer
        self._known: OrderedDict[int, tuple[float, Filtering]] = OrderedDict()
        self._reading: dict[int, asyncio.Future[Filtering]] = {}
        self.check: Callable[[Listing], None] = _anything
        """Raises Malformed for a rule that must not be entered, such as one that could run away."""
        self.contacts: Callable[[str], list[tuple[Listed, str]]] = _no_contacts
        """Links, phones and handles in a text."""
        self.server: FilterPolicy = NOTHING
        """What the server's own settings say, for the answer about what holds in a place."""

    def now(self, workspace: int) -> Filtering | None:
        """What the workspace decided if it is known and no older than `REFRESH_S`; own changes are seen at once."""
        known = self._known.get(workspace)
        if known is None or time.monotonic() - known[0] >= REFRESH_S:
            return None
        self._known.move_to_end(workspace)
        return known[1]

    async def of(self, workspace: int) -> Filtering:
        """The same, read from the database when it is not known."""
        known = self.now(workspace)
        if known is not None:
            return known
        # However many messages find it old at once, it is read once.
        reading = self._reading.get(workspace)
        if reading is None:
            reading = asyncio.ensure_future(self._read(workspace))
            self._reading[workspace] = reading
        return await asyncio.shield(reading)

    async def _read(self, workspace: int) -> Filtering:
        now, mine = time.monotonic(), asyncio.current_task()
        try:
            found = await self._store.filtering(workspace)
        finally:
            current = self._reading.get(workspace) is mine
            if current:
                del self._reading[workspace]
        known = self._known.get(workspace)
        if known is not None and (known[1].policies, known[1].listings) == (found.policies, found.listings):
            found = known[1]
        if current:
            self._known[workspace] = (now, found)
            self._known.move_to_end(workspace)
            if len(self._known) > MAX_WORKSPACES:
                self._known.popitem(last=False)
        return found

    def _forget(self, workspace: int) -> None:
        """It was changed here: whoever asks from now on gets what is stored now, not what is being read."""
        self._known.pop(workspace, None)
        self._reading.pop(workspace, None)

    async def policy(self, principal: Principal, kind: PlaceKind, place: int) -> dict[str, Any]:
        """A place's own policy (null: none), and what holds there in the end."""
        inbox = await self._allowed(principal, kind, place)
        found = await self._store.filtering(principal.workspace)
        own = found.policies.get((kind, place))
        holds = {
            PlaceKind.WORKSPACE: lambda: found.of(0, None),
            PlaceKind.INBOX: lambda: found.of(0, place),
            PlaceKind.CONVERSATION: lambda: found.of(place, inbox),
        }[kind]()
        return {
            "kind": kind,
            "place": str(place),
            "policy": None if own is None else policy_object(own),
            "holds": policy_object(holds.over(self.server)),
        }

    async def policies(self, principal: Principal) -> list[dict[str, Any]]:
        """All policies of the workspace."""
        require(principal, Verb.ADMINISTER)
        found = await self._store.filtering(principal.workspace)
        return [
            {"kind": kind, "place": str(place), "policy": policy_object(policy)}
            for (kind, place), policy in sorted(found.policies.items())
        ]

    async def set_policy(
        self, principal: Principal, kind: PlaceKind, place: int, policy: FilterPolicy | None
    ) -> dict[str, Any]:
        """Replace a place's policy, or take it away.

        Raises:
            Malformed: the policy makes no sense; nothing was stored.
        """
        await self._allowed(principal, kind, place)
        wanted = None if policy is None else policy.checked()
        await self._committer.write(SetFilter(principal.workspace, kind, place, wanted, principal.user))
        self._forget(principal.workspace)
        return await self.policy(principal, kind, place)

    async def listings(
        self, principal: Principal, kind: Listed | None, after: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """A page of the list, newest first."""
        require(principal, Verb.MODERATE)
        found = await self._store.listings(principal.workspace, kind, after, limit)
        return [listing_object(each) for each in found]

    async def put(
        self, principal: Principal, kind: Listed, value: str, decision: str, name: str
    ) -> dict[str, Any]:
        """Put something on the list; what stood there for the same value is replaced.

        Raises:
            Malformed: it is nothing of its kind, or a rule that must not be entered.
            Conflict: the list is full.
        """
        require(principal, Verb.MODERATE)
        wanted = listed_value(kind, value)
        before = await self._store.listed(principal.workspace, kind, wanted)
        made = Listing(
            new_id() if before is None else before.id,
            principal.workspace,
            kind,
            wanted,
            decision,
            name.strip(),
            principal.user,
            time.time(),
        )
        self.check(made)
        if before is None and await self._store.listing_count(principal.workspace) >= MAX_LISTINGS:
            raise Conflict(f"The list has {MAX_LISTINGS} entries; take some off first.", code="list_full")
        await self._committer.write(List(principal.workspace, made))
        self._forget(principal.workspace)
        return listing_object(made)

    async def always(
        self, principal: Principal, held: Sequence[Mapping[str, Any]], kinds: Sequence[str], decision: str
    ) -> None:
        """Put what was decided about messages on the list: their senders, links, phones, handles, or whole texts.

        Raises:
            Conflict: the list is full; what was put on it before stays.
        """
        found: dict[tuple[Listed, str], None] = {}
        for each in held:
            text = str(each["text"])
            if "sender" in kinds:
                found[(Listed.SENDER, str(each["sender"]["id"]))] = None
            if "phrase" in kinds and len(phrase := text.strip()[:MAX_LISTED_CHARS]) >= MIN_PHRASE_CHARS:
                found[(Listed.PHRASE, phrase)] = None
            found.update({one: None for one in self.contacts(text) if f"{one[0].value}s" in kinds})
        for kind, value in found:
            await self.put(principal, kind, value, decision, "decided in review")

    async def drop(self, principal: Principal, listing: int) -> None:
        """Take something off the list."""
        require(principal, Verb.MODERATE)
        found = await self._store.listing(principal.workspace, listing)
        if found is None:
            raise NotFound(f"There is no entry {listing} on the list.")
        await self._committer.write(Unlist(principal.workspace, replace(found), principal.user))
        self._forget(principal.workspace)

    async def _allowed(self, principal: Principal, kind: PlaceKind, place: int) -> int | None:
        """Let who may decide about a place pass; the inbox of a conversation.

        Raises:
            NotFound, Forbidden: there is no such place here, or it is not the principal's to decide.
        """
        match kind:
            case PlaceKind.WORKSPACE:
                require(principal, Verb.ADMINISTER)
                if place != principal.workspace:
                    raise NotFound(f"There is no workspace {place} here.")
            case PlaceKind.INBOX:
                require(principal, Verb.ADMINISTER)
                if all(each.id != place for each in await self._accounts.inboxes(principal.workspace)):
                    raise NotFound(f"There is no inbox {place} here.")
            case PlaceKind.CONVERSATION:
                if may(principal, Verb.ADMINISTER):
                    found = await self._conversations.find(place, principal.workspace)
                    if found is None:
                        raise NotFound(f"There is no conversation {place} here.")
                    return found.inbox
                seat = await self._access.fresh_seat(principal, place)
                support = seat.conversation.kind is ConversationKind.SUPPORT
                if support or not may(principal, Verb.CONFIGURE, seat):
                    raise Forbidden(
                        "Only administrators and a group's owners decide how messages are judged."
                    )
                return seat.conversation.inbox
        return None


def policy_object(policy: FilterPolicy) -> Mapping[str, Any]:
    """A policy on the wire; null is as in the wider place."""
    return asdict(policy)


def listing_object(listing: Listing) -> dict[str, Any]:
    """An entry of the list on the wire."""
    return {
        "id": str(listing.id),
        "kind": listing.kind,
        "value": listing.value,
        "decision": listing.decision,
        "name": listing.name,
        "by": str(listing.by),
        "at": stamp(listing.at),
    }


def _no_contacts(_: str) -> list[tuple[Listed, str]]:
    return []


def _anything(_: Listing) -> None:
    pass
