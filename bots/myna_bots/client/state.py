"""The client's side of `myna.v1` as a state machine: frames in, frames and deliveries out, no I/O and no clock.

The shell around it (`myna_bots.client.client`) feeds it received frames and the time, sends what `take_frames` gives and hands on
what `take_deliveries` gives.
"""

import random
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from myna.errors import MynaError
from myna_bots.client.cursors import PAGE, Cursor
from myna_bots.client.deliveries import Delivery, Forgotten, Settled, Snapshot
from myna_bots.client.errors import nack_error
from myna_bots.client.frames import (
    Ack,
    Bye,
    Delta,
    Event,
    Frame,
    Heads,
    HeldChanged,
    Nack,
    Page,
    Pong,
    ReadUpTo,
    Ready,
    StreamSnapshot,
    Synced,
    Typing,
)
from myna_bots.client.outbox import Entry, Outbox, Sent
from myna_bots.client.pulls import Pulls
from myna_bots.client.texts import Texts
from myna_bots.client.wire import Message

GAP_S = (0.1, 0.5)
"""How long a gap may close by itself before it is pulled (protocol, client rule a); jittered."""
CAPABILITIES = ["catch_up", "delta"]
MAX_CURSORS = 1_000
"""Cursors in a hello, the server's most; what further conversations lack is pulled."""
RETRY_S = 0.5
"""Least time before something is asked for again when the server names none."""


