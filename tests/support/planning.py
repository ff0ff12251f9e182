"""A log in memory over the pure planner: it loads what the planner says it needs, and stores what it wrote down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from myna.errors import MynaError
from myna.log.audit import START
from myna.log.moderation import need_released
from myna.log.plan import Done, HeldDraft, Opened, Outcome, Published, Seen, State, TurnDraft
from myna.log.planner import needs_of, plan
from myna.log.support import turn_client_id
from myna.log.writes import (
    CloseTurn,
    DecideHeld,
    Hold,
    Interrupt,
    MoveTicket,
    OpenConversation,
    Say,
    TurnGuard,
    Write,
)
from myna.model.conversation import Conversation, ConversationKind, Invite, JoinRequest, Member, MemberRole
from myna.model.message import Ack, Draft, Event, EventKind, Message, MessageKind, MessageState, Scheduled
from myna.model.moderation import Action, AuditEntry, Held, HeldState, Verdict
from myna.model.ticket import Owner, Ticket, TicketStatus, Turn, TurnDecision, TurnState
from myna.rights import rank

WORKSPACE, INBOX = 1, 5
ANN, BOB, EVE = 11, 12, 13
VIC = 21
OPA, OTTO = 31, 32
BIRD, FINCH = 41, 42
GROUP, SUPPORT, SUPPORT_WITHOUT_AGENT = 101, 102, 103
DECISION = TurnDecision("answer", "test", "offline")
HOLD = Verdict(Action.HOLD)


@dataclass(slots=True)
class PlanLog:
    """Everything stored, and the clock (unix seconds) that `commit` moves on by one."""

    now: float = 1_000.0
    pos: int = 0
    conversations: dict[int, Conversation] = field(default_factory=dict)
    members: dict[tuple[int, int], Member] = field(default_factory=dict)
    messages: dict[tuple[int, int], Message] = field(default_factory=dict)
    digests: dict[tuple[int, int, str], list[Seen]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    turns: dict[int, TurnDraft] = field(default_factory=dict)
    held: dict[int, HeldDraft] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)
    done: dict[Any, Done] = field(default_factory=dict)
    reactions: set[Any] = field(default_factory=set)
    pins: dict[tuple[int, int], int] = field(default_factory=dict)
    versions: dict[tuple[int, int], list[Any]] = field(default_factory=dict)
    invites: dict[int, Invite] = field(default_factory=dict)
    requests: dict[tuple[int, int], JoinRequest] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    scheduled: dict[int, Scheduled] = field(default_factory=dict)
    drafts: dict[tuple[int, int], Any] = field(default_factory=dict)
    hidden: set[tuple[int, int, int]] = field(default_factory=set)
    mentions: set[tuple[int, int, int]] = field(default_factory=set)
    audits: dict[int, tuple[int, str]] = field(default_factory=dict)
    lines: list[AuditEntry] = field(default_factory=list)

    def commit(self, *batch: Write) -> list[Outcome]:
        """The outcomes of one transaction."""
        self.now += 1.0
        state = self._load(batch)
        committed, planned = plan(batch, state, self.now)
        self._store(planned.state, planned.sheet)
        self.published.extend(committed.published)
        return committed.outcomes

    def one(self, write: Write) -> Any:
        """The outcome of a lone write; raises when it was refused."""
        outcome = self.commit(write)[0]
        if isinstance(outcome, MynaError):
            raise outcome
        return outcome

    def _load(self, batch: tuple[Write, ...]) -> State:
        needs = needs_of(batch)
        state = State(epoch=7, pos=self.pos)
        state.held = {each: replace(self.held[each]) for each in needs.held & self.held.keys()}
        for waits in list(state.held.values()):
            need_released(needs, waits.held)
        for other in self.held.values():
            where = (other.held.conversation, other.held.sender)
            if where in needs.waiting and other.held.state is HeldState.WAITING:
                state.held.setdefault(other.held.id, replace(other))
        for user in needs.saved:
            for place, conversation in self.conversations.items():
                if conversation.kind is ConversationKind.SAVED and (place, user) in self.members:
                    state.saved[user] = place
                    needs.conversations.add(place)
        for place, ticket in self.tickets.items():
            if (ticket.inbox, ticket.visitor) in needs.support:
                state.support[(ticket.inbox, ticket.visitor)] = place
                needs.conversations.add(place)
        for place, conversation in self.conversations.items():
            users = sorted(user for where, user in self.members if where == place)
            pair = (users[0], users[-1])
            if conversation.kind is ConversationKind.DIRECT and pair in needs.direct:
                state.direct[pair] = place
                needs.conversations.add(place)
        state.conversations = {
            each: self.conversations[each] for each in needs.conversations & self.conversations.keys()
        }
        state.members = {each: self.members[each] for each in needs.members & self.members.keys()}
        for key in needs.drafts:
            for held in self.held.values():
                if (held.held.conversation, held.held.sender, held.held.client_id) == key:
                    found = held.held
                    state.seen[key] = Seen(
                        held.digest, found.seq, None, found.created_at, found.id, found.state
                    )
            if key in self.digests:
                state.seen[key] = self.digests[key][0]
        for place in needs.tickets:
            self._load_support(place, needs.questions, state)
        self._load_seats(needs, state)
        state.done = {key: self.done[key] for key in needs.commands & self.done.keys()}
        state.messages = {key: self.messages[key] for key in needs.messages & self.messages.keys()}
        for message in state.messages.values():
            seat = (message.conversation, message.sender)
            if seat in self.members:
                state.members[seat] = self.members[seat]
        for other in self.held.values():
            if (other.held.conversation, other.held.seq) in needs.flagged:
                state.held.setdefault(other.held.id, replace(other))
                state.flagged[(other.held.conversation, other.held.seq or 0)] = other.held.id
        workspaces = {each.workspace for each in self.conversations.values()} | needs.audited
        state.audits = {each: self.audits.get(each, (0, START)) for each in workspaces}
        state.reactions = needs.reactions & self.reactions
        for place in needs.pins:
            state.pins[place] = {seq for where, seq in self.pins if where == place}
        return state

    def _load_seats(self, needs: Any, state: State) -> None:
        state.invites = {each: self.invites[each] for each in needs.invites & self.invites.keys()}
        state.requests = {each: self.requests[each] for each in needs.requests & self.requests.keys()}
        state.scheduled = {each: self.scheduled[each] for each in needs.scheduled & self.scheduled.keys()}
        state.blocks = needs.blocks & self.blocks
        for pair, place in state.direct.items():
            state.members.update({(place, user): self.members[(place, user)] for user in pair})
        for place, count in needs.heirs.items():
            present = [
                each for each in self.members.values() if each.conversation == place and each.to_seq is None
            ]
            present.sort(key=lambda each: (-rank(each.role), each.joined_at, each.user))
            state.heirs[place] = present[:count]

    def _load_support(self, place: int, questions: set[int], state: State) -> None:
        if place in self.tickets:
            state.tickets[place] = self.tickets[place]
            owner = self.tickets[place].owner_user
            if owner is not None and (place, owner) in self.members:
                state.members[(place, owner)] = self.members[(place, owner)]
        for turn in self.turns.values():
            if turn.conversation == place and turn.state in {TurnState.QUEUED, TurnState.LEASED}:
                state.turns[turn.id] = replace(turn)
                message = self.messages.get((place, turn.seq or 0))
                if message is not None and message.state is MessageState.STREAMING:
                    state.streaming[(place, message.seq)] = message
        if place in questions and place in self.tickets:
            self._load_questions(place, state)

    def _load_questions(self, place: int, state: State) -> None:
        answers = {each.seq: each for each in self.turns.values() if each.conversation == place}
        for said in self.log(place):
            if said.kind is not MessageKind.TEXT or said.state is not MessageState.SENT:
                continue
            if said.sender == self.tickets[place].visitor:
                state.asked[place] = said.seq
            else:
                turn = answers.get(said.seq)
                state.answered[place] = turn.trigger_seq if turn else said.seq

    def _store(self, state: State, sheet: Any) -> None:
        self.pos = state.pos
        for each in sheet.opened.keys() | sheet.touched:
            self.conversations[each] = state.conversations[each]
        for message, digest, rev in sheet.messages:
            assert (message.conversation, message.seq) not in self.messages
            self.messages[(message.conversation, message.seq)] = message
            key = (message.conversation, message.sender, message.client_id)
            self.digests.setdefault(key, []).append(Seen(digest, message.seq, rev, message.created_at))
        for message in sheet.finished:
            self.messages[(message.conversation, message.seq)] = message
        self.messages.update(sheet.changed)
        self._store_marks(sheet)
        self.events.extend(event for event, _ in sheet.events)
        self.members.update(sheet.members)
        self.tickets.update({each: state.tickets[each] for each in sheet.tickets})
        self.turns.update({each: state.turns[each] for each in sheet.turns})
        self.held.update({each: state.held[each] for each in sheet.held})
        self.audits.update({each.workspace: (each.number, each.hash) for each in sheet.audit})
        self.lines.extend(sheet.audit)

    def _store_marks(self, sheet: Any) -> None:
        self.done.update(sheet.commands)
        self.invites.update(sheet.invites)
        self.requests.update(sheet.requests)
        self.scheduled.update(sheet.scheduled)
        self.drafts.update(sheet.drafts)
        self.hidden.update(sheet.hidden)
        self.mentions.update(sheet.mentions)
        for key, on in sheet.blocks.items():
            (self.blocks.add if on else self.blocks.discard)(key)
        for before, rev, editor in sheet.versions:
            key = (before.conversation, before.seq)
            self.versions.setdefault(key, []).append((rev, before.body, editor))
        for key, on in sheet.reactions.items():
            (self.reactions.add if on else self.reactions.discard)(key)
        for key, user in sheet.pins.items():
            if user is None:
                self.pins.pop(key, None)
            else:
                self.pins[key] = user
        for place in sheet.erased:
            self.versions.pop(place, None)
            self.reactions = {each for each in self.reactions if each[:2] != place}

    def log(self, conversation: int) -> list[Message]:
        """The messages of a conversation in order."""
        return [self.messages[key] for key in sorted(self.messages) if key[0] == conversation]

    def texts(self, conversation: int) -> list[str]:
        """What its messages say, notices by their code."""
        return [str(each.body.get("code") or each.body.get("text")) for each in self.log(conversation)]

    def waiting(self, conversation: int) -> list[TurnDraft]:
        """Its queued turns."""
        return [
            each
            for each in self.turns.values()
            if each.conversation == conversation and each.state is TurnState.QUEUED
        ]

    def lease(self, conversation: int, *, lease_s: float = 20.0) -> TurnDraft:
        """Lease its waiting turn, as a worker's queue does."""
        turn = self.waiting(conversation)[0]
        turn.state, turn.attempt, turn.due_at = TurnState.LEASED, turn.attempt + 1, self.now + lease_s
        return turn


