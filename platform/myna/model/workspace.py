"""A workspace, who belongs to it, and the inboxes through which visitors come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class UserKind(StrEnum):
    """What an identity is; a bot *is* a user."""

    HUMAN = "human"
    VISITOR = "visitor"
    BOT = "bot"


class WorkspaceRole(StrEnum):
    """What a human may do in the whole workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    ANALYST = "analyst"
    DEVELOPER = "developer"
    CUSTOM = "custom"
    """One of the workspace's own: a set of verbs."""


@dataclass(frozen=True, slots=True)
class User:
    """An identity in a workspace."""

    id: int
    workspace: int
    kind: UserKind
    name: str
    handle: str | None = None
    locale: str = "en"
    role: WorkspaceRole | None = None
    agent: bool = False
    custom_role: int | None = None
    """Which of the workspace's own roles it is, when `role` is `custom`."""
    verbs: frozenset[str] = frozenset()
    """What that role lets the user do, by the values of `rights.Verb`."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tenancy boundary: it owns users, conversations, inboxes, agents and knowledge bases."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where support conversations come in."""

    id: int
    workspace: int
    key: str
    name: str
    agent: int | None
    allowed_origins: tuple[str, ...] = ()
    """Origins that may embed the widget; empty means every origin."""
    locale: str = "en"
    texts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """`greeting` and `suggestions` by language."""
