"""Myna as an MCP server at `/mcp/`: streamable HTTP without sessions, each request with the rights of its token.

The SDK takes more than a second to import, so it is loaded at the first request.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from myna.api.ids import MAX_ID
from myna.api.problems import problem
from myna.errors import MynaError, Unauthorised
from myna.rights import Principal
from myna.wire import ack_object, ticket_object
from myna_bots.api.lookups import found, passage_object
from myna_bots.host.platform import BotPlatform

PATH = "/mcp"
INSTRUCTIONS = (
    "Search the knowledge base of a Myna workspace, and read and write in its conversations, within the rights "
    "of the token."
)
MAX_PAGE = 100
PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE)]
Place = Annotated[int, Field(ge=1, lt=MAX_ID)]
Query = Annotated[str, Field(min_length=1, max_length=2000)]
Passages = Annotated[int, Field(ge=1, le=20)]
Key = Annotated[str, Field(min_length=1, max_length=64)]


class McpGate:
    """The mounted application: checks the token, then hands the request to the MCP server of this process."""

    def __init__(self, platform: Callable[[], BotPlatform]) -> None:
        self._platform = platform
        self._inner: ASGIApp | None = None
        self._starting = asyncio.Lock()
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        try:
            await self.principal(request.headers.get("authorization", ""))
            inner = self._inner or await self._start()
        except MynaError as refused:
            answer = problem(refused.status, refused.code, refused.message, retry_ms=refused.retry_ms)
            await answer(scope, receive, send)
            return
        # Mounted applications are asked with and without the slash; the SDK knows one path.
        await inner({**scope, "path": "/", "raw_path": b"/", "root_path": ""}, receive, send)

    async def principal(self, header: str) -> Principal:
        """Who the token in an Authorization header belongs to."""
        if not header.lower().startswith("bearer "):
            raise Unauthorised("Send a token: Authorization: Bearer ….", code="token_missing")
        return await self._platform().services.tokens.principal(header[7:].strip())

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """Answer requests inside the block."""
        self._stop.clear()
        try:
            yield
        finally:
            self._stop.set()
            if self._running is not None:
                await asyncio.gather(self._running, return_exceptions=True)
            self._inner, self._running = None, None

    async def _start(self) -> ASGIApp:
        async with self._starting:
            if self._inner is None:
                ready: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()
                self._running = asyncio.get_running_loop().create_task(self._serve(ready))
                self._inner = await ready
            return self._inner

    async def _serve(self, ready: "asyncio.Future[ASGIApp]") -> None:
        """Holds the SDK's task group for as long as the server runs."""
        try:
            manager, inner = await asyncio.to_thread(build, self._platform, self.principal)
            async with manager.run():
                ready.set_result(inner)
                await self._stop.wait()
        except Exception as failed:
            if not ready.done():
                ready.set_exception(MynaError(f"The MCP server did not start: {failed}."))
            raise


def build(
    platform: Callable[[], BotPlatform], who: Callable[[str], Awaitable[Principal]]
) -> tuple[Any, ASGIApp]:
    """The SDK's session manager and application."""
    from mcp.server import MCPServer
    from mcp.server.mcpserver import Context
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.transport_security import TransportSecuritySettings

    server = MCPServer("Myna", instructions=INSTRUCTIONS)

    async def asked(ctx: Context[Any, Any], work: Callable[[Principal, BotPlatform], Awaitable[Any]]) -> Any:
        """The work's result; what the token may not do is the tool's error, which the model can read."""
        try:
            given: Mapping[str, str] = ctx.headers or {}
            headers = {name.lower(): value for name, value in given.items()}
            return await work(await who(headers.get("authorization", "")), platform())
        except MynaError as refused:
            later = "" if refused.retry_ms is None else f" Try again in {refused.retry_ms / 1000:g} s."
            raise ToolError(f"{refused.code}: {refused.message}{later}") from refused

    @server.tool()
    async def search_knowledge(query: Query, ctx: Context[Any, Any], k: Passages = 4) -> dict[str, Any]:
        """Passages of the public knowledge bases that answer a question, best first, with how sure that is."""
        return dict(await asked(ctx, lambda who, bots: found(bots, who, query, k)))

    @server.tool()
    async def list_conversations(
        ctx: Context[Any, Any], limit: PageSize = 25, before: Place | None = None
    ) -> dict[str, Any]:
        """Conversations that the token's user is in, the one with the latest change first. `next` is the `before` of the next
        page, null on the last one."""
        shown, following = await asked(
            ctx, lambda who, bots: bots.services.directory.mine(who, before, limit)
        )
        rows = [
            {name: each[name] for name in ("id", "kind", "title", "seq", "changed_at")}
            | {"members": [member["user"]["name"] for member in each["members"]]}
            for each in shown
        ]
        return {"conversations": rows, "next": following}

    @server.tool()
    async def read_messages(
        conversation: str,
        ctx: Context[Any, Any],
        limit: PageSize = 20,
        before: Place | None = None,
    ) -> dict[str, Any]:
        """Messages of a conversation, oldest first: the newest, or those before a seq. `next` is the `before` of the page with
        older ones, null when there are none."""
        page = await asked(
            ctx,
            lambda who, bots: bots.services.directory.messages(
                who, _id(conversation), before=before, limit=limit + 1
            ),
        )
        shown = page["messages"][-limit:]
        rows = [
            {name: each[name] for name in ("seq", "sender", "created_at", "state")}
            | {"text": each["body"].get("text", "")}
            for each in shown
        ]
        return {"messages": rows, "next": shown[0]["seq"] if len(page["messages"]) > limit else None}

    @server.tool()
    async def send_message(
        conversation: str,
        text: str,
        ctx: Context[Any, Any],
        reply_to: int | None = None,
        key: Key | None = None,
    ) -> dict[str, Any]:
        """Say something in a conversation. The same key again does not say it twice."""
        client_id = key or f"mcp-{uuid.uuid4().hex}"
        ack = await asked(
            ctx,
            lambda who, bots: bots.services.sender.send(
                who, _id(conversation), client_id, {"text": text}, reply_to
            ),
        )
        return ack_object(ack)

    @server.tool()
    async def hand_off(
        conversation: str, ctx: Context[Any, Any], reason: str = "asked_for_human"
    ) -> dict[str, Any]:
        """Bring a person into a support conversation."""
        return ticket_object(
            await asked(ctx, lambda who, bots: bots.services.handoff.hand_off(who, _id(conversation), reason))
        )

    @server.resource("kb://passage/{chunk}", mime_type="application/json")
    async def passage(chunk: str, ctx: Context[Any, Any]) -> dict[str, Any]:
        """The passage behind a citation."""

        async def read(who: Principal, bots: BotPlatform) -> dict[str, Any]:
            got = await bots.library.passage(who.workspace, _id(chunk))
            base = await bots.library.base(who.workspace, got.base)
            if base.audience != "public":
                raise MynaError("This passage is not public.", status=403, code="forbidden")
            return passage_object(got)

        return dict(await asked(ctx, read))

    # The token is what guards: no browser sends it by itself, so any Host and Origin may ask.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        stateless_http=True, streamable_http_path="/", transport_security=security
    )
    return server.session_manager, app


def _id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 16:
        raise MynaError(f"{text[:40]!r} is no id.", status=400, code="malformed")
    return int(text)
