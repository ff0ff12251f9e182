"""Bots for Myna: a typed client of `myna.v1` that never loses or doubles a message."""

from myna_bots.client import Client
from myna_bots.deliveries import Delivery, Forgotten, Piece, Settled, Snapshot
from myna_bots.frames import Event
from myna_bots.outbox import Sent
from myna_bots.wire import Message, Ticket, User

__all__ = [
    "Client",
    "Delivery",
    "Event",
    "Forgotten",
    "Message",
    "Piece",
    "Sent",
    "Settled",
    "Snapshot",
    "Ticket",
    "User",
]
