"""The HTTP application: routes, errors and health. What it serves is given by the composition root."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from myna import __version__
from myna.api import metrics, problems
from myna.api.conversations import changes, conversations, exports, files, mine, search, seats
from myna.api.desk import helpdesk, service, snooze, views, visitors
from myna.api.desk import tickets as desk
from myna.api.edge import Edge
from myna.api.identity import account, auth, oauth, passkeys, people, providers, roles
from myna.api.live import asyncapi, streams
from myna.api.live.commands import Commands
from myna.api.safety import detector as safety
from myna.api.safety import moderation, privacy
from myna.services import Services

ROUTERS = (
    visitors.router,
    conversations.router,
    changes.router,
    seats.router,
    mine.router,
    files.router,
    search.router,
    exports.router,
    service.router,
    moderation.router,
    desk.router,
    views.router,
    helpdesk.router,
    snooze.router,
    streams.router,
    account.router,
    people.router,
    passkeys.router,
    providers.router,
    roles.router,
    oauth.router,
    safety.router,
    privacy.router,
    asyncapi.router,
    metrics.router,
)
DESCRIPTION = """
Myna is a chat platform in which AI agents are ordinary members of conversations. Ids are strings, times ISO 8601 in
UTC, errors `application/problem+json`. Get a token from `POST /v1/auth/sign-in` (people) or `POST /v1/visitors` (visitors)
and send it as `Authorization: Bearer …`. Live events: `GET /v1/socket` (WebSocket), `/v1/events` (SSE) or `/v1/poll`.
"""


def create_app(
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]], routers: Sequence[APIRouter]
) -> FastAPI:
    """The application. `lifespan` must set `app.state.services` and `app.state.commands` before it yields."""
    app = FastAPI(
        title="Myna",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    problems.install(app)
    app.add_middleware(Edge, state=app)
    for router in (auth.router, *ROUTERS, *routers):
        app.include_router(router)
    app.add_api_route("/health/live", _live, tags=["health"], summary="The process runs")
    app.add_api_route("/health/ready", _ready(app), tags=["health"], summary="The process can serve")
    return app


def attach(app: FastAPI, services: Services) -> Commands:
    """Give the application its core."""
    app.state.services = services
    app.state.commands = Commands(services)
    found = app.state.commands
    assert isinstance(found, Commands)
    return found


async def _live() -> dict[str, str]:
    """Answers as long as the event loop turns."""
    return {"status": "live", "version": __version__}


def _ready(app: FastAPI) -> Callable[[], object]:
    async def ready() -> JSONResponse:
        """Answers 200 when the database answers and the server takes connections, 503 otherwise."""
        services: Services | None = getattr(app.state, "services", None)
        if services is None or services.draining:
            return JSONResponse({"status": "draining"}, 503)
        await services.accounts.first_workspace()
        return JSONResponse({"status": "ready", "pos": services.relay.pos})

    return ready
