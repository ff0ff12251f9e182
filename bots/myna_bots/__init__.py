"""Bots for Myna: a typed SDK, and a client of `myna.v1` that never loses or doubles a message."""

from myna_bots.client.client import Client
from myna_bots.client.deliveries import Delivery, Forgotten, Piece, Settled, Snapshot
from myna_bots.client.errors import TimedOut, Unreachable
from myna_bots.client.frames import Event
from myna_bots.client.outbox import Sent
from myna_bots.client.wire import Message, Ticket, User
from myna_bots.sdk.bot import Bot
from myna_bots.sdk.context import Context, Stopped, Stream
from myna_bots.sdk.filters import F, Filter
from myna_bots.sdk.parts import Button, Card, Choice, Date, Filled, Form, Number, Result, Text, YesNo
from myna_bots.sdk.router import Router
from myna_bots.sdk.update import Update

__all__ = [
    "Bot",
    "Button",
    "Card",
    "Choice",
    "Client",
    "Context",
    "Date",
    "Delivery",
    "Event",
    "F",
    "Filled",
    "Filter",
    "Forgotten",
    "Form",
    "Message",
    "Number",
    "Piece",
    "Result",
    "Router",
    "Sent",
    "Settled",
    "Snapshot",
    "Stopped",
    "Stream",
    "Text",
    "Ticket",
    "TimedOut",
    "Unreachable",
    "Update",
    "User",
    "YesNo",
]
