"""What was sent and is not yet known to be stored, in order."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from myna.errors import Busy, Conflict

MAX_ACKED = 1_000
"""Drafts that were acknowledged and not yet seen in the log. Overflow rule: the oldest is forgotten, since it is stored."""
MAX_ENTRIES = 1000
"""Drafts that wait. Overflow rule: `put` raises Busy, and nothing was queued."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft under its `client_id`, which stays the same however often it is sent."""

    conversation: str
    client_id: str
    text: str
    reply_to: int | None = None
    files: tuple[str, ...] = ()
    asked: bool = field(default=False, compare=False)
    """Whether it went out on the connection of now."""

    def frame(self, ref: int) -> dict[str, Any]:
        """As it goes out."""
        body: dict[str, Any] = {"text": self.text} | ({"files": list(self.files)} if self.files else {})
        made = {"op": "send", "ref": ref, "conversation": self.conversation, "client_id": self.client_id}
        return {**made, "body": body} | ({} if self.reply_to is None else {"reply_to": self.reply_to})


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a draft. With `held` it waits for a moderator and has no seq yet."""

    conversation: str
    client_id: str
    seq: int | None
    rev: int | None
    duplicate: bool = False
    held: str | None = None


class Outbox:
    """Drafts in the order in which they were made. Pure: it knows no clock and no connection."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, Entry] = {each.client_id: replace(each, asked=False) for each in entries}
        self._acked: dict[str, Entry] = {}

    def put(self, entry: Entry) -> bool:
        """Add a draft; False when the very same one waits already. Raises as `check`; nothing was queued then."""
        if not self.check(entry):
            return False
        self._entries[entry.client_id] = entry
        return True

    def check(self, entry: Entry) -> bool:
        """Whether `put` would add the draft now.

        Raises:
            Conflict: another draft waits under this client_id. Busy: the outbox is full.
        """
        known = self._entries.get(entry.client_id)
        if known is not None and known != entry:
            raise Conflict(f"Another draft waits under the client_id {entry.client_id!r}.")
        if known is None and len(self._entries) >= MAX_ENTRIES:
            raise Busy(f"{MAX_ENTRIES} drafts wait to be sent; send more when some have been acknowledged.")
        return known is None

    def take_unasked(self) -> list[Entry]:
        """The drafts that did not go out on this connection, in order; from now on they have."""
        found = [each for each in self._entries.values() if not each.asked]
        for each in found:
            self._entries[each.client_id] = replace(each, asked=True)
        return found

    def again(self, client_id: str) -> None:
        """The server was too busy: this draft goes out once more."""
        known = self._entries.get(client_id)
        if known is not None:
            self._entries[client_id] = replace(known, asked=False)

    def all_again(self) -> None:
        """The connection is gone: everything goes out once more."""
        self._entries = {key: replace(each, asked=False) for key, each in self._entries.items()}

    def settle(self, client_id: str) -> Entry | None:
        """Remove a draft whose fate is known; None when it did not wait here (another device's, or settled before)."""
        return self._entries.pop(client_id, None)

    def acknowledged(self, entry: Entry) -> None:
        """A settled draft is in the server's log; it is kept until it is seen there."""
        self._acked[entry.client_id] = entry
        if len(self._acked) > MAX_ACKED:
            del self._acked[next(iter(self._acked))]

    def seen(self, client_id: str) -> None:
        """It stands in the log."""
        self._acked.pop(client_id, None)

    def anew(self) -> "Outbox":
        """For a server with another log: what was acknowledged and not seen comes again, before what waits."""
        return Outbox([*self._acked.values(), *self.pending()])

    @property
    def knows_any(self) -> bool:
        """Whether some draft is not yet seen in the log."""
        return bool(self._entries or self._acked)

    def pending(self) -> list[Entry]:
        """All that waits, in order."""
        return list(self._entries.values())

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)