def opened() -> PlanLog:
    """A log with a group of ann and bob, and a support conversation of vic with the agent bird, and one without an agent."""
    log = PlanLog()
    log.one(
        OpenConversation(
            GROUP,
            WORKSPACE,
            ConversationKind.GROUP,
            "Team",
            ((ANN, MemberRole.OWNER), (BOB, MemberRole.MEMBER)),
        )
    )
    log.one(
        OpenConversation(
            SUPPORT,
            WORKSPACE,
            ConversationKind.SUPPORT,
            "Vic",
            ((VIC, MemberRole.GUEST), (BIRD, MemberRole.MEMBER)),
            agents=(BIRD,),
            inbox=INBOX,
            visitor=VIC,
        )
    )
    made = log.one(
        OpenConversation(
            SUPPORT_WITHOUT_AGENT,
            WORKSPACE,
            ConversationKind.SUPPORT,
            "Vic",
            ((VIC, MemberRole.GUEST),),
            inbox=INBOX + 1,
            visitor=VIC,
        )
    )
    assert isinstance(made, Opened)
    return log


def say(conversation: int, sender: int, client_id: str, text: str = "hello", **more: Any) -> Say:
    """Somebody's message."""
    return Say(draft(conversation, sender, client_id, text), **more)


def draft(conversation: int, sender: int, client_id: str, text: str = "hello") -> Draft:
    """A draft of a text."""
    return Draft(conversation, sender, client_id, {"text": text})


