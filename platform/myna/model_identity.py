"""The nouns of identity: sign-ins, devices, people and invitations, second factors. Times are unix seconds."""

from dataclasses import dataclass

from myna.model import User, WorkspaceRole


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from."""

    name: str
    """Browser and system, as far as they are told; a program's own name otherwise."""
    address: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """One device that a person is signed in on. Its id is the family of its refresh tokens."""

    id: int
    user: int
    device: Device
    created_at: float
    used_at: float


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the workspace as its administrators see them."""

    user: User
    deactivated_at: float | None
    second_factor: bool
    seen_at: float | None
    """When one of their devices last renewed its access."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that works once: for somebody new, or for `user` to choose a new password."""

    id: int
    workspace: int
    name: str
    role: WorkspaceRole | None
    created_by: int
    created_at: float
    expires_at: float
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A person's second factor. `secret` is sealed; codes of `last_step` and before are used up."""

    secret: str
    confirmed: bool
    last_step: int
    recovery_codes: int
    """How many are left."""
