"""The one road: every message of whoever sends it comes through `Sender.send`."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from myna.access import Access
from myna.compose import Composer, check_client_id, check_text
from myna.errors import Malformed, MynaError, Refused
from myna.filtering import Filtering
from myna.ids import new_id
from myna.limits import Limits
from myna.log.committer import Committer
from myna.log.support import may_call
from myna.log.writes import Flag, Hold, Say
from myna.model import Ack, ConversationKind, Draft, MessageKind, UserKind
from myna.model_moderation import Action, Case, Reason, Verdict
from myna.ports import Accounts, Moderator
from myna.rights import Principal, Seat, Verb, require
from myna.wire import user_object

JUDGE_S = 0.25
"""Deadline of moderation. What happens to a message then says `Sender.fail_closed`."""

logger = logging.getLogger(__name__)


class Sender:
    """Checks, judges and stores drafts. When `send` returns, the message is durable."""

    def __init__(
        self,
        access: Access,
        accounts: Accounts,
        composer: Composer,
        committer: Committer,
        moderator: Moderator | None,
        turn_delay_s: float,
    ) -> None:
        self._access, self._accounts, self._composer = access, accounts, composer
        self._committer, self._moderator = committer, moderator
        self._turn_delay_s = turn_delay_s
        self.judge_failures: Counter[str] = Counter()
        """How often judging failed since the start of this process, by `deadline`, `error` and by layer."""
        self.fail_closed = False
        """Whether such a message waits for a moderator; otherwise it passes. A place's policy counts for more."""
        self.filtering: Callable[[int], Awaitable[Filtering]] = _no_filtering
        """What a workspace decided about judging."""
        self.held: Callable[[int, int], Awaitable[None]] | None = None
        """Told (held id, workspace) when a message was put aside, to tell the moderators."""
        self.streamed: Callable[[int], str] = _nothing
        """What an agent has said so far in a conversation: it stays when an operator's words end its answer."""
        self.limits: Limits | None = None
        """How much people and visitors may say; bots have their `throttle`, and agents speak when they are asked."""
        self.asked: Callable[[Principal], None] | None = None
        """Told of each draft of a visitor for a support conversation."""
        self.throttle: Callable[[Principal, int], None] | None = None
        """Counts a draft of a bot before it is judged; raises TooMany when it sends too fast."""

    async def send(
        self,
        principal: Principal,
        conversation: int,
        client_id: str,
        body: Mapping[str, Any],
        reply_to: int | None = None,
        thread: int | None = None,
        *,
        parts: Mapping[str, Any] | None = None,
        age_ms: int | None = None,
    ) -> Ack:
        """The ack of a durable message, or of one that waits for a moderator (`held`).

        `age_ms` says how long ago it was written, when it waited in the client.

        Resending the same draft gives the first result with `duplicate`, over whatever transport.

        Raises:
            Malformed, TooLarge: the draft has the wrong shape.
            NotFound, Forbidden: the conversation is not visible, or only for reading.
            Conflict: the client_id was used for another body.
            Refused: policy blocks the message.
            Busy: nothing was stored; send again.
        """
        write = await self.judged(
            principal, conversation, client_id, body, reply_to, thread, parts=parts, age_ms=age_ms
        )
        return await self.settled(principal, await self._committer.write(write))

    async def judged(
        self,
        principal: Principal,
        conversation: int,
        client_id: str,
        body: Mapping[str, Any],
        reply_to: int | None = None,
        thread: int | None = None,
        *,
        parts: Mapping[str, Any] | None = None,
        counted: bool = True,
        age_ms: int | None = None,
    ) -> Say | Hold:
        """The checked and judged write of a draft, for a caller that submits several in order. Raises as `send` does.

        `parts` are further parts of the body (a card, a form), checked by the surface that made them; what they say must
        also be in the text, since that is what is judged and searched.
        """
        check_client_id(client_id)
        seat = await self._access.seat(principal, conversation)
        require(principal, Verb.SEND, seat)
        if reply_to is not None and reply_to < 1:
            raise Malformed("reply_to must be the seq of a message.")
        if thread is not None and thread < 1:
            raise Malformed("thread must be the seq of the message that it begins with.")
        if counted and self.throttle is not None and principal.scopes is not None:
            self.throttle(principal, conversation)
        self._pace(principal, seat)
        made = {**await self._composer.body(principal, seat, body), **(parts or {})}
        draft = Draft(conversation, principal.user, client_id, made, MessageKind.TEXT, reply_to, thread)
        verdict = await self.judge(principal, seat, made["text"], client_id, age_ms)
        if verdict is not None and verdict.action is Action.BLOCK:
            await self._refuse(principal, Hold(new_id(), draft, verdict, seat.observer))
        if verdict is not None and verdict.action is Action.HOLD:
            return Hold(new_id(), draft, verdict, seat.observer)
        return await self._say(principal, seat, draft, verdict)

    def at_once(
        self,
        principal: Principal,
        conversation: int,
        client_id: str,
        body: Mapping[str, Any],
        reply_to: int | None = None,
    ) -> Say | None:
        """What `judged` gives for a mere text when nobody has to be asked, or None: then use `judged`."""
        if self._moderator is not None:
            return None
        seat = self._access.known_seat(principal, conversation)
        if seat is None or (principal.operator and seat.conversation.kind is ConversationKind.SUPPORT):
            return None
        if len(body) != 1 or "text" not in body:
            return None
        check_client_id(client_id)
        text = check_text(body)
        require(principal, Verb.SEND, seat)
        if reply_to is not None and reply_to < 1:
            raise Malformed("reply_to must be the seq of a message.")
        self._pace(principal, seat)
        return Say(
            Draft(conversation, principal.user, client_id, {"text": text}, MessageKind.TEXT, reply_to),
            observer=seat.observer,
            turn_delay_s=self._turn_delay_s,
            rouse=principal.kind is not UserKind.BOT,
        )

    def _pace(self, principal: Principal, seat: Seat) -> None:
        """Count a draft of a person or visitor.

        Raises:
            TooMany: it, its conversation or its inbox had too many lately; nothing was stored.
        """
        if self.limits is None or principal.kind is UserKind.BOT:
            return
        visitor, place = principal.kind is UserKind.VISITOR, seat.conversation
        self.limits.use("message_visitor" if visitor else "message_user", principal.user)
        self.limits.use("message_conversation", place.id)
        if visitor and place.inbox is not None:
            if self.asked is not None:
                self.asked(principal)
            self.limits.use("message_inbox", place.inbox)

    async def settled(self, principal: Principal, outcome: object) -> Ack:
        """The ack in a commit's outcome; moderators hear of a message that was put aside."""
        assert isinstance(outcome, Ack)
        aside = outcome.held if outcome.held is not None else outcome.flagged
        if self.held is not None and aside is not None and not outcome.duplicate:
            await self.held(aside, principal.workspace)
        return outcome

    async def _refuse(self, principal: Principal, write: Hold) -> None:
        """Store that a message was refused, so that its sender can appeal and moderators see it; then refuse it."""
        outcome = await self._committer.write(write)
        assert isinstance(outcome, Ack)
        await self.settled(principal, outcome)
        extra = {"reasons": [each.code for each in write.verdict.reasons], "held": str(outcome.held)}
        raise Refused("This message was refused by the rules of this place.", extra=extra)

    async def _say(self, principal: Principal, seat: Seat, draft: Draft, verdict: Verdict | None) -> Say:
        operator = principal.operator and seat.conversation.kind is ConversationKind.SUPPORT
        data: Mapping[str, Any] = {}
        if operator:
            user = await self._accounts.user(principal.user)
            data = user_object(user) if user is not None else {}
        return Say(
            draft,
            observer=seat.observer,
            operator=operator,
            sender_data=data,
            partial=self.streamed(draft.conversation) if operator else "",
            turn_delay_s=self._turn_delay_s,
            rouse=principal.kind is not UserKind.BOT or may_call(draft.body["text"]),
            flag=Flag(new_id(), verdict) if verdict is not None and verdict.action is Action.FLAG else None,
            # Who is not judged has nothing that waits.
            aside=0 if self._moderator is None or operator or principal.kind is UserKind.BOT else new_id(),
        )

    async def judge(
        self, principal: Principal, seat: Seat, text: str, client_id: str, age_ms: int | None = None
    ) -> Verdict | None:
        """The moderator's verdict on a text in this place; None when there is no moderator or it failed."""
        if self._moderator is None:
            return None
        now = time.time()
        case = Case(
            principal.workspace,
            seat.conversation.id,
            seat.conversation.kind,
            principal.user,
            principal.kind,
            text,
            now,
            client_id,
            written_at=None if age_ms is None else now - age_ms / 1000,
        )
        closed = self.fail_closed
        try:
            async with asyncio.timeout(JUDGE_S):
                filtering = await self.filtering(principal.workspace)
                policy = filtering.of(seat.conversation.id, seat.conversation.inbox)
                closed = closed if policy.fails is None else policy.fails == "closed"
                if policy.off:
                    return None
                return await self._moderator.judge(
                    replace(
                        case,
                        policy=replace(policy, fails="closed" if closed else "open"),
                        filtering=filtering,
                    )
                )
        except MynaError:
            raise
        except Exception as wrong:
            late = isinstance(wrong, TimeoutError)
            self.judge_failures["deadline" if late else "error"] += 1
            # Where the time went is in no trace of a timeout, and an overloaded server must not write one per message.
            logger.warning(
                "moderation %s; the message %s",
                "took too long" if late else "failed",
                "waits for a moderator" if closed else "passes",
                exc_info=None if late else wrong,
            )
            if closed:
                return Verdict(Action.HOLD, (Reason("moderation.failed", "", 1.0),), 1.0)
            return None


def _nothing(_: int) -> str:
    return ""


async def _no_filtering(workspace: int) -> Filtering:
    return Filtering(workspace)
