"""A server with people outside of it who sign in, attack and complain, each from an address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from myna.api.principal import principal
from myna.identity.passwords import hash_password
from support.api_world import ANN, EVE, OTTO, World

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0"
HASHED: list[str] = []


@dataclass(slots=True)
class Town:
    """A server with people outside of it, each at an address."""

    world: World

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody at an address."""
        transport = httpx.ASGITransport(self.world.application, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://myna/v1") as http:
            yield http

    async def alerts(self, who: int = OTTO, **query: Any) -> list[dict[str, Any]]:
        """What administrators see, newest first."""
        await self.world.services.intrusion.detector.settle()
        user = await self.world.services.accounts.user(who)
        assert user is not None
        headers = {"Authorization": f"Bearer {self.world.services.tokens.access(user)}"}
        answer = await self.world.http.get("/admin/alerts", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["alerts"])

    async def token(self, who: int) -> dict[str, str]:
        """The header of somebody's own sign-in."""
        user = await self.world.services.accounts.user(who)
        assert user is not None
        pair = await self.world.services.tokens.issue(user)
        return {"Authorization": f"Bearer {pair.access}"}


async def town_of(app: World) -> Town:
    """The shop with passwords, and without the limits of signing in that would refuse before anything is noticed."""
    if not HASHED:
        HASHED.append(await hash_password(PASSWORD))
    for user in (ANN, EVE, OTTO):
        await app.services.accounts.set_password(user, HASHED[0])
    app.application.dependency_overrides.pop(principal)
    for name in ("sign_in_address", "sign_in_handle"):
        app.services.limits.bounds.pop(name)
    return Town(app)


async def sign_in(http: httpx.AsyncClient, handle: str, password: str = "wrong one") -> httpx.Response:
    """What somebody is answered who signs in."""
    return await http.post("/auth/sign-in", json={"handle": handle, "password": password})
