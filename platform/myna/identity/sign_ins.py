"""Signing in and out, and the devices on which somebody is signed in."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import NotFound, Unauthorised
from myna.identity.passwords import matches
from myna.identity.second_factor import SecondFactor
from myna.identity.tokens import ACCESS_S, APPLICATION, Pair, TokenReused, Tokens
from myna.ids import new_id
from myna.model.identity import Device, SignIn
from myna.model.workspace import User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.identity import SignInStore
from myna.rights import Principal

LOOK_AGAIN_S = 20.0
"""How often a process looks for sign-ins that ended elsewhere, in case the bus lost the word of it."""


class SignIns:
    """Begins, renews and ends sign-ins. One that ended is refused at once in every process, and its connections close."""

    def __init__(
        self,
        accounts: Accounts,
        tokens: Tokens,
        store: SignInStore,
        second_factor: SecondFactor,
        relay: Relay,
    ) -> None:
        self._accounts, self._tokens, self._store = accounts, tokens, store
        self._second_factor, self._relay = second_factor, relay
        self.prove: Callable[[int, Mapping[str, Any]], Awaitable[None]] = _unproven
        """Lets a person pass with what their passkey answered, in place of a code."""

    async def with_password(
        self,
        handle: str,
        password: str,
        code: str | None,
        device: Device,
        passkey: Mapping[str, Any] | None = None,
    ) -> tuple[User, Pair]:
        """Sign a person in. A wrong handle takes as long as a wrong password.

        Raises:
            Unauthorised: `bad_credentials`; `second_factor_needed` when a code is wanted beside the right password;
                `code_wrong` or `passkey_wrong`.
        """
        found = await self._accounts.credentials(handle) if handle.isprintable() else None
        user, hashed = found if found is not None else (None, None)
        if not await matches(password, hashed) or user is None:
            raise Unauthorised("Handle or password is wrong.", code="bad_credentials")
        if await self._second_factor.on(user.id):
            if passkey is not None:
                await self.prove(user.id, passkey)
            elif code:
                await self._second_factor.check(user.id, code)
            else:
                raise Unauthorised(
                    "This account needs a code of its authenticator app, a recovery code or a passkey.",
                    code="second_factor_needed",
                )
        return user, await self.begin(user, device)

    async def begin(self, user: User, device: Device) -> Pair:
        """A sign-in of somebody whose identity was proven. Visitors have no list of devices."""
        family, now = new_id(), time.time()
        if user.kind is UserKind.HUMAN:
            await self._store.begin(SignIn(family, user.id, device, now, now))
        return await self._tokens.issue(user, family)

    async def renew(self, refresh: str, device: Device) -> tuple[User, Pair]:
        """A new pair for a refresh token.

        Raises:
            Unauthorised: it is unknown or too old; or it came twice, and the sign-in has ended.
        """
        if refresh.startswith(APPLICATION):
            raise Unauthorised("An application's token is renewed at /oauth/token.", code="token_invalid")
        user, family = await self._rotated(refresh)
        if user.kind is UserKind.HUMAN:
            await self._store.seen(family, device, time.time())
        return user, await self._tokens.issue(user, family)

    async def begin_grant(self, user: User, device: Device, application: int, scope: str) -> tuple[Pair, int]:
        """A sign-in of a person by which an application acts for them: its first pair, and its id."""
        family, now = new_id(), time.time()
        await self._store.begin(SignIn(family, user.id, device, now, now, application), scope)
        return await self._tokens.issue(user, family, application, scope), family

    async def renew_grant(self, refresh: str, application: int, scope: str) -> tuple[User, Pair]:
        """A new pair for an application's refresh token. Raises as `renew`."""
        user, family = await self._rotated(refresh)
        return user, await self._tokens.issue(user, family, application, scope)

    async def end_grant(self, user: int, sign_in: int) -> None:
        """End what a person granted to an application."""
        await self._end(user, [sign_in])

    async def _rotated(self, refresh: str) -> tuple[User, int]:
        try:
            user_id, family = await self._tokens.rotate(refresh)
        except TokenReused as reused:
            await self._end_proven(reused.user, reused.family)
            raise
        user = await self._accounts.user(user_id)
        if user is None:
            raise Unauthorised("This user does not exist any more.", code="token_invalid")
        return user, family

    async def leave(self, refresh: str) -> None:
        """End the sign-in of a refresh token; an unknown one is ignored."""
        ended = await self._tokens.revoke(refresh)
        if ended is not None:
            await self._end_proven(*ended)

    async def mine(self, principal: Principal) -> list[SignIn]:
        """The asker's devices, used last first."""
        return await self._store.of(principal.user)

    async def end(self, principal: Principal, sign_in: int) -> None:
        """Sign one of the asker's devices out.

        Raises:
            NotFound: it is not one of theirs, or it has ended.
        """
        if not await self._end(principal.user, [sign_in]):
            raise NotFound("There is no such sign-in of yours.")

    async def end_others(self, principal: Principal) -> int:
        """Sign every other device of the asker out; how many."""
        others = [each.id for each in await self._store.of(principal.user) if each.id != principal.sign_in]
        return len(await self._end(principal.user, others)) if others else 0

    async def end_all(self, user: int) -> None:
        """Sign a user out everywhere."""
        await self._end(user, None)

    async def run(self) -> None:
        """Take in what ended elsewhere, until cancelled."""
        while True:
            self._tokens.end(await self._store.ended_since(time.time() - ACCESS_S))
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _end(self, user: int, sign_ins: list[int] | None) -> list[int]:
        ended = await self._store.end(user, sign_ins, time.time())
        if ended:
            await self.tell(user, tuple(ended))
        return ended

    async def _end_proven(self, user: int, family: int) -> None:
        """The caller showed a token of this family; a visitor's is on no list of devices."""
        await self._store.end(user, [family], time.time())
        await self.tell(user, (family,))

    async def tell(self, user: int, families: tuple[int, ...]) -> None:
        """Let every process refuse the access tokens of these sign-ins and close their connections."""
        await self._relay.signal(SignalFrame(0, b"", ended=(user, families)))


async def _unproven(_user: int, _passkey: Mapping[str, Any]) -> None:
    raise Unauthorised("Passkeys are not known here.", code="passkey_wrong")
