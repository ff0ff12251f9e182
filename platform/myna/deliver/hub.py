"""The sessions of this process and who of them sees what."""

from collections.abc import Callable, Iterable, Sequence

from myna.deliver.frames import EventFrame, SignalFrame
from myna.deliver.queued import Farewell, Run
from myna.deliver.session import Session, heads_frame

_NOBODY: frozenset[Session] = frozenset()


class Hub:
    """Routes frames to the local sessions. All calls come from the event loop's thread and never wait.

    A frame reaches a session only if its user has a seat in the conversation, or is an operator of the workspace
    and it is a support conversation.
    """

    def __init__(self) -> None:
        self._by_conversation: dict[int, set[Session]] = {}
        self._by_user: dict[int, set[Session]] = {}
        self._operators: dict[int, set[Session]] = {}
        self._changed: dict[int, EventFrame] = {}
        self.streams: dict[tuple[int, int], str] = {}
        """The text so far of each answer being streamed."""
        self.arrivals: list[Callable[[Session], None]] = []
        """Called with each new session, once it is subscribed."""
        self.departures: list[Callable[[Session], None]] = []
        """Called with each session that is gone."""
        self.endings: list[Callable[[tuple[int, ...]], None]] = []
        """Called with sign-ins that are over, before the sessions of their user end."""

    def add(self, session: Session, conversations: Iterable[int]) -> None:
        """Subscribe a session, first without conversations, then with those that it has.

        Obligation: read seats and heads only after the first call, so that nothing falls between.
        """
        mine = self._by_user.setdefault(session.user.id, set())
        new = session not in mine
        mine.add(session)
        if session.operator:
            self._operators.setdefault(session.user.workspace, set()).add(session)
        for conversation in conversations:
            self._seat(session, conversation)
        if new:
            for arrived in self.arrivals:
                arrived(session)

    def remove(self, session: Session) -> None:
        """Forget a session; repeating it is harmless."""
        known = session in self._by_user.get(session.user.id, _NOBODY)
        _discard(self._by_user, session.user.id, session)
        _discard(self._operators, session.user.workspace, session)
        for conversation in session.conversations:
            _discard(self._by_conversation, conversation, session)
        session.conversations = set()
        if known:
            for departed in self.departures:
                departed(session)

    def deliver(self, event: EventFrame) -> None:
        """Hand an event to everybody who may see it."""
        for user in event.joined:
            for session in self._by_user.get(user, _NOBODY):
                self._seat(session, event.conversation)
                if event.floor:
                    session.floors = {**session.floors, event.conversation: event.floor}
        for session in self._readers(event.conversation, event.workspace, event.support):
            # An older message may lie below a member's floor; such a member's next pull leaves the event out.
            if event.amends and event.seq < session.floors.get(event.conversation, 1):
                continue
            session.event(event.conversation, event.rev, event.pos, event.frame)
        for user in event.left:
            for session in self._by_user.get(user, _NOBODY):
                _discard(self._by_conversation, event.conversation, session)
                session.conversations.discard(event.conversation)
        self._changed[event.conversation] = event

    def deliver_all(self, events: Sequence[EventFrame]) -> None:
        """Hand events in commit order to everybody who may see them; those of one conversation go as one run.

        Order holds within each conversation, which is what readers rely on (`rev`).
        """
        if any(each.joined or each.left or each.amends for each in events):
            for event in events:
                self.deliver(event)
            return
        places: dict[int, list[EventFrame]] = {}
        for event in events:
            places.setdefault(event.conversation, []).append(event)
        for conversation, together in places.items():
            last = together[-1]
            run = Run(conversation, together)
            for session in self._readers(conversation, last.workspace, last.support):
                session.run(run)
            self._changed[conversation] = last

    def signal(self, signal: SignalFrame) -> None:
        """Hand a signal to whom it concerns."""
        if signal.replaced is not None:
            self.replace(*signal.replaced)
            return
        if signal.ended is not None:
            self.sign_out(*signal.ended)
            return
        if signal.stream is not None:
            self._hold_stream(*signal.stream)
        for session in self._concerned(signal):
            if session.user.id != signal.but_user:
                session.signal(signal.frame, minor=signal.minor, piece=signal.stream)

    def end_stream(self, conversation: int, seq: int) -> None:
        """Forget the text of a stream that has its durable end."""
        self.streams.pop((conversation, seq), None)

    def streamed(self, conversation: int) -> str:
        """What the agent of a conversation has said so far of the answer that it is giving; empty when it gives none."""
        return next((text for (place, _), text in self.streams.items() if place == conversation), "")

    def beacon(self) -> None:
        """Tell each session the heads of its conversations that changed since the last beacon.

        Without it, the last message of a quiet conversation would stay lost when its push was lost.
        """
        changed, self._changed = self._changed, {}
        heads: dict[Session, dict[int, int]] = {}
        for event in changed.values():
            for session in self._readers(event.conversation, event.workspace, event.support):
                heads.setdefault(session, {})[event.conversation] = event.rev
        for session, moved in heads.items():
            session.direct(heads_frame(moved))

    def replace(self, user: int, device: str, by: int) -> None:
        """End the sessions of a device but the new one, whose id is `by`."""
        for session in list(self._by_user.get(user, _NOBODY)):
            if device and session.device == device and session.id != by:
                session.end(Farewell(409, "replaced"))

    def sign_out(self, user: int, sign_ins: tuple[int, ...]) -> None:
        """End the user's sessions. Devices that are still signed in renew their token and come back."""
        for ending in self.endings:
            ending(sign_ins)
        for session in list(self._by_user.get(user, _NOBODY)):
            session.end(Farewell(401, "signed_out"))

    def drain(self) -> None:
        """Say goodbye to everybody, each with another time to come back, within about 30 s of one another."""
        for place, session in enumerate(self.sessions()):
            session.end(Farewell(503, "draining", 500 + 30 * (place % 1000)))

    def reset(self) -> None:
        """The log is another one than before: nobody's cursor fits it."""
        self.streams.clear()
        self._changed.clear()
        for place, session in enumerate(self.sessions()):
            session.end(Farewell(410, "epoch_changed", 100 + 30 * (place % 1000)))

    def sessions(self) -> list[Session]:
        """All sessions of this process."""
        return [session for group in self._by_user.values() for session in group]

    def sessions_of(self, user: int) -> frozenset[Session] | set[Session]:
        """The user's sessions in this process; not to be changed."""
        return self._by_user.get(user, _NOBODY)

    def users(self) -> Iterable[int]:
        """Everybody with a session in this process."""
        return self._by_user.keys()

    def online(self, user: int) -> bool:
        """Whether the user has a session in this process."""
        return user in self._by_user

    def _seat(self, session: Session, conversation: int) -> None:
        session.conversations.add(conversation)
        self._by_conversation.setdefault(conversation, set()).add(session)

    def _readers(self, conversation: int, workspace: int, support: bool) -> Iterable[Session]:
        seated = self._by_conversation.get(conversation, _NOBODY)
        if not support:
            return seated
        watching = self._operators.get(workspace, _NOBODY)
        return seated | watching if watching else seated

    def _concerned(self, signal: SignalFrame) -> set[Session]:
        found: set[Session] = set()
        if signal.conversation:
            found.update(self._readers(signal.conversation, signal.workspace, signal.support))
        for user in signal.users:
            found.update(self._by_user.get(user, _NOBODY))
        if signal.moderators:
            found.update(self._operators.get(signal.workspace, _NOBODY))
        return found

    def _hold_stream(self, conversation: int, seq: int, offset: int, text: str) -> None:
        key = (conversation, seq)
        before = self.streams.get(key, "")
        if offset == 0:
            self.streams[key] = text
        elif offset == len(before):
            self.streams[key] = before + text
        else:
            self.streams.pop(key, None)


def _discard(index: dict[int, set[Session]], key: int, session: Session) -> None:
    group = index.get(key)
    if group is not None:
        group.discard(session)
        if not group:
            del index[key]
