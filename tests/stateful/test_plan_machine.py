"""Whatever is written in whatever order: the log stays dense, one draft is one message, and one party answers."""

import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from myna.errors import MynaError
from myna.log.writes import Join, MoveTicket, TurnGuard, Write
from myna.model.conversation import MemberRole
from myna.model.message import EventKind, Message, MessageState
from myna.model.ticket import Owner, TicketStatus, TurnState
from support.planning import (
    ANN,
    BIRD,
    BOB,
    EVE,
    FINCH,
    GROUP,
    OPA,
    OTTO,
    SUPPORT,
    SUPPORT_WITHOUT_AGENT,
    VIC,
    PlanLog,
    claim,
    close,
    decide,
    hold,
    interrupt,
    opened,
    operator_says,
    release,
    require_dense,
    resolve,
    say,
    stream,
)

AGENTS = {str(BIRD), str(FINCH)}
places = st.sampled_from([GROUP, SUPPORT, SUPPORT_WITHOUT_AGENT, 999])
desks = st.sampled_from([SUPPORT, SUPPORT, SUPPORT_WITHOUT_AGENT, GROUP])
people = st.sampled_from([ANN, BOB, EVE, VIC, VIC, OPA])
operators = st.sampled_from([OPA, OTTO])
client_ids = st.sampled_from(["1", "2", "3", "4", "5"])
texts = st.sampled_from(["hello", "goodbye"])
epochs = st.none() | st.integers(1, 6)
owners = st.sampled_from([Owner.AGENT, Owner.QUEUE])


def _queue(place: int, actor: int, epoch: int | None) -> MoveTicket:
    return MoveTicket(place, actor, Owner.QUEUE, expected_epoch=epoch, notice={"code": "handoff.queued"})


writes: st.SearchStrategy[Write] = st.one_of(
    st.builds(say, places, people, client_ids, texts),
    st.builds(say, st.just(SUPPORT), st.just(VIC), client_ids, texts),
    st.builds(operator_says, desks, operators, client_ids, texts),
    st.builds(hold, st.integers(900, 905), places, people, client_ids, texts),
    st.builds(decide, st.integers(900, 905), desks, allow=st.booleans()),
    st.builds(claim, desks, operators, epoch=epochs),
    st.builds(release, desks, operators, owners),
    st.builds(resolve, desks, operators),
    st.builds(_queue, desks, people, epochs),
    st.builds(
        Join,
        places,
        st.sampled_from([EVE, FINCH, BIRD]),
        st.just(MemberRole.MEMBER),
        st.just({}),
        st.sampled_from(["all", "none"]),
        st.booleans(),
    ),
)


