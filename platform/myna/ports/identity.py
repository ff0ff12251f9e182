"""Ports of identity beside accounts and refresh tokens."""

from collections.abc import Collection, Sequence
from typing import Protocol

from myna.model.identity import Application, CustomRole, Device, Factor, Invitation, Passkey, Person, SignIn
from myna.model.workspace import User


class SignInStore(Protocol):
    """Devices that people are signed in on."""

    async def begin(self, sign_in: SignIn, scope: str | None = None) -> None:
        """Store a new one; with the scope that an application was given."""
        ...

    async def seen(self, sign_in: int, device: Device, at: float) -> None:
        """The device renewed its access; an unknown one is ignored."""
        ...

    async def of(self, user: int) -> list[SignIn]:
        """A person's sign-ins, used last first."""
        ...

    async def end(self, user: int, sign_ins: Collection[int] | None, at: float) -> list[int]:
        """End these sign-ins of the user, or all of them, with their refresh tokens; the ids of those that ended."""
        ...

    async def ended_since(self, at: float) -> list[int]:
        """Sign-ins that ended at that time or later; older entries may be dropped."""
        ...


class PeopleStore(Protocol):
    """The people of a workspace and the links that let them in."""

    async def members(self, workspace: int) -> list[Person]:
        """Everybody with a workspace role or a password, by name."""
        ...

    async def change(self, user: User, deactivated_at: float | None) -> None:
        """Set the role and since when the person may not sign in.

        Raises:
            NotFound: there is no such person. Conflict: no active owner would be left; nothing was changed.
        """
        ...

    async def rename(self, user: int, name: str, locale: str) -> None:
        """Set what others see."""
        ...

    async def invite(self, invitation: Invitation, digest: str) -> None:
        """Store a link by the digest of its secret; an older one for the same user ends."""
        ...

    async def invitations(self, workspace: int, now: float) -> list[Invitation]:
        """Links that still work, newest first."""
        ...

    async def invitation(self, digest: str, now: float) -> Invitation | None:
        """The link of a secret, if it still works."""
        ...

    async def withdraw(self, workspace: int, invitation: int) -> bool:
        """End a link; whether there was one."""
        ...

    async def accept(self, digest: str, now: float, user: User, password_hash: str) -> bool:
        """Use a link up: add the user, or replace the password of the user that it is for. False when it works no more.

        Raises:
            Conflict: the handle is taken; the link still works.
        """
        ...


class Passwords(Protocol):
    """Passwords of people who are in already, by hash."""

    async def password_of(self, user: int) -> str | None:
        """The hash, if the user has one."""
        ...

    async def replace_password(self, user: int, password_hash: str) -> None:
        """Set a new one; sign-ins go on."""
        ...


class Factors(Protocol):
    """Second factors: time-based codes and recovery codes."""

    async def factor(self, user: int) -> Factor | None:
        """What the user has set up or begun to."""
        ...

    async def begin_factor(self, user: int, secret: str) -> bool:
        """Store a new secret, not yet confirmed; False when one is confirmed already."""
        ...

    async def confirm_factor(self, user: int, step: int, recovery: Sequence[str]) -> bool:
        """Turn it on with new recovery codes, by digest; False when there was nothing to confirm."""
        ...

    async def use_step(self, user: int, step: int) -> bool:
        """Use up all codes to this time step; False when this one was used before."""
        ...

    async def use_recovery(self, user: int, digest: str) -> bool:
        """Use a recovery code up; False when there is none such."""
        ...

    async def drop_factor(self, user: int) -> bool:
        """Turn it off; whether there was one."""
        ...


class Identities(SignInStore, PeopleStore, Passwords, Factors, Protocol):
    """All of it on one database."""


class TicketStore(Protocol):
    """Socket tickets by digest; the tickets themselves are never stored."""

    async def add(self, digest: str, user: int, sign_in: int, expires_at: float, now: float) -> None:
        """Store a new ticket, and forget those that ran out before `now`."""
        ...

    async def take(self, digest: str, now: float) -> tuple[int, int] | None:
        """(user, sign-in) of a ticket, which is gone by this: of many who ask at once, in whatever process, one gets it."""
        ...


class PasskeyStore(Protocol):
    """People's passkeys."""

    async def passkeys(self, user: int) -> list[Passkey]:
        """A person's, oldest first."""
        ...

    async def passkey(self, credential: str) -> Passkey | None:
        """One by the name that its device gave it, if its person may sign in."""
        ...

    async def add_passkey(self, passkey: Passkey) -> None:
        """Store a new one.

        Raises:
            Conflict: it is known already.
        """
        ...

    async def rename_passkey(self, user: int, passkey: int, name: str) -> bool:
        """Call it something else; whether it is one of this person's."""
        ...

    async def remove_passkeys(self, user: int, passkey: int | None) -> int:
        """Forget one of a person's, or all; how many those were."""
        ...

    async def used_passkey(self, passkey: Passkey, sign_count: int, at: float) -> bool:
        """Its counter moves on; False when somebody else moved it meanwhile."""
        ...


class ApplicationStore(Protocol):
    """Applications and what people granted them."""

    async def applications(self, workspace: int) -> list[Application]:
        """All of a workspace, by name."""
        ...

    async def application(self, application: int) -> Application | None:
        """One by id, whatever workspace it is of."""
        ...

    async def put_application(self, application: Application) -> None:
        """Store a new one, or the new state of a known one."""
        ...

    async def remove_application(self, application: int) -> None:
        """Forget it; what people granted it is ended by the caller."""
        ...

    async def grants(self, application: int) -> list[tuple[int, int]]:
        """(user, sign-in) of everything that people granted it and that goes on."""
        ...

    async def grant(self, sign_in: int) -> tuple[int, int, str] | None:
        """(user, application, scope) of what was granted by this sign-in, if it goes on."""
        ...

    async def may_sign_in(self, user: int) -> bool:
        """Whether the person was not deactivated."""
        ...


class RoleStore(Protocol):
    """Roles of workspaces' own."""

    async def roles(self, workspace: int) -> list[CustomRole]:
        """All of a workspace, by name."""
        ...

    async def put_role(self, role: CustomRole) -> list[int]:
        """Store a new one, or the new state of a known one for everybody who has it: their ids."""
        ...

    async def remove_role(self, role: int) -> bool:
        """Forget it; False when somebody has it or is invited to it."""
        ...