def operator_says(conversation: int, operator: int, client_id: str, text: str = "I look into it") -> Say:
    """An operator writes into a support conversation without a seat in it."""
    return say(
        conversation,
        operator,
        client_id,
        text,
        observer=True,
        operator=True,
        sender_data={"id": str(operator), "name": f"Operator {operator}"},
    )


def hold(held: int, conversation: int, sender: int, client_id: str, text: str = "hello") -> Hold:
    """A message that a moderator must look at."""
    return Hold(held, draft(conversation, sender, client_id, text), HOLD)


def decide(held: int, conversation: int, *, allow: bool, workspace: int = WORKSPACE) -> DecideHeld:
    """The moderator's decision."""
    return DecideHeld(held, conversation, workspace, OPA, allow)


def claim(conversation: int, operator: int, *, epoch: int | None = None, partial: str = "") -> MoveTicket:
    """An operator takes the conversation."""
    return MoveTicket(
        conversation,
        operator,
        Owner.OPERATOR,
        owner_user=operator,
        owner_data={"name": f"Operator {operator}"},
        expected_epoch=epoch,
        notice={"code": "handoff.claimed"},
        partial=partial,
    )


def release(conversation: int, operator: int, to: Owner = Owner.AGENT) -> MoveTicket:
    """The operator gives it back."""
    return MoveTicket(conversation, operator, to, notice={"code": "handoff.released"})


