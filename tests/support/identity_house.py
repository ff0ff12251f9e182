"""A shop whose people sign in with passwords of their own, over the real routes."""

from typing import Any

from myna.api.principal import principal
from myna.identity.passwords import hash_password
from support.api_world import ANN, OPA, OTTO, ZOE, World

PASSWORD = "correct horse battery"
HASHED: list[str] = []
"""Its hash, made once: each takes tens of milliseconds on purpose."""
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


class House:
    """Requests with real tokens."""

    def __init__(self, found: World) -> None:
        self.world, self.http = found, found.http

    async def ask(
        self, token: str | None, method: str, path: str, status: int = 200, json: Any = None, **headers: str
    ) -> Any:
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = await self.http.request(method, path, json=json, headers=sent | headers)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    async def sign_in(self, handle: str, password: str = PASSWORD, status: int = 200, **more: str) -> Any:
        asked = {"handle": handle, "password": password, **more}
        return await self.ask(None, "POST", "/auth/sign-in", status, asked, **{"User-Agent": FIREFOX})

    async def token(self, handle: str) -> str:
        return str((await self.sign_in(handle))["access_token"])


async def house_of(app: World) -> House:
    """Everybody of the shop with a password, and limits that no test meets by chance."""
    app.services.limits.bounds.clear()
    if not HASHED:
        HASHED.append(await hash_password(PASSWORD))
    (hashed,) = HASHED
    for user in (ANN, OPA, OTTO, ZOE):
        await app.services.accounts.set_password(user, hashed)
    app.application.dependency_overrides.pop(principal)
    return House(app)
