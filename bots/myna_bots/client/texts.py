"""Answers in the making, put together from deltas that may be lost, repeated or late."""

from myna_bots.client.deliveries import Piece
from myna_bots.client.frames import Delta, StreamSnapshot

MAX_STREAMS = 1000
"""Open texts that are kept. Overflow rule: the oldest is forgotten; its message still comes whole when finished."""


class Texts:
    """The text so far of each streamed message. Pure; offsets count code points, as Python's strings do."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], str] = {}

    def heard(self, signal: Delta | StreamSnapshot) -> Piece | None:
        """What a signal adds, with the text so far."""
        added = (
            self.delta(signal)
            if isinstance(signal, Delta)
            else self.snapshot(signal.conversation, signal.seq, signal.text)
        )
        text = self.text(signal.conversation, signal.seq)
        return Piece(signal.conversation, signal.seq, added, text) if added else None

    def delta(self, delta: Delta) -> str | None:
        """What the delta adds, or None when it adds nothing, or when a piece before it is missing.

        After a gap nothing is added until a snapshot or the finished message comes.
        """
        key = (delta.conversation, delta.seq)
        known = self._open.get(key, "")
        if delta.offset > len(known) or delta.offset + len(delta.text) <= len(known):
            return None
        added = delta.text[len(known) - delta.offset :]
        self._keep(key, known + added)
        return added

    def snapshot(self, conversation: str, seq: int, text: str) -> str | None:
        """What a snapshot adds; an older one than what is known adds nothing."""
        known = self._open.get((conversation, seq), "")
        if len(text) <= len(known):
            return None
        self._keep((conversation, seq), text)
        return text[len(known) :]

    def text(self, conversation: str, seq: int) -> str:
        """The text so far."""
        return self._open.get((conversation, seq), "")

    def end(self, conversation: str, seq: int) -> None:
        """The message is finished; its text is in the log now."""
        self._open.pop((conversation, seq), None)

    def clear(self) -> None:
        """The connection is gone: the next one begins with snapshots."""
        self._open.clear()

    def _keep(self, key: tuple[str, int], text: str) -> None:
        if key not in self._open and len(self._open) >= MAX_STREAMS:
            self._open.pop(next(iter(self._open)))
        self._open[key] = text
