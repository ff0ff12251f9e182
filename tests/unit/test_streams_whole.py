"""I11: a snapshot and the deltas after it make the final text, for whoever comes when, however slow."""

from hypothesis import given
from hypothesis import strategies as st

from myna.deliver.frames import SignalFrame
from myna.deliver.hub import Hub
from myna.deliver.session import BUSY_BYTES, QUEUE_BYTES, Session
from myna.model.workspace import User, UserKind
from myna.wire import signal
from myna_bots.client.frames import Delta, StreamSnapshot, decode_frames
from myna_bots.client.texts import Texts

PLACE, SEQ, WORKSPACE = 7, 3, 1
PIECES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("piece"), PIECES),
        st.tuples(st.just("come"), st.just("")),
        st.tuples(st.just("busy"), st.just("")),
        st.tuples(st.just("flood"), st.just("")),
        st.tuples(st.just("read"), st.just("")),
    ),
    max_size=25,
)


class Reader:
    """A connected client: the server's session and the client's texts."""

    def __init__(self, hub: Hub, number: int) -> None:
        user = User(number, WORKSPACE, UserKind.HUMAN, f"user {number}")
        self.session = Session(user, operator=False, ready=lambda: None)
        self.texts = Texts()
        self.missed = False
        hub.add(self.session, [PLACE])
        # As the greeting does it, in the same turn as the subscription.
        for (place, seq), text in hub.streams.items():
            fields = {"conversation": str(place), "seq": seq, "text": text}
            self.session.signal(signal("stream_snapshot", fields), minor=False)

    @property
    def text(self) -> str:
        return self.texts.text(str(PLACE), SEQ)

    def read(self) -> None:
        self.missed = self.missed or self.session.lagging
        for _, raw in self.session.take():
            for frame in decode_frames(raw):
                if isinstance(frame, Delta):
                    self.texts.delta(frame)
                elif isinstance(frame, StreamSnapshot):
                    self.texts.snapshot(frame.conversation, frame.seq, frame.text)

    def wait_behind(self, size: int) -> None:
        self.session.event(PLACE, 1, 1, b'{"op":"filler","x":"%s"}' % (b"x" * size))


@given(STEPS)
def test_a_snapshot_and_the_deltas_after_it_make_the_final_text(steps: list[tuple[str, str]]) -> None:
    hub, whole = Hub(), ""
    readers = [Reader(hub, 1)]
    for what, piece in steps:
        match what:
            case "piece":
                fields = {"conversation": str(PLACE), "seq": SEQ, "offset": len(whole), "text": piece}
                place = (PLACE, SEQ, len(whole), piece)
                hub.signal(SignalFrame(WORKSPACE, signal("delta", fields), PLACE, stream=place))
                whole += piece
            case "come":
                readers.append(Reader(hub, len(readers) + 1))
            case "busy":
                readers[-1].wait_behind(BUSY_BYTES + 1)
            case "flood":
                readers[-1].wait_behind(QUEUE_BYTES - 30)
            case _:
                readers[0].read()
        for reader in readers:
            reader.missed = (
                reader.missed or reader.session.lagging or reader.session.live_bytes > QUEUE_BYTES - 500
            )
    assert hub.streamed(PLACE) == whole
    for reader in readers:
        reader.read()
        # Who lost a piece has the beginning, never wrong words; the finished message or a new greeting gives the rest.
        assert whole.startswith(reader.text)
        assert reader.missed or reader.text == whole
    again = Reader(hub, len(readers) + 1)
    again.read()
    assert again.text == whole
