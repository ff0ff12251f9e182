"""What people do with their own account: name, password, second factor."""

import time
from dataclasses import replace

from myna.errors import Forbidden, Unauthorised
from myna.identity.passwords import hash_password, matches
from myna.identity.second_factor import Enrolment, SecondFactor
from myna.identity.sign_ins import SignIns
from myna.identity.trail import Trail
from myna.model.workspace import User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.identity import Identities
from myna.rights import Principal

FRESH_S = 600.0
"""For whom no password is stored, a sign-in of the last ten minutes proves as much."""


class Account:
    """A person's own account. What would let a thief of one open page stay asks for the password again."""

    def __init__(
        self,
        accounts: Accounts,
        store: Identities,
        sign_ins: SignIns,
        second_factor: SecondFactor,
        trail: Trail,
    ) -> None:
        self._accounts, self._store, self._trail = accounts, store, trail
        self._sign_ins, self.second_factor = sign_ins, second_factor

    async def user(self, principal: Principal) -> User:
        """The asker.

        Raises:
            Forbidden: it is no person. Unauthorised: it does not exist any more.
        """
        if principal.kind is not UserKind.HUMAN:
            raise Forbidden("Only people have an account.")
        found = await self._accounts.user(principal.user)
        if found is None:
            raise Unauthorised("This user does not exist any more.", code="token_invalid")
        return found

    async def has_password(self, user: int) -> bool:
        """Whether one can sign in with a password."""
        return await self._store.password_of(user) is not None

    async def rename(self, principal: Principal, name: str | None, locale: str | None) -> User:
        """Set what others see."""
        user = await self.user(principal)
        changed = replace(user, name=name or user.name, locale=locale or user.locale)
        await self._store.rename(user.id, changed.name, changed.locale)
        return changed

    async def set_password(self, principal: Principal, old: str, new: str) -> int:
        """Replace the password and sign every other device out; how many those were.

        Raises:
            Unauthorised: the old password is wrong; nothing was changed.
        """
        user = await self.proven(principal, old)
        hashed = await hash_password(new)
        async with self._trail.act(principal, "password.changed", f"user:{user.id}"):
            await self._store.replace_password(user.id, hashed)
        return await self._sign_ins.end_others(principal)

    async def begin_factor(self, principal: Principal, password: str) -> Enrolment:
        """Begin to set a second factor up. Raises as `SecondFactor.begin`, and Unauthorised for a wrong password."""
        user = await self.proven(principal, password)
        return await self.second_factor.begin(user.id, user.handle or user.name)

    async def confirm_factor(self, principal: Principal, code: str) -> list[str]:
        """Turn it on: the recovery codes. Other devices are signed out, for they came in without it."""
        user = await self.user(principal)
        async with self._trail.act(principal, "factor.on", f"user:{user.id}"):
            codes = await self.second_factor.confirm(user.id, code)
        await self._sign_ins.end_others(principal)
        return codes

    async def drop_factor(self, principal: Principal, password: str, code: str) -> None:
        """Turn it off.

        Raises:
            Unauthorised: password or code is wrong; it stays on.
        """
        user = await self.proven(principal, password)
        await self.second_factor.check(user.id, code)
        async with self._trail.act(principal, "factor.off", f"user:{user.id}"):
            await self.second_factor.drop(user.id)

    async def proven(self, principal: Principal, password: str) -> User:
        """The asker, who showed once more who they are.

        Raises:
            Unauthorised: the password is wrong; or there is none and the sign-in is older than ten minutes.
        """
        user = await self.user(principal)
        found = await self._store.password_of(user.id)
        if found is None:
            since = time.time() - FRESH_S
            mine = await self._store.of(user.id)
            if not any(each.id == principal.sign_in and each.created_at >= since for each in mine):
                raise Unauthorised("Sign in again first.", code="sign_in_again")
        elif not await matches(password, found):
            raise Unauthorised("The password is wrong.", code="bad_credentials")
        return user
