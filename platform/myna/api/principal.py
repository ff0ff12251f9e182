"""Who is asking over HTTP, from the bearer token."""

from typing import Annotated

from fastapi import Depends, Request

from myna.api.scopes import let_through
from myna.errors import Unauthorised
from myna.rights import Principal
from myna.services import Services


async def services(request: Request) -> Services:
    """The core of this process.

    A coroutine, like every dependency here: FastAPI calls any other function in a thread, which is two changes of thread for
    each request (https://fastapi.tiangolo.com/async/#dependencies).
    """
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


async def principal(request: Request, core: Annotated[Services, Depends(services)]) -> Principal:
    """Who the access token was issued to.

    Raises:
        Unauthorised: there is no valid token in the Authorization header. TooMany: it asks too often.
        Forbidden: it is an application's, and none of its scopes opens this route.
    """
    header = request.headers.get("authorization", "")
    if not header.lower().startswith("bearer "):
        raise Unauthorised("This needs an access token: Authorization: Bearer ….", code="token_missing")
    found = await core.tokens.principal(header[7:].strip(), applications=True)
    request.state.principal = found
    address = request.client.host if request.client else ""
    core.intrusion.requests.acted(found, address, request.headers.get("user-agent", ""))
    core.limits.use("request_token", found.sign_in or f"user {found.user}")
    let_through(request, found)
    return found


Asker = Annotated[Principal, Depends(principal)]
Core = Annotated[Services, Depends(services)]
