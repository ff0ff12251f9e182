"""The nouns of identity: sign-ins, devices, people and invitations, second factors. Times are unix seconds."""

from dataclasses import dataclass

from myna.model.workspace import User, WorkspaceRole


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
    application: int | None = None
    """The application that a person let in by it; None for a device of their own."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the workspace as its administrators see them."""

    user: User
    deactivated_at: float | None
    second_factor: bool
    seen_at: float | None
    """When one of their devices last renewed its access."""
    email: str | None = None
    """The address by which a provider's word leads to them."""


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
    email: str | None = None
    """In small letters: whoever a provider verified it of may use the invitation, too."""
    custom_role: int | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A person's second factor. `secret` is sealed; codes of `last_step` and before are used up."""

    secret: str
    confirmed: bool
    last_step: int
    recovery_codes: int
    """How many are left."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people of a workspace may sign in instead of here (OpenID Connect), and what its word is worth."""

    id: int
    workspace: int
    name: str
    issuer: str
    client: str
    secret: str
    """Sealed; "" for a client without one."""
    links: bool
    """Whether a verified e-mail address leads to the person whom administrators gave that address."""
    creates: bool
    """Whether somebody unknown becomes a new person."""
    role: WorkspaceRole | None
    """What a new person may do."""
    domains: tuple[str, ...]
    """The only domains of e-mail addresses that count; empty: all."""
    active: bool
    custom_role: int | None = None
    """With the role `custom`: which."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who somebody is, as a provider signed it."""

    subject: str
    email: str | None
    """In small letters."""
    email_verified: bool
    name: str
    handle: str
    """What the provider calls them; "" when it does not say."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A person's account at a provider: whoever signs in there as `subject` is `user` here."""

    id: int
    provider: int
    subject: str
    user: int
    email: str | None
    linked_at: float


@dataclass(frozen=True, slots=True)
class Passkey:
    """A person's key on a device. The device keeps the secret half."""

    id: int
    credential: str
    """What the device calls it, in base64url."""
    user: int
    public_key: str
    """COSE, in base64url."""
    sign_count: int
    """How often it was used, as the device says; 0 for one that does not count."""
    name: str
    created_at: float
    used_at: float | None


@dataclass(frozen=True, slots=True)
class Application:
    """A program of others that people may let act for them (an OAuth 2.0 client)."""

    id: int
    workspace: int
    name: str
    redirects: tuple[str, ...]
    """The only addresses to which people are sent back, compared as a whole."""
    scopes: tuple[str, ...]
    """What it may ask for at most."""
    secret: str
    """A digest; "" for one that keeps none."""
    user: int
    """Whom it acts for itself as; 0: nobody."""
    created_at: float


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role of a workspace's own: a set of verbs with a name."""

    id: int
    workspace: int
    name: str
    verbs: frozenset[str]
