"""Writes of what belongs to one user: its own conversation, deletions for itself, drafts, blocks, messages for later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.model.message import Scheduled, ScheduledState


@dataclass(frozen=True, slots=True)
class Mine:
    """Something of a user's own. Its devices hear of it in its own conversation, which `saved` names if it is new."""

    user: int
    workspace: int
    saved: int


@dataclass(frozen=True, slots=True)
class OpenSaved(Mine):
    """The user's own conversation, for saved messages."""


@dataclass(frozen=True, slots=True)
class Hide(Mine):
    """Delete messages for oneself: single ones, or everything up to a message."""

    conversation: int = 0
    seqs: tuple[int, ...] = ()
    up_to: int = 0


@dataclass(frozen=True, slots=True)
class SetNotify(Mine):
    """What the user wants to hear of in a conversation: `all`, `mentions` or `none`."""

    conversation: int = 0
    notify: str = "all"


@dataclass(frozen=True, slots=True)
class SetDraft(Mine):
    """What the user has begun to write; without a body there is nothing any more."""

    conversation: int = 0
    body: Mapping[str, Any] | None = None
    reply_to: int | None = None
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class SetBlock(Mine):
    """Block a user, who then cannot write to this one directly; or end that."""

    other: int = 0
    on: bool = True


@dataclass(frozen=True, slots=True)
class Schedule(Mine):
    """Keep a message for later, or change it while it waits."""

    message: Scheduled | None = None


@dataclass(frozen=True, slots=True)
class EndScheduled(Mine):
    """A message for later was sent, failed, or is given up (`state` None)."""

    id: int = 0
    state: ScheduledState | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Aged:
    """Messages of a conversation whose time is over."""

    conversation: int


@dataclass(frozen=True, slots=True)
class Expire(Aged):
    """Take away the words of messages whose time is over. Those that do not expire yet stay."""

    seqs: tuple[int, ...] = field(default=())
    erased: bool = False
    """Take the words away whether their time is over or not: their sender is erased."""


@dataclass(frozen=True, slots=True)
class Retain(Aged):
    """Take away the words of all messages up to one, by the conversation's retention rule."""

    through: int
    ruled: bool = False
    """By the workspace's rule, for a conversation that has none of its own."""


PersonalWrite = OpenSaved | Hide | SetNotify | SetDraft | SetBlock | Schedule | EndScheduled | Expire | Retain
