"""One batch while it is planned: numbers are taken and rows written down here, so that no rule can forget one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from myna.errors import Conflict, Forbidden, NotFound, Refused
from myna.log.audit import linked
from myna.log.plan import DedupKey, Done, HeldDraft, Published, Seen, Sheet, State, TurnDraft, digest_of
from myna.model.conversation import Conversation, ConversationKind, Invite, JoinRequest, Member, MemberRole
from myna.model.message import Ack, Draft, Event, EventKind, Message, MessageKind, MessageState
from myna.model.moderation import Held, HeldState
from myna.model.ticket import Ticket
from myna.wire import message_object, ticket_object

MESSAGE_EVENTS = frozenset(
    {
        EventKind.MESSAGE_CREATED,
        EventKind.MESSAGE_FINISHED,
        EventKind.MESSAGE_EDITED,
        EventKind.MESSAGE_RECALLED,
    }
)
"""Their data is the message as it is when read, so that a recalled text stays nowhere."""


@dataclass(slots=True)
class Batch:
    """State, sheet and events of the batch being planned, at one commit time."""

    state: State
    now: float
    sheet: Sheet = field(default_factory=Sheet)
    published: list[Published] = field(default_factory=list[Published])

    def conversation(self, conversation: int) -> Conversation:
        """The conversation as this batch has it so far."""
        found = self.state.conversations.get(conversation)
        if found is None:
            raise NotFound(f"There is no conversation {conversation}.")
        return found

    def require_seat(self, conversation: int, user: int) -> Member:
        """The user's seat at commit time; whoever has left meanwhile is refused."""
        seat = self.state.members.get((conversation, user))
        if seat is None or seat.to_seq is not None:
            raise Forbidden("Only members can do this here.", code="not_a_member")
        return seat

    def event(
        self,
        conversation: int,
        kind: EventKind,
        data: Mapping[str, Any],
        *,
        seq: int | None = None,
        joined: tuple[int, ...] = (),
        left: tuple[int, ...] = (),
        head: int | None = None,
    ) -> Event:
        """Take the next `rev` and `pos` and write the event down; both are dense. `head` is the new `seq` of a new message."""
        before = self.conversation(conversation)
        self.state.pos += 1
        made = Event(conversation, before.rev + 1, self.state.pos, kind, seq, data)
        self.state.conversations[conversation] = before.moved(
            before.seq if head is None else head, made.rev, made.pos, self.now
        )
        self.sheet.touched.add(conversation)
        stored = kind not in MESSAGE_EVENTS
        self.sheet.events.append((made, stored))
        support = before.kind is ConversationKind.SUPPORT
        self.published.append(Published(made, before.workspace, support, joined, left))
        return made

    def message(
        self,
        draft: Draft,
        state: MessageState = MessageState.SENT,
        digest: str | None = None,
        at: float | None = None,
    ) -> Message:
        """Take the next `seq` and put the message into the log; `at` is when it was said, if that is not now."""
        before = self.conversation(draft.conversation)
        made = Message(
            draft.conversation,
            before.seq + 1,
            draft.sender,
            draft.client_id,
            draft.kind,
            state,
            draft.body,
            self.now if at is None else at,
            draft.reply_to,
            draft.thread,
            expires_at=self.now + before.policy.expire_s if before.policy.expire_s else None,
        )
        event = self.event(
            draft.conversation,
            EventKind.MESSAGE_CREATED,
            message_object(made),
            seq=made.seq,
            head=made.seq,
        )
        digest = digest or digest_of(draft.body, draft.reply_to, draft.thread)
        self.sheet.messages.append((made, digest, event.rev))
        key = (draft.conversation, draft.sender, draft.client_id)
        self.state.seen[key] = Seen(digest, made.seq, event.rev, self.now)
        if state is MessageState.STREAMING:
            self.state.streaming[(made.conversation, made.seq)] = made
        return made

    def finish(self, conversation: int, seq: int, body: Mapping[str, Any], state: MessageState) -> Message:
        """End a streamed message with its final text."""
        before = self.state.streaming.pop((conversation, seq), None)
        if before is None:
            raise Conflict("This message is not being streamed any more.", code="stale_turn")
        made = replace(before, body=body, state=state)
        self.event(conversation, EventKind.MESSAGE_FINISHED, message_object(made), seq=seq)
        self.sheet.finished.append(made)
        if (conversation, seq) in self.state.messages:
            self.state.messages[(conversation, seq)] = made
        return made

    def change(self, message: Message, kind: EventKind | None) -> Event | None:
        """Write a changed message down, and tell its readers unless `kind` is None."""
        key = (message.conversation, message.seq)
        self.state.messages[key] = message
        self.sheet.changed[key] = message
        if kind is None:
            return None
        return self.event(message.conversation, kind, message_object(message), seq=message.seq)

    def finish_command(self, key: DedupKey, done: Done) -> Ack:
        """Remember a change by its client_id; the ack for whoever asked for it."""
        self.state.done[key] = done
        self.sheet.commands.append((key, done))
        return Ack(key[0], key[2], done.seq, done.rev, done.at)

    def done_before(self, key: DedupKey, digest: str) -> Ack | None:
        """The first result when this change came before.

        Raises:
            Conflict: the same client_id came with another change; nothing is stored.
        """
        done = self.state.done.get(key)
        if done is None:
            return None
        if done.digest != digest:
            raise Conflict(
                f"client_id {key[2]!r} was used for another change; make a new one.",
                code="client_id_conflict",
            )
        return Ack(key[0], key[2], done.seq, done.rev, done.at, duplicate=True)

    def notice(self, conversation: int, actor: int, body: Mapping[str, Any]) -> Message:
        """Put into the log what happened, for everybody in the conversation to see."""
        client_id = f"notice:{self.state.pos + 1}"
        return self.message(Draft(conversation, actor, client_id, body, MessageKind.NOTICE))

    def put_ticket(self, ticket: Ticket) -> Ticket:
        """Write a ticket down and tell its readers."""
        self.state.tickets[ticket.conversation] = ticket
        self.sheet.tickets.add(ticket.conversation)
        self.event(ticket.conversation, EventKind.TICKET_CHANGED, ticket_object(ticket))
        return ticket

    def put_turn(self, turn: TurnDraft) -> None:
        """Write a turn down."""
        self.state.turns[turn.id] = turn
        self.sheet.turns.add(turn.id)

    def put_member(self, member: Member) -> None:
        """Write a seat down."""
        if not member.joined_at:
            member = replace(member, joined_at=self.now)
        self.state.members[(member.conversation, member.user)] = member
        self.sheet.members[(member.conversation, member.user)] = member

    def joined(self, conversation: int, user: int, role: MemberRole, user_data: Mapping[str, Any]) -> None:
        """Tell the readers about a seat that was just written down."""
        seat = self.state.members[(conversation, user)]
        data = {"user": {"id": str(user), **user_data}, "role": role, "from_seq": seat.from_seq}
        self.event(conversation, EventKind.MEMBER_JOINED, data, joined=(user,))

    def add_agent(self, conversation: int, agent: int) -> None:
        """Let the write path know that this agent listens here."""
        before = self.conversation(conversation)
        self.state.conversations[conversation] = replace(before, agents=(*before.agents, agent))

    def drop_agent(self, conversation: int, agent: int) -> None:
        """Let the write path know that this agent is gone."""
        before = self.conversation(conversation)
        left = tuple(each for each in before.agents if each != agent)
        self.state.conversations[conversation] = replace(before, agents=left)

    def put_invite(self, invite: Invite) -> Invite:
        """Write a link down."""
        self.state.invites[invite.id] = self.sheet.invites[invite.id] = invite
        return invite

    def put_request(self, request: JoinRequest) -> JoinRequest:
        """Write a wish to come in down."""
        key = (request.conversation, request.user)
        self.state.requests[key] = self.sheet.requests[key] = request
        return request

    def put_held(self, held: Held, digest: str) -> None:
        """Write a held message down; its client_id counts as seen."""
        self.state.held[held.id] = HeldDraft(held, digest)
        self.sheet.held.add(held.id)
        key = (held.conversation, held.sender, held.client_id)
        if held.seq is None:
            self.state.seen[key] = Seen(digest, None, None, held.created_at, held.id, held.state)

    def audit(
        self, workspace: int, actor: int | None, action: str, subject: str, data: Mapping[str, Any]
    ) -> None:
        """Put the next line into a workspace's audit log; no actor means the server itself."""
        number, before = self.state.audits[workspace]
        made = linked(workspace, number + 1, self.now, actor, action, subject, data, before)
        self.state.audits[workspace] = (made.number, made.hash)
        self.sheet.audit.append(made)

    def duplicate(self, draft: Draft, digest: str) -> Ack | None:
        """The first result when this draft came before.

        Raises:
            Conflict: the same client_id came with another body; nothing is stored.
            Refused: a moderator blocked the first one.
        """
        key: DedupKey = (draft.conversation, draft.sender, draft.client_id)
        seen = self.state.seen.get(key)
        if seen is None:
            return None
        if seen.digest != digest:
            raise Conflict(
                f"client_id {draft.client_id!r} was used for another message; make a new one.",
                code="client_id_conflict",
            )
        if seen.seq is None and seen.state is HeldState.BLOCKED:
            raise Refused("A moderator refused this message.")
        waits = seen.held if seen.seq is None and seen.state is not HeldState.ALLOWED else None
        return Ack(
            draft.conversation, draft.client_id, seen.seq, seen.rev, seen.at, duplicate=True, held=waits
        )