class Planner(RuleBasedStateMachine):
    """Writes of people, operators, moderators and workers, some of them late, some refused."""

    def __init__(self) -> None:
        super().__init__()
        self.log = PlanLog()
        self.epochs: dict[int, int] = {}

    @initialize()
    def begin(self) -> None:
        self.log = opened()

    @rule(batch=st.lists(writes, min_size=1, max_size=5))
    def several(self, batch: list[Write]) -> None:
        fresh = [each for each in batch if not self._second_hold(each)]
        self.log.commit(*fresh)

    @rule(write=writes)
    def alone(self, write: Write) -> None:
        if not self._second_hold(write):
            self._alone(write)

    @rule(place=places, lease_s=st.sampled_from([0.0, 50.0]))
    def lease(self, place: int, lease_s: float) -> None:
        running = [
            each
            for each in self.log.turns.values()
            if each.state is TurnState.LEASED and each.conversation == place
        ]
        if self.log.waiting(place) and not running:
            self.log.lease(place, lease_s=lease_s)

    @rule(data=st.data(), late=st.booleans())
    def open_stream(self, data: st.DataObject, late: bool) -> None:
        turn = self._turn(data)
        if turn is not None:
            write = stream(turn)
            guard = TurnGuard(turn.id, turn.attempt - late, turn.epoch)
            self._alone(type(write)(write.draft, state=write.state, guard=guard))

    @rule(
        data=st.data(),
        speak=st.booleans(),
        move=st.sampled_from(["no", "queue", "late", "elsewhere"]),
    )
    def end_turn(self, data: st.DataObject, speak: bool, move: str) -> None:
        turn = self._turn(data)
        if turn is None:
            return
        moved = None
        if move != "no":
            place = turn.conversation if move != "elsewhere" else 999
            moved = _queue(place, turn.agent, 1 if move == "late" else None)
        body = {"text": "an answer"} if speak else None
        self._alone(close(turn, body, seq=turn.seq, move=moved, partial="an ans"))

    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        turn = self._turn(data)
        if turn is not None:
            self._alone(interrupt(turn, "an ans"))

    def _turn(self, data: st.DataObject) -> Any:
        turns = sorted(self.log.turns.values(), key=lambda each: each.id)
        if not turns:
            return None
        return data.draw(st.sampled_from(range(len(turns))).map(lambda place: turns[place]))

    def _second_hold(self, write: Write) -> bool:
        # Ids of held messages are made by `new_id` and never used twice; the strategy's few are.
        return type(write).__name__ == "Hold" and getattr(write, "id", 0) in self.log.held

    def _alone(self, write: Write) -> None:
        before = copy.deepcopy(self.log)
        outcome = self.log.commit(write)[0]
        if isinstance(outcome, MynaError):
            before.now = self.log.now
            assert self.log == before, "a refused write left a trace"

    @invariant()
    def numbers_are_dense(self) -> None:
        require_dense(self.log)

    @invariant()
    def epochs_only_grow(self) -> None:
        for place, ticket in self.log.tickets.items():
            assert ticket.epoch >= self.epochs.get(place, 0)
            self.epochs[place] = ticket.epoch

    @invariant()
    def one_party_owns_each_ticket(self) -> None:
        for ticket in self.log.tickets.values():
            assert (ticket.owner is Owner.OPERATOR) == (ticket.owner_user is not None)
            if ticket.owner is Owner.OPERATOR:
                seat = self.log.members[(ticket.conversation, ticket.owner_user or 0)]
                assert seat.to_seq is None
            if ticket.owner is Owner.AGENT:
                assert ticket.agent is not None

    @invariant()
    def the_agent_is_silent_while_somebody_else_answers(self) -> None:
        allowed = {SUPPORT: True, SUPPORT_WITHOUT_AGENT: False}
        for event in self.log.events:
            place, data = event.conversation, event.data
            if event.kind is EventKind.TICKET_CHANGED:
                allowed[place] = data["owner"] == Owner.AGENT and data["status"] == TicketStatus.OPEN
            elif place in allowed and data.get("sender") in AGENTS and data["kind"] == "text":
                assert allowed[place] or data["state"] == MessageState.INTERRUPTED, event

    @invariant()
    def at_most_one_turn_waits_for_each_agent(self) -> None:
        waiting = [
            (each.conversation, each.agent, each.epoch)
            for each in self.log.turns.values()
            if each.state is TurnState.QUEUED
        ]
        assert len(waiting) == len(set(waiting))
        for place, _, epoch in waiting:
            assert place not in self.log.tickets or self.log.tickets[place].epoch == epoch

    @invariant()
    def only_a_running_turn_streams(self) -> None:
        streaming = [each for each in self.log.messages.values() if each.state is MessageState.STREAMING]
        running = {
            (each.conversation, each.seq)
            for each in self.log.turns.values()
            if each.state is TurnState.LEASED
        }
        assert all(_place(each) in running for each in streaming)

    @invariant()
    def what_readers_were_told_is_what_is_stored(self) -> None:
        told: dict[tuple[int, int], Any] = {}
        for event in self.log.events:
            if event.seq is not None:
                told[(event.conversation, event.seq)] = (event.data["state"], event.data["body"])
        assert told == {key: (each.state, each.body) for key, each in self.log.messages.items()}


def _place(message: Message) -> tuple[int, int]:
    return (message.conversation, message.seq)


TestPlanner = Planner.TestCase
TestPlanner.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
