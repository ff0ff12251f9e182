"""A sign-in: access tokens that renew themselves."""

import asyncio
from typing import Self

from myna.errors import Unauthorised
from myna_bots.client.errors import Unreachable
from myna_bots.client.ports import Http
from myna_bots.client.problems import checked
from myna_bots.client.wire import Object, User, decoded

EARLY_S = 60.0
"""A token that runs out so soon is renewed before it is used."""


class Session(Object, frozen=True):
    """What a sign-in gives."""

    access_token: str
    refresh_token: str
    expires_in: float
    user: User
    role: str | None = None


class Tokens:
    """Gives a fresh access token. A refresh token works once, so renewals never run side by side."""

    def __init__(self, http: Http, session: Session) -> None:
        self._http = http
        self.session = session
        self._renewing = asyncio.Lock()
        self._good_until = asyncio.get_running_loop().time() + session.expires_in

    @classmethod
    async def sign_in(cls, http: Http, handle: str, password: str) -> Self:
        """A person's sign-in.

        Raises:
            Unauthorised: handle or password is wrong. TooMany: too many tries. Unreachable.
        """
        asked = {"handle": handle, "password": password}
        return cls(
            http, decoded(checked(await http.request("POST", "/v1/auth/sign-in", json=asked)), Session)
        )

    @classmethod
    async def visitor(cls, http: Http, inbox: str, locale: str = "en") -> Self:
        """A new visitor of an inbox.

        Raises:
            NotFound: there is no such inbox. TooMany, Unreachable.
        """
        asked = {"inbox": inbox, "locale": locale}
        return cls(http, decoded(checked(await http.request("POST", "/v1/visitors", json=asked)), Session))

    async def access(self) -> str:
        """An access token that works for a while.

        Raises:
            Unauthorised: the sign-in has ended. Unreachable: it could not be renewed now.
        """
        if asyncio.get_running_loop().time() > self._good_until - EARLY_S:
            await self.renew(self.session.access_token)
        return self.session.access_token

    async def renew(self, stale: str) -> None:
        """Replace this access token, unless it was replaced already. Raises as `access`."""
        async with self._renewing:
            if self.session.access_token != stale:
                return
            asked = {"refresh_token": self.session.refresh_token}
            reply = await self._http.request("POST", "/v1/auth/refresh", json=asked)
            self.session = decoded(checked(reply), Session)
            self._good_until = asyncio.get_running_loop().time() + self.session.expires_in

    async def end(self) -> None:
        """Sign out, if the server can be reached."""
        asked = {"refresh_token": self.session.refresh_token}
        try:
            checked(await self._http.request("POST", "/v1/auth/sign-out", json=asked))
        except (Unreachable, Unauthorised):
            return
