"""The one road: every message of whoever sends it comes through `Sender.send`."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from myna.conversations.access import Access
from myna.errors import Forbidden, Malformed, MynaError, Refused
from myna.ids import new_id
from myna.limits.bounds import Limits
from myna.log.committer import Committer, Settle
from myna.log.support import may_call
from myna.log.writes import Flag, Hold, Say
from myna.messages.compose import Composer, check_client_id, check_text, codes_of
from myna.model.conversation import ConversationKind
from myna.model.filtering import Filtering
from myna.model.message import Ack, Draft, MessageKind
from myna.model.moderation import Action, Case, Verdict
from myna.model.workspace import UserKind
from myna.moderation.judging import JUDGE_S, Judging, Outcome
from myna.ports.accounts import Accounts
from myna.ports.moderator import Moderator
from myna.rights import Principal, Seat, Verb, may, require
from myna.wire import user_object

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
        self._committer = committer
        self.judging = None if moderator is None else Judging(moderator)
        """Asks the moderator, if there is one."""
        self._turn_delay_s = turn_delay_s
        self.fail_closed = False
        """Whether such a message waits for a moderator; otherwise it passes. A place's policy counts for more."""
        self.filtering: Callable[[int], Awaitable[Filtering]] = _no_filtering
        """What a workspace decided about judging."""
        self.filtering_now: Callable[[int], Filtering | None] = Filtering
        """The same when it is known and fresh."""
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
        self.thread_closed: Callable[[int, int], Awaitable[bool]] | None = None
        """Whether a thread (conversation, seq), or with seq 0 what a group says outside of threads, is closed to all who do
        not run the conversation."""

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
        if thread is not None or seat.conversation.kind is ConversationKind.GROUP:
            await self._require_open(principal, seat, thread or 0)
        self._pace(principal, seat)
        made = {**await self._composer.body(principal, seat, body), **(parts or {})}
        draft = Draft(conversation, principal.user, client_id, made, MessageKind.TEXT, reply_to, thread)
        verdict = await self.judge(principal, seat, made["text"], client_id, age_ms, codes_of(made))
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
        reply_to: int | None,
        age_ms: int | None,
        settle: Settle,
    ) -> bool:
        """Whether a mere text could be judged and submitted without waiting for anybody: otherwise use `judged`.

        `settle` is called with its outcome. Drafts of one principal are submitted in the order in which they were given here
        or to `judged`.
        """
        seat = self._access.known_seat(principal, conversation)
        if seat is None or (principal.operator and seat.conversation.kind is ConversationKind.SUPPORT):
            return False
        if len(body) != 1 or "text" not in body:
            return False
        filtering = None if self.judging is None else self.filtering_now(principal.workspace)
        if self.judging is not None and filtering is None:
            return False
        check_client_id(client_id)
        text = check_text(body)
        require(principal, Verb.SEND, seat)
        if reply_to is not None and reply_to < 1:
            raise Malformed("reply_to must be the seq of a message.")
        self._pace(principal, seat)
        draft = Draft(conversation, principal.user, client_id, {"text": text}, MessageKind.TEXT, reply_to)
        if self.judging is None or filtering is None:
            self._committer.submit_then(self._text(principal, seat, draft, None), settle)
        else:
            case = self._case(principal, seat, text, client_id, age_ms, filtering)
            self.judging.submit(case, partial(self._submit_judged, principal, seat, draft, settle))
        return True

    def _submit_judged(
        self, principal: Principal, seat: Seat, draft: Draft, settle: Settle, outcome: Outcome
    ) -> None:
        """Submit what came of judging."""
        try:
            if isinstance(outcome, MynaError):
                raise outcome
            if outcome is not None and outcome.action in {Action.HOLD, Action.BLOCK}:
                hold = Hold(new_id(), draft, outcome, seat.observer)
                if outcome.action is Action.HOLD:
                    self._committer.submit_then(hold, settle)
                elif self.judging is not None:
                    self.judging.spawn(self._settle_refused(principal, hold, settle))
            else:
                self._committer.submit_then(self._text(principal, seat, draft, outcome), settle)
        except MynaError as refused:
            settle(refused)

    async def _settle_refused(self, principal: Principal, hold: Hold, settle: Settle) -> None:
        try:
            await self._refuse(principal, hold)
        except MynaError as refused:
            settle(refused)
        except Exception:
            logger.exception("a refused message could not be stored")
            settle(MynaError("The message could not be stored; send it again.", code="not_stored"))

    def _text(self, principal: Principal, seat: Seat, draft: Draft, verdict: Verdict | None) -> Say:
        return Say(
            draft,
            observer=seat.observer,
            turn_delay_s=self._turn_delay_s,
            rouse=principal.kind is not UserKind.BOT,
            flag=Flag(new_id(), verdict) if verdict is not None and verdict.action is Action.FLAG else None,
            aside=0 if self.judging is None or principal.kind is UserKind.BOT else new_id(),
        )

    async def _require_open(self, principal: Principal, seat: Seat, thread: int) -> None:
        """Let a draft for a thread pass.

        Raises:
            Forbidden: the thread is closed, and the sender does not run the conversation.
        """
        if self.thread_closed is None or may(principal, Verb.CONFIGURE, seat):
            return
        if await self.thread_closed(seat.conversation.id, thread):
            raise Forbidden("This topic is closed.", code="topic_closed")

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
            aside=0 if self.judging is None or operator or principal.kind is UserKind.BOT else new_id(),
        )

    async def judge(
        self,
        principal: Principal,
        seat: Seat,
        text: str,
        client_id: str,
        age_ms: int | None = None,
        codes: tuple[str, ...] = (),
    ) -> Verdict | None:
        """The moderator's verdict on a text, and on what QR codes in its pictures say, in this place; None when there is no
        moderator or it failed."""
        if self.judging is None:
            return None
        try:
            async with asyncio.timeout(JUDGE_S):
                filtering = await self.filtering(principal.workspace)
        except MynaError:
            raise
        except Exception as wrong:
            return self.judging.failed(wrong, closed=self.fail_closed)
        return await self.judging.outcome(
            self._case(principal, seat, text, client_id, age_ms, filtering, codes)
        )

    def _case(
        self,
        principal: Principal,
        seat: Seat,
        text: str,
        client_id: str,
        age_ms: int | None,
        filtering: Filtering,
        codes: tuple[str, ...] = (),
    ) -> Case:
        now, place = time.time(), seat.conversation
        return Case(
            principal.workspace,
            place.id,
            place.kind,
            principal.user,
            principal.kind,
            text,
            now,
            client_id,
            policy=filtering.of(place.id, place.inbox, closed=self.fail_closed),
            filtering=filtering,
            written_at=None if age_ms is None else now - age_ms / 1000,
            codes=codes,
        )


def _nothing(_: int) -> str:
    return ""


async def _no_filtering(workspace: int) -> Filtering:
    return Filtering(workspace)
