"""An event of a bot's log as handlers see it."""

from dataclasses import dataclass, field
from typing import Any

from myna_bots.client.wire import User, converted


@dataclass(frozen=True, slots=True)
class Update:
    """One event. `seq` is the bot's cursor; the same `id` is the same event, however often it comes."""

    id: str
    seq: int
    type: str
    conversation: str | None
    ts: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "Update":
        """From the wire."""
        return cls(raw["id"], raw["seq"], raw["type"], raw["conversation"], raw["ts"], raw["data"])

    def json(self) -> dict[str, Any]:
        """As it came."""
        return {
            "id": self.id,
            "seq": self.seq,
            "type": self.type,
            "conversation": self.conversation,
            "ts": self.ts,
            "data": self.data,
        }

    @property
    def user(self) -> User | None:
        """Who did it."""
        found = self.data.get("sender") or self.data.get("user")
        return converted(found, User) if isinstance(found, dict) else None

    @property
    def message(self) -> dict[str, Any]:
        """The message that it is about; empty when it is about none."""
        return dict(self.data.get("message") or {})

    @property
    def text(self) -> str:
        """What the message says."""
        return str(self.message.get("body", {}).get("text", ""))

    @property
    def spoken(self) -> bool:
        """Whether somebody said something."""
        return self.type in {"message.created", "command.invoked"}

    @property
    def direct(self) -> bool:
        """Whether it was said to the bot alone."""
        return bool(self.data.get("direct"))

    @property
    def mentioned(self) -> bool:
        """Whether the bot was named."""
        return bool(self.data.get("mentioned"))

    @property
    def replied(self) -> bool:
        """Whether it answers a message of the bot."""
        return bool(self.data.get("replied"))

    @property
    def expected(self) -> bool:
        """Whether the bot had asked this user something."""
        return bool(self.data.get("expected"))
