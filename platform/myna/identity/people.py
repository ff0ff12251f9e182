"""The people of a workspace: who is in it with which role, how new ones come in, and how one leaves."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from myna.errors import Forbidden, Malformed, NotFound
from myna.identity.passwords import hash_password
from myna.identity.second_factor import SecondFactor
from myna.identity.sign_ins import SignIns
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import Invitation, Person
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.ports.accounts import Accounts
from myna.ports.identity import PasskeyStore, PeopleStore, RoleStore
from myna.ports.providers import ProviderStore
from myna.rights import Principal, Verb, gives, require
from myna.wire import optional_id

INVITATION_S = 7 * 86_400.0
RESET_S = 86_400.0
"""A link to a new password of somebody who is in already is worth more to a thief, so it lives a day."""
SECRET_BYTES = 24


class People:
    """Administration of people. Every call needs the right to administer; only owners make, change or remove owners."""

    def __init__(
        self,
        accounts: Accounts,
        store: PeopleStore,
        sign_ins: SignIns,
        second_factor: SecondFactor,
        emails: ProviderStore,
        passkeys: PasskeyStore,
        roles: RoleStore,
        trail: Trail,
    ) -> None:
        self._accounts, self._store, self._emails, self._trail = accounts, store, emails, trail
        self._passkeys, self._roles = passkeys, roles
        self._sign_ins, self._second_factor = sign_ins, second_factor
        self.left: Callable[[Principal, int], Awaitable[None]] = _nothing
        """Called after somebody was deactivated, with who did it: what they owned must find somebody else."""

    async def members(self, principal: Principal) -> list[Person]:
        """Everybody, by name."""
        require(principal, Verb.ADMINISTER)
        return await self._store.members(principal.workspace)

    async def change(
        self,
        principal: Principal,
        user: int,
        *,
        role: WorkspaceRole | None = None,
        custom: int | None = None,
        active: bool | None = None,
    ) -> Person:
        """Give another role, or let somebody in or out; they are signed out everywhere when either changes.

        Raises:
            NotFound: nobody like that is here. Forbidden: it is the asker, or an owner and the asker is none.
            Conflict: the last active owner; nothing was changed.
        """
        member = await self._other(principal, user)
        before = member.user
        after = before if role is None else await self._with_role(principal, before, role, custom)
        if WorkspaceRole.OWNER in {before.role, after.role}:
            _owners_only(principal)
        since = member.deactivated_at
        if active is not None:
            since = None if active else since or time.time()
        changed = replace(member, user=after, deactivated_at=since)
        if changed == member:
            return member
        async with AsyncExitStack() as acts:
            for action, told in _changes(member, changed):
                await acts.enter_async_context(self._trail.act(principal, action, f"user:{user}", **told))
            await self._store.change(after, since)
        await self._sign_ins.end_all(user)
        if since is not None and member.deactivated_at is None:
            await self.left(principal, user)
        return changed

    async def set_email(self, principal: Principal, user: int, email: str | None) -> None:
        """Say by which address a provider's word leads to somebody, or that none does.

        Raises:
            NotFound, Forbidden: as `sign_out`. Conflict: somebody else has it; nothing was changed.
        """
        await self._reach(principal, user)
        async with self._trail.act(principal, "person.email", f"user:{user}", email=email):
            await self._emails.set_email(principal.workspace, user, email)

    async def sign_out(self, principal: Principal, user: int) -> None:
        """Sign somebody out everywhere."""
        await self._reach(principal, user)
        async with self._trail.act(principal, "person.signed_out", f"user:{user}"):
            await self._sign_ins.end_all(user)

    async def drop_factor(self, principal: Principal, user: int) -> bool:
        """Turn somebody's second factor off, for a lost phone; they are signed out everywhere."""
        await self._reach(principal, user)
        async with self._trail.act(principal, "factor.off", f"user:{user}"):
            dropped = await self._second_factor.drop(user)
        await self._sign_ins.end_all(user)
        return dropped

    async def drop_passkeys(self, principal: Principal, user: int) -> int:
        """Forget somebody's passkeys, for a lost device; how many. They are signed out everywhere."""
        await self._reach(principal, user)
        async with self._trail.act(principal, "passkey.removed", f"user:{user}", all=True):
            dropped = await self._passkeys.remove_passkeys(user, None)
        await self._sign_ins.end_all(user)
        return dropped

    async def invite(
        self,
        principal: Principal,
        name: str,
        role: WorkspaceRole | None,
        email: str | None = None,
        custom: int | None = None,
    ) -> tuple[Invitation, str]:
        """A link for somebody new, with its secret, which is shown this once."""
        require(principal, Verb.ADMINISTER)
        place, by = principal.workspace, principal.user
        if role is WorkspaceRole.OWNER:
            _owners_only(principal)
        await self._with_role(principal, User(0, place, UserKind.HUMAN, name), role, custom)
        kept = custom if role is WorkspaceRole.CUSTOM else None
        made = Invitation(new_id(), place, name, role, by, 0.0, 0.0, email=email, custom_role=kept)
        told = {"name": name, "role": role, "email": email}
        async with self._trail.act(principal, "invitation.made", f"invitation:{made.id}", **told):
            return await self._issue(made, INVITATION_S)

    async def reset(self, principal: Principal, user: int) -> tuple[Invitation, str]:
        """A link with which somebody chooses a new password; older ones of theirs end."""
        member = await self._reach(principal, user)
        place, name, role = principal.workspace, member.user.name, member.user.role
        made = Invitation(new_id(), place, name, role, principal.user, 0.0, 0.0, user)
        async with self._trail.act(principal, "password.link", f"user:{user}"):
            return await self._issue(made, RESET_S)

    async def invitations(self, principal: Principal) -> list[Invitation]:
        """Links that still work, newest first."""
        require(principal, Verb.ADMINISTER)
        return await self._store.invitations(principal.workspace, time.time())

    async def withdraw(self, principal: Principal, invitation: int) -> None:
        """End a link.

        Raises:
            NotFound: there is none such any more.
        """
        require(principal, Verb.ADMINISTER)
        async with self._trail.act(principal, "invitation.withdrawn", f"invitation:{invitation}"):
            if not await self._store.withdraw(principal.workspace, invitation):
                raise NotFound("This invitation was used or has ended.")

    async def look(self, secret: str) -> tuple[Invitation, User | None]:
        """What a link is for, and for whom.

        Raises:
            NotFound: it was used, has ended or never was.
        """
        found = await self._store.invitation(_digest(secret), time.time())
        user = None if found is None or found.user is None else await self._accounts.user(found.user)
        if found is None or (found.user is not None and user is None):
            raise _over()
        return found, user

    async def accept(self, secret: str, handle: str | None, name: str, password: str) -> tuple[User, bool]:
        """Use a link up: the user, and whether a second factor must be shown before they are in.

        It is a new user, or one who has a new password now and is signed out everywhere.

        Raises:
            NotFound: the link works no more. Malformed: somebody new without a handle. Conflict: the handle is taken.
            After the latter two the link still works.
        """
        invitation, known = await self.look(secret)
        if known is None and handle is None:
            raise Malformed("Choose a handle to sign in with.")
        user = known or await self.newcomer(invitation, name or invitation.name, handle)
        hashed = await hash_password(password)
        done, told = ("person.came", {"role": user.role}) if known is None else ("password.reset", {})
        async with self._trail.of(user.workspace, user.id, done, f"user:{user.id}", **told):
            if not await self._store.accept(_digest(secret), time.time(), user, hashed):
                raise _over()
        if known is None:
            return user, False
        await self._sign_ins.end_all(known.id)
        return user, await self._second_factor.on(known.id)

    async def newcomer(self, invitation: Invitation, name: str, handle: str | None) -> User:
        """Somebody new as they were invited, with what their role gives now."""
        made = User(new_id(), invitation.workspace, UserKind.HUMAN, name, handle, role=invitation.role)
        if invitation.custom_role is None:
            return made
        known = await self._roles.roles(invitation.workspace)
        found = next((each for each in known if each.id == invitation.custom_role), None)
        if found is None:
            raise _over()
        return replace(made, custom_role=found.id, verbs=found.verbs)

    async def _with_role(
        self, principal: Principal, user: User, role: WorkspaceRole | None, custom: int | None
    ) -> User:
        """The user with a role that the asker may give."""
        if role is not WorkspaceRole.CUSTOM:
            made = replace(user, role=role, custom_role=None, verbs=frozenset())
        else:
            known = await self._roles.roles(principal.workspace)
            found = next((each for each in known if each.id == custom), None)
            if found is None:
                raise NotFound("There is no such role in this workspace.", code="no_role")
            made = replace(user, role=role, custom_role=found.id, verbs=found.verbs)
        # Neither may somebody with less take away from somebody with more.
        if not gives(principal, made.role, made.verbs) or not gives(principal, user.role, user.verbs):
            code = "owners_only" if WorkspaceRole.OWNER in {made.role, user.role} else "more_than_own"
            raise Forbidden("You cannot give or take more than you have.", code=code)
        return made

    async def _issue(self, wanted: Invitation, lives_s: float) -> tuple[Invitation, str]:
        secret, now = secrets.token_urlsafe(SECRET_BYTES), time.time()
        made = replace(wanted, created_at=now, expires_at=now + lives_s)
        await self._store.invite(made, _digest(secret))
        return made, secret

    async def _other(self, principal: Principal, user: int) -> Person:
        found = await self._reach(principal, user)
        if user == principal.user:
            raise Forbidden("Another administrator must do this with your account.", code="own_account")
        return found

    async def _reach(self, principal: Principal, user: int) -> Person:
        require(principal, Verb.ADMINISTER)
        members = await self._store.members(principal.workspace)
        found = next((each for each in members if each.user.id == user), None)
        if found is None:
            raise NotFound(f"There is no person {user} in this workspace.")
        if found.user.role is WorkspaceRole.OWNER:
            _owners_only(principal)
        if not gives(principal, found.user.role, found.user.verbs):
            raise Forbidden("This person may do more than you.", code="more_than_own")
        return found


def _owners_only(principal: Principal) -> None:
    if principal.role is not WorkspaceRole.OWNER:
        raise Forbidden("Only an owner may do this with owners.", code="owners_only")


def _over() -> NotFound:
    return NotFound("This link was used or has ended; ask for a new one.", code="invitation_over")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def _nothing(_principal: Principal, _user: int) -> None:
    """Nobody owned anything."""


def _changes(before: Person, after: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the audit log says of a change, with its data."""
    if (after.user.role, after.user.custom_role) != (before.user.role, before.user.custom_role):
        yield (
            "person.role",
            {
                "role": after.user.role,
                "before": before.user.role,
                "custom_role": optional_id(after.user.custom_role),
            },
        )
    if after.deactivated_at != before.deactivated_at:
        yield "person.activated" if after.deactivated_at is None else "person.deactivated", {}
