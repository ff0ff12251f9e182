"""Where an answer ends before its text does: at the client's `stop`, or after as many tokens as it allows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

BYTES_PER_TOKEN = 4
"""As for `usage`, where a model does not count itself."""


@dataclass(slots=True)
class Cutter:
    """Takes an answer in pieces and gives what may be shown of it. What could be the beginning of a `stop` waits for the rest."""

    stops: Sequence[str] = ()
    max_tokens: int | None = None
    finish: str | None = None
    """Why the answer ends here: `stop` or `length`; None as long as it goes on."""
    _held: str = ""
    _bytes: int = field(default=0)

    def feed(self, piece: str) -> str:
        """What can be shown once this piece has come; empty for everything after the end."""
        if self.finish is not None:
            return ""
        text = self._held + piece
        found = [at for stop in self.stops if (at := text.find(stop)) >= 0]
        if found:
            self._held = ""
            shown = self._within(text[: min(found)])
            self.finish = self.finish or "stop"
            return shown
        waits = max((_begun(text, stop) for stop in self.stops), default=0)
        self._held = text[len(text) - waits :]
        return self._within(text[: len(text) - waits])

    def rest(self) -> str:
        """What still waited when the answer ended by itself."""
        held, self._held = self._held, ""
        return self._within(held) if self.finish is None else ""

    def _within(self, text: str) -> str:
        if self.max_tokens is None:
            return text
        room = self.max_tokens * BYTES_PER_TOKEN - self._bytes
        data = text.encode()
        self._bytes += len(data)
        if len(data) <= room:
            return text
        self.finish = "length"
        return data[:room].decode(errors="ignore")


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of a text are the beginning of `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
