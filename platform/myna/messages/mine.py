"""A user's own things on all its devices: saved messages, deletions, drafts, messages for later, mentions."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from myna.conversations.access import Access
from myna.errors import Malformed, MynaError, NotFound
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.personal_writes import (
    EndScheduled,
    Expire,
    Hide,
    OpenSaved,
    Retain,
    Schedule,
    SetDraft,
    SetNotify,
)
from myna.log.plan import Opened
from myna.messages.compose import Composer, check_client_id, check_text
from myna.messages.send import Sender
from myna.model.message import SavedDraft, Scheduled, ScheduledState
from myna.ports.accounts import Accounts
from myna.ports.content import Personal
from myna.rights import Principal, Verb, principal_of, require
from myna.wire import message_object, stamp

MAX_HIDDEN = 200
MAX_AHEAD_S = 366 * 86_400
NOTIFY = ("all", "mentions", "none")
TICK_S = 5.0
"""Longest sleep between looks for what is due; a message scheduled by another process may be this late."""
RETAIN_EVERY_S = 600.0
DUE_PAGE = 100

logger = logging.getLogger(__name__)


class Mine:
    """What one user does for itself. The user's other devices hear of it in its own conversation (`mine.changed`)."""

    def __init__(self, access: Access, composer: Composer, committer: Committer, personal: Personal) -> None:
        self._access, self._composer = access, composer
        self._committer, self._personal = committer, personal
        self.wake = asyncio.Event()
        """Set when something was scheduled, so that the timer looks again."""

    async def saved(self, principal: Principal) -> int:
        """The user's own conversation, opened at its first use."""
        known = await self._personal.saved(principal.user)
        if known is not None:
            return known
        opened = await self._committer.write(OpenSaved(principal.user, principal.workspace, new_id()))
        assert isinstance(opened, Opened)
        return opened.conversation.id

    async def hide(self, principal: Principal, conversation: int, seqs: tuple[int, ...], up_to: int) -> None:
        """Delete messages for oneself: single ones, or everything up to one. Nobody else is affected."""
        if not seqs and not up_to:
            raise Malformed("Give seqs or up_to.")
        if len(seqs) > MAX_HIDDEN:
            raise Malformed(f"At most {MAX_HIDDEN} messages are deleted at once.")
        await self._access.seat(principal, conversation)
        await self._committer.write(
            Hide(principal.user, principal.workspace, new_id(), conversation, seqs, up_to)
        )
        self._access.forget(conversation)

    async def notify(self, principal: Principal, conversation: int, notify: str) -> None:
        """Say what to be told of in a conversation."""
        if notify not in NOTIFY:
            raise Malformed(f"notify is one of {', '.join(NOTIFY)}.")
        await self._access.seat(principal, conversation)
        await self._committer.write(
            SetNotify(principal.user, principal.workspace, new_id(), conversation, notify)
        )
        self._access.forget(conversation)

    async def keep_draft(
        self,
        principal: Principal,
        conversation: int,
        text: str | None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> None:
        """Keep what was begun to write for the other devices; None when it was sent or emptied."""
        body = None if text is None else {"text": check_text({"text": text})}
        await self._access.seat(principal, conversation)
        await self._committer.write(
            SetDraft(principal.user, principal.workspace, new_id(), conversation, body, reply_to, thread)
        )

    async def drafts(self, principal: Principal) -> list[dict[str, Any]]:
        """What was begun to write, newest first."""
        return [draft_object(each) for each in await self._personal.drafts(principal.user)]

    async def schedule(
        self,
        principal: Principal,
        conversation: int,
        client_id: str,
        body: Mapping[str, Any],
        *,
        due_at: float,
        reply_to: int | None = None,
        thread: int | None = None,
        known: int | None = None,
    ) -> dict[str, Any]:
        """Keep a message for later, or change the one that `known` names. It is judged when it is sent.

        Raises:
            Malformed: it is due in the past or more than a year ahead.
            Conflict: it was sent meanwhile.
        """
        check_client_id(client_id)
        if not time.time() < due_at <= time.time() + MAX_AHEAD_S:
            raise Malformed("A message for later is due in the future, at most a year ahead.")
        seat = await self._access.seat(principal, conversation)
        require(principal, Verb.SEND, seat)
        await self._composer.body(principal, seat, body)
        if known is not None and known not in {
            each.id for each in await self._personal.scheduled(principal.user)
        }:
            raise NotFound(f"There is no message {known} for later.")
        message = Scheduled(
            known or new_id(),
            principal.workspace,
            principal.user,
            conversation,
            client_id,
            dict(body),
            reply_to,
            thread,
            due_at,
        )
        made = await self._committer.write(Schedule(principal.user, principal.workspace, new_id(), message))
        assert isinstance(made, Scheduled)
        self.wake.set()
        return scheduled_object(made)

    async def scheduled(self, principal: Principal) -> list[dict[str, Any]]:
        """Messages for later that wait or failed, the next one first."""
        return [scheduled_object(each) for each in await self._personal.scheduled(principal.user)]

    async def give_up(self, principal: Principal, scheduled: int) -> None:
        """Do not send a message for later."""
        await self._committer.write(
            EndScheduled(principal.user, principal.workspace, new_id(), scheduled, None)
        )

    async def mentions(
        self, principal: Principal, before: tuple[float, int, int] | None, limit: int
    ) -> tuple[list[dict[str, Any]], tuple[float, int, int] | None]:
        """Messages that call the user by name, newest first, and where the next page begins."""
        found = await self._personal.mentions(principal.user, before=before, limit=limit)
        last = found[-1] if len(found) == limit else None
        following = None if last is None else (last.created_at, last.conversation, last.seq)
        return [message_object(each) for each in found], following


class Timer:
    """Does what is due: sends messages for later, takes away what disappears or is kept long enough.

    Any number of processes may run one: a message for later is one message by its client_id, and taking words away twice
    changes nothing.
    """

    def __init__(
        self,
        mine: Mine,
        accounts: Accounts,
        sender: Sender,
        committer: Committer,
        personal: Personal,
        collect: Callable[[float], Awaitable[int]],
    ) -> None:
        self._collect = collect
        self._mine, self._accounts, self._sender = mine, accounts, sender
        self._committer, self._personal = committer, personal
        self._retained_at = 0.0

    async def run(self) -> None:
        """Look for what is due until cancelled."""
        while True:
            now = time.time()
            await self.once(now)
            next_due = await self._personal.next_due()
            wait_s = TICK_S if next_due is None else max(0.0, min(TICK_S, next_due - time.time()))
            self._mine.wake.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._mine.wake.wait()
            except TimeoutError:
                continue

    async def once(self, now: float) -> None:
        """Do everything that is due at this time (unix seconds)."""
        for message in await self._personal.due(now, DUE_PAGE):
            await self._send(message)
        for conversation, seqs in (await self._personal.expired(now, DUE_PAGE * 10)).items():
            await self._committer.write(Expire(conversation, tuple(seqs)))
        if now - self._retained_at >= RETAIN_EVERY_S:
            self._retained_at = now
            for conversation, through in await self._personal.to_retain(now):
                await self._committer.write(Retain(conversation, through))
            await self._collect(now)

    async def _send(self, message: Scheduled) -> None:
        state, error = ScheduledState.SENT, None
        try:
            user = await self._accounts.user(message.user)
            if user is None:
                raise NotFound("Its sender is gone.")
            principal = principal_of(user)
            await self._sender.send(
                principal,
                message.conversation,
                message.client_id,
                message.body,
                message.reply_to,
                message.thread,
            )
        except MynaError as refused:
            if refused.temporary:
                logger.info("a message for later waits: %s", refused)
                return
            state, error = ScheduledState.FAILED, refused.code
        await self._committer.write(
            EndScheduled(message.user, message.workspace, new_id(), message.id, state, error)
        )


def draft_object(draft: SavedDraft) -> dict[str, Any]:
    """A draft as its user sees it."""
    return {
        "conversation": str(draft.conversation),
        "body": draft.body,
        "reply_to": draft.reply_to,
        "thread": draft.thread,
        "at": stamp(draft.at),
    }


def scheduled_object(message: Scheduled) -> dict[str, Any]:
    """A message for later as its user sees it."""
    return {
        "id": str(message.id),
        "conversation": str(message.conversation),
        "client_id": message.client_id,
        "body": message.body,
        "reply_to": message.reply_to,
        "thread": message.thread,
        "due_at": stamp(message.due_at),
        "state": message.state,
        "error": message.error,
    }