class ProtocolState:
    """Guarantees: of every conversation each event is delivered once, in the order of `rev`, and none is left out but below a
    floor or a snapshot; every draft is sent until its fate is known, in order, under one client_id.

    `epoch` names the log that `cursors` are of; with another one they are worthless. With `from_now`, the history before the
    first connection is not fetched.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        cursors: Mapping[str, int] | None = None,
        *,
        epoch: str | None = None,
        from_now: bool = False,
        dice: random.Random | None = None,
    ) -> None:
        self.outbox = Outbox(entries)
        self.texts = Texts()
        self.user: str | None = None
        self.ready = False
        self.full = False
        """While set, events are only noted and pulled later, and signals are dropped: the reader is slow."""
        self._cursors = {key: Cursor(rev) for key, rev in (cursors or {}).items()}
        self._baseline = from_now
        self._epoch = epoch
        self._dice = dice or random.Random()  # noqa: S311 - jitter, not a secret
        self._ref = 0
        self._asked: dict[int, Entry | str] = {}
        self._pulls = Pulls()
        self._resend_at: float | None = None
        self._moved: set[str] = set()
        self._frames: list[dict[str, Any]] = []
        self._deliveries: list[Delivery] = []

    @property
    def cursors(self) -> dict[str, int]:
        """How far each conversation was applied; give it to the next client to go on from here."""
        return {key: each.rev for key, each in self._cursors.items()}

    @property
    def epoch(self) -> str | None:
        """The log that the cursors are of; None before the first greeting."""
        return self._epoch

    @property
    def caught_up(self) -> bool:
        """Whether everything that was heard of is applied."""
        return self.ready and not any(each.behind for each in self._cursors.values())

    def take_frames(self) -> list[dict[str, Any]]:
        """What to send to the server now, in order."""
        taken, self._frames = self._frames, []
        return taken

    def take_deliveries(self) -> list[Delivery]:
        """What happened, in order."""
        taken, self._deliveries = self._deliveries, []
        return taken

    def take_moved(self) -> dict[str, int]:
        """The cursors that moved since this was asked last; they stand for what `take_deliveries` gave until now."""
        moved, self._moved = self._moved, set()
        return {each: self._cursors[each].rev for each in moved if each in self._cursors}

    def due_at(self) -> float | None:
        """When `tick` has something to do next."""
        times = (self._pulls.due_at(open_=not self.full), self._resend_at)
        return min((at for at in times if at is not None), default=None)

    def send(self, conversation: str, client_id: str, text: str, reply_to: int | None = None) -> None:
        """Queue a draft; it goes out now, or on the next connection.

        Raises:
            Conflict, Busy: as `Outbox.put`; nothing was queued.
        """
        self.put(Entry(conversation, client_id, text, reply_to))

    def put(self, entry: Entry) -> None:
        """Queue a whole draft; see `send`."""
        self.outbox.put(entry)
        self._send_waiting()

    def resume(self, epoch: str | None, cursors: Mapping[str, int], entries: Iterable[Entry]) -> None:
        """Go on where an earlier client was; before the first connection."""
        self._epoch = epoch or self._epoch
        self._cursors = {key: Cursor(rev) for key, rev in cursors.items()} | self._cursors
        self.outbox = Outbox([*entries, *self.outbox.pending()])

    def hello(self, token: str, device: str = "") -> dict[str, Any]:
        """The first frame of a connection; the server then sends what the cursors lack without being asked."""
        frame: dict[str, Any] = {"op": "hello", "v": 1, "token": token, "device": device}
        frame["capabilities"] = CAPABILITIES
        if self._epoch is not None:
            known = ((key, each.rev) for key, each in self._cursors.items() if each.rev)
            frame |= {"epoch": self._epoch, "cursors": dict(islice(known, MAX_CURSORS))}
        return frame

    def received(self, frame: Frame, now: float) -> None:
        """Take a frame of the server.

        Raises:
            Malformed: it breaks the protocol; end the connection and come back later.
        """
        match frame:
            case Event():
                self._pushed(frame, now)
            case Ready():
                self._greeted(frame, now)
            case Ack():
                self._asked.pop(frame.ref if isinstance(frame.ref, int) else -1, None)
                self._settle_ack(frame)
            case Nack():
                self._refused(frame, now)
            case Page():
                self._paged(frame, now)
            case Heads():
                for conversation, rev in frame.heads.items():
                    self._heard(conversation, rev, now)
            case Synced():
                for head in frame.conversations:
                    self._begun(head.conversation, head.rev, now)
                self._more(frame.more, frame.pos)
            case Delta() | StreamSnapshot() | Typing() | ReadUpTo() | HeldChanged():
                self._signalled(frame)
            case Pong() | Bye():
                pass

    def tick(self, now: float) -> None:
        """Do what is due: pull gaps that did not close, ask again, send again."""
        if not self.ready:
            return
        self._pulls.expire(now)
        if self._resend_at is not None and self._resend_at <= now:
            self._resend_at = None
            self._send_waiting()
        self._pull_due(now)

    def room(self, now: float) -> None:
        """The reader has caught up: fetch what was only noted."""
        self.full = False
        for conversation, cursor in self._cursors.items():
            if cursor.behind:
                self._pulls.want(conversation, now)

    def lost(self) -> None:
        """The connection is gone."""
        self.ready = False
        self.texts.clear()
        self.outbox.all_again()
        self._asked.clear()
        self._pulls.clear()
        self._frames.clear()
        self._resend_at = None

    def _greeted(self, ready: Ready, now: float) -> None:
        if self._epoch not in {None, ready.epoch}:
            self._cursors.clear()
            # Client rule 6: the other log had these, this one may not; their client_id keeps them from coming twice.
            self.outbox = self.outbox.anew()
        self._epoch, self.user, self.ready = ready.epoch, ready.user.id, True
        self._pulls.begun(ready.follows, now)
        for conversation, head in ready.heads.items():
            self._begun(conversation, head[0], now)
        self._more(ready.more, 0)
        self._deliver(ready)
        self._send_waiting()
        self._pull_due(now)

    def _pushed(self, event: Event, now: float) -> None:
        cursor = self._cursors.get(event.conversation)
        if cursor is None:
            # Of a conversation that is older than this client and was not synced yet, the past is not wanted either.
            past = event.rev - 1 if self._baseline else 0
            cursor = self._cursors[event.conversation] = Cursor(past)
        if self.full:
            cursor.heard(event.rev)
            self._recognise(event)
            return
        self._apply(cursor.offer(event))
        self._moved.add(event.conversation)
        if cursor.behind:
            self._pulls.want_by(event.conversation, now + self._dice.uniform(*GAP_S))
        else:
            self._pulls.complete(event.conversation)

    def _paged(self, page: Page, now: float) -> None:
        self._asked.pop(page.ref if isinstance(page.ref, int) else -1, None)
        self._pulls.came(page.conversation)
        self._pulls.complete(page.conversation)
        cursor = self._cursors.setdefault(page.conversation, Cursor())
        before = cursor.rev
        if page.snapshot is not None:
            self._snapshot(page, cursor)
        else:
            self._apply(cursor.fill(page))
        self._moved.add(page.conversation)
        if cursor.behind:
            self._pulls.want(page.conversation, now if cursor.rev > before else now + RETRY_S)
        self._pull_due(now)

    def _snapshot(self, page: Page, cursor: Cursor) -> None:
        assert page.snapshot is not None
        if page.snapshot.rev <= cursor.rev:
            return
        following = cursor.jump(page.snapshot.rev)
        self._deliver(Snapshot(page.conversation, page.snapshot.rev, tuple(page.snapshot.messages)))
        for message in page.snapshot.messages:
            self._mine(message, None)
        self._apply(following)

    def _apply(self, events: Iterable[Event]) -> None:
        for event in events:
            self._recognise(event)
            if event.kind == "message.finished" and event.seq is not None:
                self.texts.end(event.conversation, event.seq)
            self._deliver(event)

    def _recognise(self, event: Event) -> None:
        if event.kind == "message.created" and self.outbox.knows_any:
            message = event.message
            if message is not None:
                self._mine(message, event.rev)

    def _mine(self, message: Message, rev: int | None) -> None:
        """Client rule c: an own client_id in the log clears the outbox."""
        if message.sender != self.user:
            return
        self.outbox.seen(message.client_id)
        if message.client_id in self.outbox:
            sent = Sent(message.conversation, message.client_id, message.seq, rev)
            self._settle(message.client_id, sent)

    def _settle_ack(self, ack: Ack) -> None:
        sent = Sent(ack.conversation, ack.client_id, ack.seq, ack.rev, ack.duplicate, ack.held)
        entry = self._settle(ack.client_id, sent)
        if entry is not None and ack.held is None:
            self.outbox.acknowledged(entry)

    def _settle(self, client_id: str, outcome: Sent | MynaError) -> Entry | None:
        entry = self.outbox.settle(client_id)
        if entry is not None:
            self._deliver(Settled(client_id, outcome))
        return entry

    def _refused(self, nack: Nack, now: float) -> None:
        asked = self._asked.pop(nack.ref if isinstance(nack.ref, int) else -1, None)
        wait_s = max(RETRY_S, (nack.retry_ms or 0) / 1000)
        if isinstance(asked, Entry):
            if nack.code == 401:
                # The token ran out: the next connection, with a new one, sends it again.
                return
            if nack.temporary:
                self.outbox.again(asked.client_id)
                self._resend_at = max(self._resend_at or 0.0, now + wait_s)
            else:
                self._settle(asked.client_id, nack_error(nack))
        elif isinstance(asked, str):
            self._pulls.came(asked)
            if nack.temporary or nack.code == 401:
                self._pulls.want(asked, now + wait_s)
            else:
                self._pulls.complete(asked)
                self._cursors.pop(asked, None)
                self._deliver(Forgotten(asked))

    def _signalled(self, signal: Delta | StreamSnapshot | Typing | ReadUpTo | HeldChanged) -> None:
        if self.full:
            return
        if not isinstance(signal, Delta | StreamSnapshot):
            self._deliver(signal)
        elif piece := self.texts.heard(signal):
            self._deliver(piece)

    def _heard(self, conversation: str, rev: int, now: float) -> None:
        cursor = self._cursors.setdefault(conversation, Cursor())
        cursor.heard(rev)
        if cursor.behind:
            self._pulls.want(conversation, now)

    def _send_waiting(self) -> None:
        # While the server asks for patience, later drafts wait too: sent at once they would overtake the earlier ones.
        if not self.ready or self._resend_at is not None:
            return
        for entry in self.outbox.take_unasked():
            self._frames.append(entry.frame(self._next_ref(entry)))

    def _pull_due(self, now: float) -> None:
        if self.full:
            return
        for conversation in self._pulls.take_due(now):
            cursor = self._cursors.get(conversation)
            if cursor is None or not cursor.behind:
                continue
            self._pulls.begun([conversation], now)
            frame: dict[str, Any] = {"op": "pull", "ref": self._next_ref(conversation), "limit": PAGE}
            self._frames.append({**frame, "conversation": conversation, "after_rev": cursor.rev})

    def _begun(self, conversation: str, rev: int, now: float) -> None:
        if self._baseline and conversation not in self._cursors:
            self._cursors[conversation] = Cursor(rev)
            self._moved.add(conversation)
        self._heard(conversation, rev, now)

    def _more(self, more: bool, pos: int) -> None:
        if more:
            self._frames.append({"op": "sync", "ref": "sync", "pos": pos, "limit": PAGE})
        else:
            self._baseline = False

    def _next_ref(self, asked: Entry | str) -> int:
        self._ref += 1
        self._asked[self._ref] = asked
        return self._ref

    def _deliver(self, delivery: Delivery) -> None:
        self._deliveries.append(delivery)