def resolve(conversation: int, operator: int) -> MoveTicket:
    """The operator closes the matter."""
    return MoveTicket(
        conversation,
        operator,
        Owner.QUEUE,
        status=TicketStatus.RESOLVED,
        notice={"code": "ticket.resolved"},
    )


def guard(turn: Turn | TurnDraft) -> TurnGuard:
    """What a worker holds after leasing."""
    return TurnGuard(turn.id, turn.attempt, turn.epoch)


def stream(turn: Turn | TurnDraft) -> Say:
    """The worker opens the stream of its answer."""
    made = Draft(turn.conversation, turn.agent, turn_client_id(turn.id, turn.attempt), {"text": ""})
    return Say(made, state=MessageState.STREAMING, guard=guard(turn))


def close(
    turn: Turn | TurnDraft,
    body: Mapping[str, Any] | None,
    *,
    seq: int | None = None,
    move: MoveTicket | None = None,
    **more: Any,
) -> CloseTurn:
    """The worker ends its turn."""
    return CloseTurn(guard(turn), turn.conversation, turn.agent, DECISION, body, seq, move, **more)


def interrupt(turn: Turn | TurnDraft, partial: str = "") -> Interrupt:
    """The turn's lease ended."""
    return Interrupt(turn.id, turn.conversation, partial)


def acked(outcome: object) -> Ack:
    """The outcome as an ack."""
    assert isinstance(outcome, Ack), outcome
    return outcome


def held_of(outcome: object) -> Held:
    """The outcome as a held message."""
    assert isinstance(outcome, Held), outcome
    return outcome


def require_dense(log: PlanLog) -> None:
    """`pos`, every `rev` and every `seq` run from 1 without a gap, and no draft became two messages."""
    assert [event.pos for event in log.events] == list(range(1, log.pos + 1))
    for place, conversation in log.conversations.items():
        revs = [event.rev for event in log.events if event.conversation == place]
        assert revs == list(range(1, conversation.rev + 1))
        assert [each.seq for each in log.log(place)] == list(range(1, conversation.seq + 1))
        created = [
            event.seq
            for event in log.events
            if event.conversation == place and event.kind is EventKind.MESSAGE_CREATED
        ]
        assert created == list(range(1, conversation.seq + 1))
    assert all(len(rows) == 1 for rows in log.digests.values())
