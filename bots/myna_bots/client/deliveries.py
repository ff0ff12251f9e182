"""What a client tells its user, in order."""

from dataclasses import dataclass

from myna.errors import MynaError
from myna_bots.client.frames import Event, HeldChanged, ReadUpTo, Ready, Typing
from myna_bots.client.outbox import Sent
from myna_bots.client.wire import Message


@dataclass(frozen=True, slots=True)
class Snapshot:
    """History up to `rev` was too long to replay: forget the conversation's messages and begin with these."""

    conversation: str
    rev: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """More of an answer in the making: what is new, and the whole text so far."""

    conversation: str
    seq: int
    added: str
    text: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A draft's fate is known."""

    client_id: str
    outcome: Sent | MynaError


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The conversation cannot be read any more."""

    conversation: str


Delivery = Event | Snapshot | Piece | Settled | Forgotten | Ready | Typing | ReadUpTo | HeldChanged
