"""The objects of `myna.v1` as a client sees them. Unknown fields are ignored."""

from typing import Any, TypeVar

import msgspec

from myna.errors import Malformed

T = TypeVar("T")
_encoder = msgspec.json.Encoder()


class Object(msgspec.Struct, frozen=True):
    """A value of the wire; it never changes."""


class User(Object, frozen=True):
    """An identity as others see it."""

    id: str
    kind: str
    name: str
    handle: str | None = None
    locale: str = ""
    agent: bool = False


class Citation(Object, frozen=True):
    """Where a statement comes from. The mark `[n]` stands in the message's text where it belongs."""

    n: int
    chunk: str
    title: str
    quote: str
    version: int = 1
    source: str = ""
    heading: str = ""
    start: int = 0
    end: int = 0


class Offer(Object, frozen=True):
    """A button under an answer; `ask` sends `text` as the visitor's message, `hand_off` asks for a person."""

    action: str
    label: str
    text: str | None = None


class Message(Object, frozen=True):
    """A message, identified by (conversation, seq)."""

    conversation: str
    seq: int
    sender: str
    client_id: str
    kind: str
    state: str
    body: dict[str, Any]
    created_at: str
    reply_to: int | None = None

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.body.get("text", ""))

    @property
    def code(self) -> str | None:
        """What a notice tells of, for example `handoff.queued`."""
        return self.body.get("code")

    @property
    def citations(self) -> list[Citation]:
        """Its sources, in the order of their marks."""
        return converted(self.body.get("citations", []), list[Citation])

    @property
    def offers(self) -> list[Offer]:
        """Its buttons."""
        return converted(self.body.get("offers", []), list[Offer])


class Ticket(Object, frozen=True):
    """The support state of a conversation. `epoch` grows with every move of ownership."""

    conversation: str
    inbox: str
    visitor: str
    owner: str
    epoch: int
    status: str
    created_at: str
    changed_at: str
    owner_user: str | None = None
    reason: str | None = None
    summary: str | None = None


class Reason(Object, frozen=True):
    """Why a message was held."""

    code: str
    detail: str
    weight: float


class Held(Object, frozen=True):
    """A message in review; reasons and score are shown to moderators only."""

    id: str
    conversation: str
    conversation_title: str
    conversation_kind: str
    sender: User
    client_id: str
    text: str
    state: str
    created_at: str
    reasons: list[Reason] = msgspec.field(default_factory=list[Reason])
    score: float | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    seq: int | None = None


def encode(value: Any) -> bytes:
    """A value as JSON."""
    return _encoder.encode(value)


def converted(value: Any, kind: type[T]) -> T:
    """An untyped value as a typed one.

    Raises:
        Malformed: it has another shape.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as wrong:
        raise Malformed(f"The server sent an object of another shape: {wrong}.") from wrong


def decoded(raw: bytes, kind: type[T]) -> T:
    """JSON as a typed value.

    Raises:
        Malformed: it is not JSON, or has another shape.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Malformed(f"The server's answer has another shape: {wrong}.") from wrong
